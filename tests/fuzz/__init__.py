"""Mails that nobody sent, read by the million: `python -m tests.fuzz`."""
