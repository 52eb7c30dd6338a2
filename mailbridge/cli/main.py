"""`mailbridge`: runs the command, and turns errors into messages and exit codes."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from mailbridge import __version__
from mailbridge.cli import exits, terminal
from mailbridge.cli.groups import Noun
from mailbridge.errors import ConfigError, InUse, MailbridgeError, Transient

# name: (place, short help).  The module of a command is imported when the command runs, so that `--help` imports none.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("mailbridge.cli.init:init", "Write a new desk's folder."),
    "paths": ("mailbridge.cli.paths:paths", "Print where the manual, the deploy files and the schemas are."),
    "demo": ("mailbridge.cli.demo:demo", "Run a demonstration desk with sample mails."),
    "check": ("mailbridge.cli.check:check", "Find every mistake in configuration and rules."),
    "run": ("mailbridge.cli.run:run", "Run the desk: mail in, tickets, mail out."),
    "worker": ("mailbridge.cli.run:worker", "Process mail of a PostgreSQL desk beside the daemon."),
    "web": ("mailbridge.cli.web:web", "Serve the pages of a PostgreSQL desk beside the daemon."),
    "ingest": ("mailbridge.cli.ingest:ingest", "Take one mail from standard input."),
    "import": ("mailbridge.cli.importing:import_", "Import mails from mboxes, Maildirs and .eml files."),
    "ticket": ("mailbridge.cli.ticket:ticket", "Work on one ticket: file, merge, split, link, undo."),
    "tickets": ("mailbridge.cli.tickets:tickets", "List and show tickets."),
    "search": ("mailbridge.cli.search:search", "Find mails by their words."),
    "docs": ("mailbridge.cli.docs:docs", "Find files that came with mails."),
    "audit": ("mailbridge.cli.audit:audit", "Compare every mail that came with what became of it."),
    "canary": ("mailbridge.cli.canary:canary", "Measure the way of mail out and in again."),
    "shadow": ("mailbridge.cli.shadow:shadow", "Show what a desk in shadow mode would have done; end it."),
    "trace": ("mailbridge.cli.trace:trace", "Show one mail and everything that it caused."),
    "outbox": ("mailbridge.cli.outbox:outbox", "List, show and resend outgoing mails."),
    "webhooks": ("mailbridge.cli.webhooks:webhooks", "List, show and resend webhook calls."),
    "queue": ("mailbridge.cli.queue:queue", "List and retry received mails."),
    "held": ("mailbridge.cli.held:held", "Review mails in agents' names that wait for confirmation."),
    "release": ("mailbridge.cli.release:release", "Release or discard mails that wait after a first connect or a restore."),
    "quarantine": ("mailbridge.cli.quarantine:quarantine", "List and show mails that could not be processed."),
    "status": ("mailbridge.cli.status:status", "Show the state of the desk."),
    "doctor": ("mailbridge.cli.doctor:doctor", "Check everything the desk needs, and name the remedies."),
    "mail": ("mailbridge.cli.mail:mail", "Analyse mails in files, without a desk."),
    "rules": ("mailbridge.cli.rules:rules", "Explain what the rules decided."),
    "templates": ("mailbridge.cli.templates:templates", "The words of mails: check them, show them all."),
    "notify": ("mailbridge.cli.notify:notify", "Explain who was told of what, and who was not."),
    "customers": ("mailbridge.cli.customers:customers", "Show, check, export and import customers."),
    "kb": ("mailbridge.cli.kb:kb", "List, check, suggest and review articles; count what they did."),
    "sla": ("mailbridge.cli.sla:sla", "Explain SLA targets: due times, contracts, how many were met."),
    "plan": ("mailbridge.cli.plan:plan", "List, add, change and cancel planned work."),
    "hours": ("mailbridge.cli.hours:hours", "Show, grant and adjust hours in hour banks."),
    "report": ("mailbridge.cli.report:report", "Report work, plans, travel and ratings."),
    "rota": ("mailbridge.cli.rota:rota", "Show who is on duty, at work and away."),
    "backup": ("mailbridge.cli.backup:backup", "Write a backup of the desk while it runs."),
    "restore": ("mailbridge.cli.backup:restore", "Restore a backup, or check that it can be restored."),
    "db": ("mailbridge.cli.db:db", "Show and upgrade the database schema."),
    "listener": ("mailbridge.cli.listener:listener", "Add users who may submit mail."),
    "agents": ("mailbridge.cli.agents:agents", "Show how agents' mails are authenticated; pair an agent with a mailbox."),
    "people": ("mailbridge.cli.people:people", "Show what agents wish to hear of; hand over an agent's work."),
    "dkim": ("mailbridge.cli.dkim:dkim", "Make keys that sign outgoing mails; compare them with the DNS."),
    "block": ("mailbridge.cli.block:block", "List and change senders whose mail is held for review."),
    "auth": ("mailbridge.cli.auth:auth", "Sign in to OAuth providers."),
    "keys": ("mailbridge.cli.keys:keys", "Show and rotate the keys that sign reply addresses."),
    "completion": ("mailbridge.cli.completion:completion", "Print a script that completes commands in a shell."),
    "man": ("mailbridge.cli.completion:man", "Write manual pages for man(1)."),
}
# Nouns whose output goes through the pager where it is longer than the screen.
READ = frozenset({
    "agents", "customers", "docs", "hours", "kb", "notify", "outbox", "plan", "queue", "quarantine",
    "report", "rota", "search", "sla", "tickets", "webhooks",
})  # fmt: skip


class LazyGroup(Noun):
    """A group that imports the module of a command only when the command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mailbridge", message="%(prog)s %(version)s")
@click.option("--desk", "desk", type=click.Path(path_type=Path), metavar="DIR", help="The desk's folder, for any command.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colours in the output.  auto: on a terminal, subject to NO_COLOR and CLICOLOR_FORCE.",
)
@click.option("--no-pager", is_flag=True, help="Do not show long output in a pager (PAGER).")
@click.pass_context
def cli(ctx: click.Context, desk: Path | None, color: terminal.Color, no_pager: bool) -> None:
    """A help desk that lives in e-mail.

    Most commands work on a desk: the folder with mailbridge.toml, which is the current folder unless --desk or
    MAILBRIDGE_DESK names another.  To start, `mailbridge demo` shows a desk at work, and `mailbridge init DIR` writes your own.
    """
    ctx.color = terminal.color_wanted(color, os.environ)
    ctx.with_resource(terminal.printable())
    ctx.with_resource(terminal.paged(not no_pager and ctx.invoked_subcommand in READ))


def run() -> None:
    """Entry point of the program.  Exits with a code of `cli.exits`, without a traceback."""
    # Modules, rules and templates stay until the end.  Garbage collection over them would take an eighth of a command's time.
    gc.set_threshold(10_000, 50, 50)
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code.  Errors are printed on standard error."""
    stdout = sys.stdout
    try:
        result = cli.main(args=list(arguments), prog_name="mailbridge", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # `mailbridge tickets list | head`: the reader closed the pipe.  Python's flush at exit must not fail because of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    except SystemExit as error:
        if sys.stdout is not stdout:  # click caught the broken pipe and replaced the stream
            return exits.OK
        return error.code if isinstance(error.code, int) else exits.OK if error.code is None else exits.MISTAKES
    except Exception as error:  # nothing above this call handles errors
        return report_error(error)
    except KeyboardInterrupt:
        return exits.STOPPED
    return result if isinstance(result, int) else exits.OK


def report_error(error: Exception) -> int:
    """Prints the error on standard error and returns its exit code."""
    match error:
        case click.Abort():
            return exits.STOPPED
        case click.ClickException():
            error.show()
            return error.exit_code
        case ConfigError():
            from mailbridge.cli.problems import shown

            say(shown(error.problems, Path(error.folder)))
            return exits.USAGE
        case InUse():
            say(f"mailbridge: {error}")
            return exits.IN_USE
        case Transient():
            say(f"mailbridge: {error}\nNothing was lost; try again later.")
            return exits.TEMPORARY
        case MailbridgeError():
            say(f"mailbridge: {error}")
            return exits.MISTAKES
        case OSError():
            say(f"mailbridge: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
            return exits.MISTAKES
    return internal(error)


def internal(error: Exception) -> int:
    """Prints an internal error with its place in our code instead of a traceback.  Returns its exit code."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "mailbridge" in frame.filename]
    place = f" in {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    say(
        f"mailbridge: internal error: {type(error).__name__}: {error}{place}\n"
        "Please report it with the command you gave."
    )
    return exits.INTERNAL


def say(text: str) -> None:
    from mailbridge.cli.show import safe_lines

    click.echo(safe_lines(text), err=True)
