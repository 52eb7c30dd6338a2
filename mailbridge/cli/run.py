"""`mailbridge run` and `mailbridge worker`: run the desk until SIGTERM or SIGINT (Ctrl-C)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.options import desk_option
from mailbridge.errors import ConfigError

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.sandbox.fork_server import ForkServer


@click.command()
@desk_option
def run(folder: Path) -> int:
    """Run the desk: receive mail, open tickets, send mail, watch due times.

    SIGTERM and Ctrl-C finish the current mail and stop; SIGHUP reloads the rules.  `mailbridge paths deploy` prints the
    folder with the systemd unit.
    """
    return at_work(loaded(folder), intake=True)


@click.command()
@desk_option
def worker(folder: Path) -> int:
    """Process mail of a PostgreSQL desk beside `mailbridge run`, on this machine or another.  Any number of workers may run."""
    config = loaded(folder)
    if config.store_url.startswith("sqlite:"):
        raise click.UsageError("a desk on SQLite has one process, `mailbridge run`; more workers need PostgreSQL: [store] url")
    return at_work(config, intake=False)


def loaded(folder: Path) -> Config:
    from mailbridge.config.load import load

    return load(folder)


def at_work(config: Config, *, intake: bool) -> int:
    """Runs the daemon until it is stopped and returns the exit code."""
    from mailbridge.sandbox.confine import hide_memory
    from mailbridge.sandbox.limits import ReadLimits
    from mailbridge.sandbox.pool import head_start

    hide_memory()
    os.umask(0o077)  # files of the daemon contain mails
    # Mail waits when a desk starts.  A fork server loads the modules of the reading processes while this process loads its own.
    with head_start(ReadLimits(seconds=config.limits.read_seconds, memory=config.limits.read_memory)) as reader:
        return beside(reader, config, intake=intake)


def beside(reader: ForkServer, config: Config, *, intake: bool) -> int:
    from mailbridge.daemon import threads
    from mailbridge.daemon.app import App
    from mailbridge.ops import log

    log.configure(style=config.log_format, level=config.log_level)
    try:
        with App.open(config) as app:
            app.readers.adopt(reader)
            return threads.run(app, intake=intake, clocks=intake)
    except ConfigError as error:
        raise ConfigError(error.problems, str(config.folder)) from error  # with the folder, so that the lines of errors can be shown
