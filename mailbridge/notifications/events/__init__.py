"""Who hears of which event: one function for each kind of event that somebody is told of, grouped by what it is about.  Pure."""
