"""Checks of a mail before its transaction: the sender by DNS (SPF, DKIM, DMARC, ARC), the content by scanners for viruses and spam."""
