"""Signs, encrypts and opens mails with the desk's own keys: DKIM and S/MIME."""
