"""The log of the intake, independent of the logging library: a structlog logger fits."""

from __future__ import annotations

from typing import Protocol


class IntakeLog(Protocol):
    """One event, snake_case and past tense, with its values by name.  No bodies, no whole addresses."""

    def info(self, event: str, /, **values: object) -> object: ...

    def warning(self, event: str, /, **values: object) -> object: ...

    def error(self, event: str, /, **values: object) -> object: ...


class Silent:
    """A log that discards everything."""

    def info(self, event: str, /, **values: object) -> None: ...

    def warning(self, event: str, /, **values: object) -> None: ...

    def error(self, event: str, /, **values: object) -> None: ...
