"""The customers with the overlay of the database over the files, kept in memory from change to change.

A process asks for the version of the overlay and reads only the changes that it has not seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Lock

from mailbridge.customers.entry import EntryId, OverlayEntry
from mailbridge.customers.overlay import merged, updated
from mailbridge.ids import ticket_number
from mailbridge.rules.policy import Policy
from mailbridge.store.customer_changes import CustomerChange
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import ActorKind

Entries = Mapping[EntryId, OverlayEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The overlay at a version, and the last policy that it was laid over."""

    version: int = 0
    entries: Entries
    files: Policy | None = None
    policy: Policy | None = None


class CustomerOverlay:
    """All methods may be called from any thread."""

    def __init__(self, prefix: str) -> None:
        """`prefix` of the numbers of tickets."""
        self._prefix = prefix
        self._lock = Lock()
        self._seen = _Seen(entries={})

    def over(self, files: Policy, tx: Tx) -> Policy:
        """The policy with the overlay as it stands in this transaction."""
        seen, version = self._seen, tx.customers.version()
        if version <= seen.version and files is seen.files and seen.policy is not None and not tx.customers.changed:
            return seen.policy
        changes = tx.customers.since(seen.version) if version > seen.version else []
        entries = read(seen.entries, changes, self._prefix)
        if seen.policy is not None and files is seen.files and seen.policy is not files:
            policy = _with_changes(seen.policy, entries, {change.id.customer for change in changes})
        else:
            policy = laid_over(files, entries)
        if not tx.customers.changed:  # a change of this transaction may still be undone
            with self._lock:
                if version >= self._seen.version:
                    self._seen = _Seen(version=version, entries=entries, files=files, policy=policy)
        return policy


def read(entries: Entries, changes: Iterable[CustomerChange], prefix: str) -> Entries:
    """The overlay after these changes."""
    found = dict(entries)
    for change in changes:
        found.pop(change.id, None)
        if change.after is not None:
            found[change.id] = OverlayEntry(id=change.id, name=change.name, values=change.after, origin=origin(change, prefix))
    return found


def origin(change: CustomerChange, prefix: str) -> str:
    """Who made the change, when, and on which ticket: `ana, 2026-11-30, MB-4`."""
    who = change.actor.name or ("the command line" if change.actor.kind is ActorKind.ADMIN else change.actor.kind)
    on = (ticket_number(prefix, change.ticket),) if change.ticket else ()
    return ", ".join((who, f"{change.at:%Y-%m-%d}", *on))


def _with_changes(policy: Policy, entries: Entries, names: Collection[str]) -> Policy:
    """The policy with these entries, which differ for these customers alone."""
    return replace(policy, rules=replace(policy.rules, customers=updated(policy.rules.customers, entries, names)))


def laid_over(files: Policy, entries: Entries) -> Policy:
    """The policy with these entries over its customers."""
    if not entries and files.rules.customers.files is None:
        return files
    customers = files.rules.customers
    return replace(files, rules=replace(files.rules, customers=merged(customers.files or customers, entries.values())))
