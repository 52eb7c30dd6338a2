"""What is run by hand when a package or a table changes: see the Makefile."""
