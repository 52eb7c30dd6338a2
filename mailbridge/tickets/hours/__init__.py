"""Hour banks: the hours that a contract grants and that work takes.  Pure.

`customers.hour_terms` has the terms of a contract, `weights` the cost of work, `ledger` the entries, `standing` the state of a bank,
`planning` the entries that are due, `burns` the entries for work on a ticket.
"""
