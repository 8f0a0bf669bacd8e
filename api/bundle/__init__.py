"""The case file for an auditor: one archive that its own script verifies off line."""
