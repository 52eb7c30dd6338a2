"""The command line.  Each noun has a module.  A command parses its arguments, calls one function of a lower layer and prints the result."""
