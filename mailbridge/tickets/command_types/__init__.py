"""The commands, by subject.  `tickets.commands` has the union of all.  Pure."""
