"""The office: sign-in and workbench. Its pages are for those who are signed in, and nobody keeps a copy."""
