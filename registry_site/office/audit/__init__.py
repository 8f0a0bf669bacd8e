"""What auditors read: whole cases with their proofs, and who read what. Nothing here records anything but that it was read."""
