"""Parse a mail into facts.  Any bytes give a Message; the package does no I/O."""
