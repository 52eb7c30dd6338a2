"""Backups: one folder each, with the database, the desk's files and a manifest; secrets are in a file of their own, elsewhere."""
