"""Calls that rules ask for: promised with the ticket, made afterwards, signed (https://www.standardwebhooks.com)."""
