"""Wishes laid over the organisation, kept in memory from change to change; and changes of wishes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from mailbridge.organisation.wishes import Wish, Wishes, WishId, WishKind
from mailbridge.organisation.with_wishes import with_wishes
from mailbridge.rules.policy import Policy
from mailbridge.store.tx import Tx
from mailbridge.store.wishes import Values, WishChange
from mailbridge.tickets.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The wishes at a version, and the last policy that they were laid over."""

    version: int = 0
    wishes: Wishes = Wishes()  # noqa: RUF009  (frozen)
    under: Policy | None = None
    policy: Policy | None = None


class WishOverlay:
    """All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen = _Seen()

    def over(self, policy: Policy, tx: Tx) -> Policy:
        """The policy with the wishes as they stand in this transaction."""
        seen, version = self._seen, tx.wishes.version()
        if not version:
            return policy
        if version <= seen.version and policy is seen.under and seen.policy is not None and not tx.wishes.changed:
            return seen.policy
        changes = tx.wishes.since(seen.version) if version > seen.version else []
        wishes = after(seen.wishes, changes)
        laid = replace(policy, organisation=with_wishes(policy.organisation, wishes))
        if not tx.wishes.changed:  # a change of this transaction may still be undone
            with self._lock:
                if version >= self._seen.version:
                    self._seen = _Seen(version=version, wishes=wishes, under=policy, policy=laid)
        return laid


def after(wishes: Wishes, changes: list[WishChange]) -> Wishes:
    """The wishes after these changes."""
    found = dict(wishes.all)
    for change in changes:
        kind, person, name = change.key
        id = WishId(kind=WishKind(kind), person=person, name=name)
        found.pop(id, None)
        if change.values is not None:
            found[id] = Wish(id=id, values=change.values, by=change.actor.name or str(change.actor.kind), at=change.at)
    return Wishes(all=found)


def set_wish(tx: Tx, id: WishId, values: Values | None, actor: Actor, now: datetime) -> None:
    """The wish is recorded in the open transaction; `values` None ends it."""
    tx.wishes.add([(id.key, values)], actor, now)
