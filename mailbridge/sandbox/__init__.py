"""Reads untrusted mails in child processes with limits on time, memory and system calls."""
