"""The opening of a desk for commands that act."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.cli.options import require_schema

if TYPE_CHECKING:
    from mailbridge.daemon.app import App


@contextmanager
def open_app(folder: Path) -> Iterator[App]:
    """The desk with all that commands act by, closed at the end.  Neither the rules nor the processes that read mails are started.  Raises
    Permanent where the schema is not the current one."""
    from mailbridge.config.load import load
    from mailbridge.daemon.app import App

    app = App(load(folder))
    try:
        require_schema(app.store)
        yield app
    finally:
        app.close()
