"""Delivery: rendering of notifications, transports for mails, and webhooks."""
