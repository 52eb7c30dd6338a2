"""Handlers: one pure function for each command, grouped by subject.

A handler takes the ticket, the command and the command context.  It returns the events or a Refusal and changes nothing.  `tickets.decide`
checks permissions before and applies the events after.
"""
