"""Whom the desk works for: customers with people, places, equipment and contracts.  Pure."""
