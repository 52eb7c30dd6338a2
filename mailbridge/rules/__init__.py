"""What the admin's YAML says: read with places, checked whole, compiled, matched in linear time, explained.  Pure."""
