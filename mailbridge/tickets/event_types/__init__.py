"""The events of tickets, by subject.  `tickets.events` has the union of all.  Pure."""
