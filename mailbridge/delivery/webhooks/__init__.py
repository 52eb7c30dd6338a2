"""Calls that rules ask for: queued with the ticket, made afterwards, signed (https://www.standardwebhooks.com)."""
