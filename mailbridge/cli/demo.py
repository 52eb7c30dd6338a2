"""`mailbridge demo`: starts a desk, sends sample mails to it and shows what becomes of them."""

from __future__ import annotations

import signal
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli import exits
from mailbridge.cli.demo_samples import subject_of
from mailbridge.cli.show import safe
from mailbridge.cli.terminal import columns

if TYPE_CHECKING:
    from mailbridge.cli.demo_samples import Sample, SampleMail
    from mailbridge.cli.demo_watch import Effect, Watch
    from mailbridge.config.model import Config
    from mailbridge.notifications.model import Queued
    from mailbridge.store.engine import Store


@click.command()
@click.option(
    "--dir", "folder", default="demo", show_default=True, type=click.Path(path_type=Path), help="The demo desk's folder; created anew."
)
@click.option("--html", type=click.Path(file_okay=False, path_type=Path), help="Write a page with all mails into this folder, then stop.")
@click.option("--once", is_flag=True, help="Stop after the samples.  Exit code 0 only if each had its expected result.")
def demo(folder: Path, html: Path | None, once: bool) -> int:
    """Run a demonstration desk with sample mails: SQLite, an SMTP port on loopback, outgoing mail in a folder.

    No mail leaves this machine.  The desk runs until Ctrl-C, so that you can send it your own mails.
    """
    from mailbridge.cli.demo_desk import running
    from mailbridge.cli.demo_html import write_page
    from mailbridge.cli.demo_watch import Watch
    from mailbridge.config.load import load
    from mailbridge.store.engine import Store

    # A non-interactive shell starts background jobs with SIGINT ignored.  The demo must still stop on SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with running(folder) as daemon:
        place = f"mail in at 127.0.0.1:{daemon.port}, mail out in {folder}/outgoing/new"
        click.echo(f"mailbridge demo: a desk on SQLite in {folder}/, {place}\n")
        config = load(folder)
        store = Store(config.store_url)
        try:
            watch = Watch(store, config, daemon.check)
            wrong = play(watch, daemon.send)
            if html is not None:
                click.echo(f"all mails on one page: {write_page(html, watch.mails())}")
            if once or html is not None:
                return verdict(wrong)
            invite(daemon.port, folder)
            show_pages(store, config)
            follow(watch)
        except KeyboardInterrupt:
            click.echo("\nstopping the desk")
        finally:
            store.close()
    return exits.OK


def play(watch: Watch, send: Callable[[SampleMail], None]) -> list[str]:
    """Sends and shows every sample.  Returns a sentence for each result that differs from the expected one."""
    from mailbridge.cli.demo_samples import differences, sample_mail, samples

    begun = time.monotonic()
    wrong: list[str] = []
    out: Counter[str] = Counter()
    for sample in samples():
        mail = sample_mail(sample, watch.ours(*sample.answers) if sample.answers else None)
        send(mail)
        effect = watch.effect_of(mail.message_id)
        show(effect, sample)
        wrong += differences(sample, effect.seen)
        out.update(effect.seen.told)
    click.echo(f"\n{len(samples())} sample mails in {time.monotonic() - begun:.1f} s; {sum(out.values())} mails out: {counted(out)}")
    return wrong


def verdict(wrong: list[str]) -> int:
    if not wrong:
        click.echo("every sample had its expected result")
        return exits.OK
    click.echo(f"{len(wrong)} difference{'' if len(wrong) == 1 else 's'}:", err=True)
    for difference in wrong:
        click.echo(f"  {safe(difference)}", err=True)
    return exits.MISTAKES


def invite(port: int, folder: Path) -> None:
    click.echo(f"""
Send your own:  swaks --server 127.0.0.1:{port} --from you@home.example --to support@demo.example --header "Subject: printer on fire"
Look:           export MAILBRIDGE_DESK={folder.absolute()}
                mailbridge tickets list
                mailbridge tickets show MB-4
                mailbridge rules explain MB-4
                mailbridge sla why MB-4
                mailbridge outbox list
Stop:           Ctrl-C
""")


def show_pages(store: Store, config: Config) -> None:
    """Prints a sign-in link of each agent, if the demo has pages."""
    if not config.web.is_on:
        click.echo("Pages:          not installed; `pip install 'mailbridge-desk[web]'` and start again\n")
        return
    from mailbridge.cli.demo_desk import sign_in_links

    click.echo(f"Pages:          {config.web.public_url}, by one of these links; each works once")
    for title, link in sign_in_links(store, config):
        click.echo(f"                {safe(title)}: {link}")
    click.echo()


def follow(watch: Watch) -> None:
    """Shows new mails and alerts until SIGINT (Ctrl-C)."""
    while True:
        for row in watch.new_rows():
            show(watch.effect(row), None)
        if mails := watch.other_mails():
            click.echo("\n".join(["  an alert was due", *mail_lines(mails)]))
        time.sleep(0.3)


def show(effect: Effect, sample: Sample | None) -> None:
    """Prints one mail: its ticket, the reasons, and the notifications that it caused."""
    click.echo(wrapped(headline(effect, sample)))
    for line in why(effect):
        click.echo(wrapped(f"          {safe(line)}"))
    for line in mail_lines(effect.mails):
        click.echo(wrapped(line))


def wrapped(line: str) -> str:
    """The line wrapped at the width of the terminal, unchanged without one.  Continuation lines are indented by two more columns."""
    width = columns()
    if width is None:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(line, width, subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False) if line.strip() else line


def headline(effect: Effect, sample: Sample | None) -> str:
    seen, subject = effect.seen, effect.mail.subject if effect.mail else ""
    match seen.outcome:
        case "ticket":
            what = f"{seen.team:14} {seen.priority:7}"
        case "append" if seen.kind != "human":
            what = f"+ kept ({seen.kind})"
        case "append":
            what = f"+ {seen.status}"
        case "duplicate":
            what = "duplicate: nothing to do"
        case other:
            what = other
    line = f"  {seen.ticket or '-':7} {what:22} {safe(subject)}"
    return line + (click.style(f"   {sample.is_}", dim=True) if sample else "")


def why(effect: Effect) -> Iterable[str]:
    """The reasons for the result, from the explanation that is stored with the mail."""
    seen, told = effect.seen, effect.explanation
    if (sender := told.get("sender")) and seen.outcome in ("ticket", "append", "held"):
        yield f"{'verified' if sender.get('verified') else 'not verified'}: {'; '.join(sender.get('why', ()))}"
    if seen.outcome == "ticket":
        steps = told.get("rules", {}).get("steps", [])
        for step in steps:
            found = ", ".join(f'"{hit["found"]}"' for hit in step["hits"] if hit["found"])
            changed = ", ".join(f"{change['what']} {change['after']}" for change in step["changes"] if change["after"] != change["before"])
            yield f"rule {step['label']} “{step['rule']}”" + (f" found {found}" if found else "") + (f" → {changed}" if changed else "")
        if not steps:
            yield f"no rule matches: the default team, {seen.team}"
    elif seen.outcome == "append":
        yield f"a delivery report about a mail of {seen.ticket}" if seen.kind == "bounce" else f"by its {seen.placed}"
    if effect.due:
        yield f"due: {effect.due}"
    if not effect.mails:
        yield "nobody is notified"
    if seen.follows:
        yield f"possible follow-up of {seen.follows}, but it may not be added to it"
    yield from told.get("placed", {}).get("refused", [])


def mail_lines(mails: Iterable[Queued]) -> list[str]:
    """One line for each notification.  Recipients of the same one share a line."""
    people: dict[str, list[str]] = {}
    for queued in mails:
        notification = queued.notification
        subject = f'"{subject_of(queued.rendered)}"' if queued.rendered else ""
        state = "" if queued.state == "sent" else f" ({queued.state}: {queued.error})"
        people.setdefault(f"{notification.audience} {notification.event.replace('_', ' ')}  {subject}{state}", []).append(
            notification.recipient
        )
    return [safe(f"          → {what}  to {', '.join(recipients)}") for what, recipients in people.items()]


def counted(out: Counter[str]) -> str:
    return ", ".join(f"{number} {event}" for event, number in sorted(out.items()))
