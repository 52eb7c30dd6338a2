"""What scanners say of a mail, and what is said where they say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ScanFault(StrEnum):
    """Why a scanner gave no answer, as far as it matters for what to do now."""

    AWAY = "away"  # nobody is there: the mail has nothing to do with it
    BROKE = "broke"  # it was there and did not finish: perhaps because of this very mail
    NEVER = "never"  # it does not look at such mails, however often it is asked


class NotScanned(Exception):
    """A scanner gave no answer."""

    def __init__(self, reason: str, fault: ScanFault = ScanFault.BROKE) -> None:
        super().__init__(reason)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """An answer that was asked for and not given; `kind` is 'virus' or 'spam'."""

    kind: str
    reason: str
    fault: ScanFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Spam:
    """A spam filter's score, and the one from which on it calls a mail spam."""

    score: float
    required: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The answers about one mail.  `virus` is the name of one, '' where none is known, None where nobody looked."""

    virus: str | None = None
    spam: Spam | None = None
    silences: tuple[Silence, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether any scanner was asked at all."""
        return self != Scan()

    @property
    def unscanned(self) -> frozenset[str]:
        """The kinds of answer that are missing although they were asked for."""
        return frozenset(silence.kind for silence in self.silences)

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the mail."""
        spam = {"score": self.spam.score, "required": self.spam.required} if self.spam else None
        missing = [f"{silence.kind}: {silence.reason}" for silence in self.silences]
        return {"virus": self.virus, "spam": spam, "not_scanned": missing}
