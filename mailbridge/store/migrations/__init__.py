"""Alembic revisions, each one transaction, forward only."""
