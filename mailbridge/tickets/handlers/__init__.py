"""What each command means on a ticket: one pure function a command, grouped by what it is about.

A judge takes the ticket, the command and the circumstances and answers with what happens, or with a Refusal.  `tickets.decide` asks for
permission before and turns what happens into events after; a judge changes nothing.
"""
