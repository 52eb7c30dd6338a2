"""The domain of the help desk: `decide` turns commands into events, `apply` applies events to tickets.  Pure."""
