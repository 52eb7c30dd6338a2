"""Working time, promised times, and why something is due when it is.  Pure."""
