"""The results of the scanners for a mail, and the reasons for missing ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ScanFault(StrEnum):
    """Why a scanner gave no answer.  A retry depends on it."""

    AWAY = "away"  # the scanner cannot be reached: not because of the mail
    BROKE = "broke"  # the scanner did not finish: perhaps because of this mail
    NEVER = "never"  # the scanner does not accept such mails: a retry cannot help


class NotScanned(Exception):
    """A scanner gave no answer."""

    def __init__(self, reason: str, fault: ScanFault = ScanFault.BROKE) -> None:
        super().__init__(reason)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A missing answer of a configured scanner.  `kind`: 'virus' or 'spam'."""

    kind: str
    reason: str
    fault: ScanFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Spam:
    """A spam filter's score, and the score from which a mail counts as spam."""

    score: float
    required: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The scan results of one mail.  `virus`: its name, '' if none was found, None if not scanned."""

    virus: str | None = None
    spam: Spam | None = None
    silences: tuple[Silence, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether any scanner was asked."""
        return self != Scan()

    @property
    def unscanned(self) -> frozenset[str]:
        """The kinds ('virus', 'spam') whose scanner gave no answer."""
        return frozenset(silence.kind for silence in self.silences)

    def to_json(self) -> dict[str, Any]:
        """The JSON value that is stored with the mail."""
        spam = {"score": self.spam.score, "required": self.spam.required} if self.spam else None
        missing = [f"{silence.kind}: {silence.reason}" for silence in self.silences]
        return {"virus": self.virus, "spam": spam, "not_scanned": missing}
