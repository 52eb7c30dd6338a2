"""Shadow mode has a beginning and an end, which the store remembers: a desk that was in shadow mode sends nothing before it was ended."""

from __future__ import annotations

from datetime import datetime

from mailbridge.config.model import Config
from mailbridge.errors import Permanent
from mailbridge.store.engine import Store

STATE_KEY = "shadow"  # {"since": when it began, "ended": when it was ended or None}


def begin(store: Store, config: Config, now: datetime) -> None:
    """Notes that the desk is in shadow mode from now on.  Raises Permanent where it was, is not any more, and was not ended."""
    with store.write() as tx:
        known = tx.state.get(STATE_KEY)
        under_way = known is not None and known.get("ended") is None
        if config.desk.shadow:
            if not under_way:
                tx.state.set(STATE_KEY, {"since": now.isoformat(), "ended": None}, now)
        elif under_way:
            raise Permanent(
                "this desk was in shadow mode, and mails from that time would be sent now: "
                "run `mailbridge shadow end` first, or set shadow = true in [desk] again"
            )


def since(store: Store) -> datetime | None:
    """When shadow mode began last; None where it never did."""
    with store.read() as tx:
        known = tx.state.get(STATE_KEY)
    return datetime.fromisoformat(known["since"]) if known else None
