"""The help desk itself: commands are decided into events, events evolve tickets.  Pure."""
