"""Receives mails: bytes in, durable when acknowledged.  Knows nothing of tickets or rules."""
