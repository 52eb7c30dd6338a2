"""A handler takes a mail under a condition; the first one of a table that takes it decides what becomes of the mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from mailbridge.execution.desk import Desk
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.message.replacing import replace
from mailbridge.store.tx import Tx


class Mail(Protocol):
    """A mail at one stage of its way."""

    def handled_by(self, name: str) -> Self: ...


M = TypeVar("M", bound=Mail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler(Generic[M]):
    """A row of the table.

    `name` is stored with the mail and must not change.  `when`: whether the mail is offered to the handler, from the mail and the desk
    alone.  `why`: the reason in one line.  `run` does everything in the open transaction.  `may_decline`: `run` looks into the store first
    and returns None where the mail is not its own.  `outcomes`: all that can become of a mail that the handler takes.
    """

    name: str
    when: Callable[[Desk, M], bool]
    why: str
    run: Callable[[Tx, Desk, M], MailResult | None]
    outcomes: frozenset[MailOutcome]
    may_decline: bool = False


def first(handlers: Sequence[Handler[M]], tx: Tx, desk: Desk, mail: M) -> MailResult | None:
    """What the first handler made of the mail that takes it; None where none of these does."""
    for handler in handlers:
        if not handler.when(desk, mail):
            continue
        if (result := handler.run(tx, desk, mail.handled_by(handler.name))) is not None:
            return replace(result, handler=handler.name)
    return None
