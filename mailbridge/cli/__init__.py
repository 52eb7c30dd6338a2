"""The command line: one module a noun, and each command parses, calls one thing below, and prints."""
