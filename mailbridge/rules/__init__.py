"""The admin's YAML rules: read with positions, validated as a whole, compiled, matched in linear time, explained.  Pure."""
