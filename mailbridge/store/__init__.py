"""All SQL.  A function is one question or one change; the transaction is opened by the flow.

    store = Store("sqlite:///desk.db")            # or postgresql://...
    with store.write() as tx:                      # BEGIN IMMEDIATE / one PostgreSQL transaction
        ids = tx.inbox.add_many(...)
    with store.read() as tx: ...

`tx` has one attribute an aggregate: inbox, blobs, mails, tickets, events, clocks, outbox, cursors, addresses, keys, policies, state.
"""
