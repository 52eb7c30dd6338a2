"""Backups.  Each is a folder with the database, the desk's files and a manifest.  Secrets are in a separate keys file, elsewhere."""
