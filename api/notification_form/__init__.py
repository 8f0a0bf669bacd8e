"""The notification form as a file: JSON by its published schema, or plain text with the same fields; blank, filled in, and read back exactly."""
