"""OAuth 2 for IMAP and SMTP: providers, logins, and access tokens that are renewed ahead of time."""
