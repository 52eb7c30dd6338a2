"""Hour banks: the time that a contract grants, and what work takes from it.  Pure.

`customers.hour_terms` says what a contract grants, `weights` what a minute of work costs, `ledger` what an entry is, `standing` what
follows from the entries, `planning` which entries are due now, `burns` what the work on a ticket takes.  Entries go in, entries come out.
"""
