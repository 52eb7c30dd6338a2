"""`mailbridge web`: serves the pages of [web] in a process of its own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from mailbridge.cli.options import desk_option
from mailbridge.cli.run import loaded


@click.command()
@desk_option
def web(folder: Path) -> int:
    """Serve the pages of a PostgreSQL desk beside `mailbridge run`, on this machine or another.

    Without `separate = true` in [web] the daemon serves them itself.  SIGTERM and Ctrl-C finish the current pages and stop.
    """
    from mailbridge.daemon import pages
    from mailbridge.daemon.app import App
    from mailbridge.ops import log

    config = loaded(folder)
    if not config.web.is_on:
        raise click.UsageError('this desk has no pages; write [web] with listen = "127.0.0.1:8080" into mailbridge.toml')
    if not config.web.separate:
        raise click.UsageError("`mailbridge run` serves the pages of this desk; separate = true in [web] leaves them to this command")
    os.umask(0o077)
    log.configure(style=config.log_format, level=config.log_level)
    with App.open(config) as app:
        return pages.run(app)
