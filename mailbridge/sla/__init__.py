"""Working time, SLA targets, and the explanation of due times.  Pure."""
