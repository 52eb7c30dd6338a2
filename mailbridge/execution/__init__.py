"""Executes commands: loads what the decision needs, and writes events, tickets, clocks and notifications."""
