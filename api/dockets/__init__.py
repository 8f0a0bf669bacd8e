"""Dockets: histories a lawyer can write and a machine can run."""
