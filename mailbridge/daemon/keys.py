"""The keys that sign addresses and Message-IDs of the desk."""

from __future__ import annotations

from datetime import datetime

from mailbridge.config.model import Config
from mailbridge.conversation.tokens import Signer
from mailbridge.ids import system_chance
from mailbridge.store.engine import Store

DATED_SINCE = "tokens.dated_since"  # first moment at which this desk's agent tokens contain their minute


def load_signer(store: Store, config: Config, now: datetime) -> Signer:
    """The signer with the keys in the database; a new desk gets its first key."""
    with store.write() as tx:
        keys = tx.keys.ensure(now, system_chance)
        since = tx.state.get(DATED_SINCE)
        if since is None:
            since = now.isoformat()
            tx.state.set(DATED_SINCE, since, now)
    desk, tokens = config.desk, config.tokens
    return Signer(
        keys=tuple(key.secret for key in keys),
        prefix=desk.prefix,
        address=desk.address,
        at=now,
        plus_addressing=desk.plus_addressing,
        act_for=tokens.act,
        answer_for=tokens.answer,
        dated_since=datetime.fromisoformat(since),
        also=frozenset(one.address.lower() for one in desk.identities),
    )
