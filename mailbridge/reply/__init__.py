"""Finds the text that is new in a mail, without quotes, signature, disclaimer and forwarded mail.  Pure functions."""
