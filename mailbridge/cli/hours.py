"""`mailbridge hours`: balances of customers' hour banks, and manual entries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailbridge.cli.groups import Noun
from mailbridge.cli.options import desk_option, json_option, open_desk
from mailbridge.cli.show import print_json, print_table, safe
from mailbridge.errors import Permanent

if TYPE_CHECKING:
    from mailbridge.customers.model import Customer
    from mailbridge.notifications.model import Notification
    from mailbridge.rules.policy import Policy
    from mailbridge.store.tx import Tx
    from mailbridge.tickets.hours.ledger import EntryKind
    from mailbridge.tickets.hours.planning import HourBank, HoursLeft
    from mailbridge.tickets.hours.statement import BankStatement, StatementLine, StatementMonth


_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_NEGATIVE = re.compile(r"-\d[\w.:]*")


class WithAmount(click.Command):
    """A command with a duration that may be negative: `-2h` is parsed as an argument, not as the options -2 and -h."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        amounts = [one for one in args if _NEGATIVE.fullmatch(one)]
        if amounts and "--" not in args:
            args = [*(one for one in args if one not in amounts), "--", *amounts]
        return super().parse_args(ctx, args)


@click.group(cls=Noun)
def hours() -> None:
    """Hour banks of customers: show, grant, adjust, statement."""


bank_option = click.option("--bank", default="", metavar="NAME", help="Which bank, where the customer has several.")
reason_option = click.option("--reason", required=True, help="The reason, shown in the statement.")
link_option = click.option("--link", default="", metavar="TEXT", help="The ticket or invoice to which it belongs.")
day_option = click.option("--day", metavar="DAY", help="The day from which it counts.  [default: today]")


@hours.command("show")
@desk_option
@json_option
@click.argument("who", metavar="[CUSTOMER]", required=False, default="")
def show_(folder: Path, as_json: bool, who: str) -> None:
    """Show what is left in the hour banks of CUSTOMER, or in all banks."""
    from mailbridge.execution.hour_entries import customer_named
    from mailbridge.tickets.hours.planning import banks_of

    policy = _policy(folder)
    customers = policy.rules.customers
    chosen: Sequence[Customer] = (customer_named(customers, who),) if who else tuple(customers.by_name.values())
    with open_desk(folder) as desk, desk.store.read() as tx:
        found = [_statement(tx, policy, bank) for customer in chosen for bank in banks_of(customer)]
    if as_json:
        print_json([{"customer": one.customer, "bank": one.bank, **_left_values(one.left)} for one in found])
        return
    rows = [(one.customer, one.bank, *_left_cells(one.left)) for one in found]
    print_table(("CUSTOMER", "BANK", "LEFT", "OF", "OVER", "UNTIL"), rows, empty="no contract has hours")


@hours.command("statement")
@desk_option
@json_option
@bank_option
@click.option("--month", metavar="MONTH", help="Like 2026-11.  [default: this month]")
@click.option("--months", default=1, show_default=True, type=click.IntRange(1, 1200), help="Number of months; --month is the last one.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
@click.option(
    "--mail", "mail_to", is_flag=False, flag_value="", metavar="[ADDRESS]",
    help="Send it as a mail.  [default address: the contract's contact, else the responsible agent]",
)  # fmt: skip
@click.argument("who", metavar="CUSTOMER|CONTRACT")
def statement_(folder: Path, as_json: bool, bank: str, month: str | None, months: int, as_csv: bool, mail_to: str | None, who: str) -> None:
    """List the entries of the hour banks of a customer or a contract by month, with the balance before and after."""
    from mailbridge.execution.hour_statements import as_csv as csv_of
    from mailbridge.execution.hour_statements import banks_named
    from mailbridge.tickets.hours.statement import of_months

    if mail_to is not None and (as_json or as_csv):
        raise click.UsageError("--mail sends the statement; it cannot be used with --json or --csv")
    policy = _policy(folder)
    banks = banks_named(policy.rules.customers, who, bank)
    last = _month(month)
    first = _months_before(last, months - 1)
    with open_desk(folder) as desk, desk.store.read() as tx:
        found = [(one, of_months(one, first, last)) for one in (_statement(tx, policy, each) for each in banks)]
    if mail_to is not None:
        _mail(folder, policy, banks, found, mail_to)
    elif as_json:
        values = ({"customer": one.customer, "bank": one.bank, **_left_values(one.left), "months": _months(shown)} for one, shown in found)
        print_json(list(values))
    elif as_csv:
        click.echo(csv_of(found), nl=False)
    else:
        for one, shown in found:
            _tell(one, shown, desk.config.desk.prefix)


def _mail(
    folder: Path, policy: Policy, banks: Sequence[HourBank], found: Sequence[tuple[BankStatement, Sequence[StatementMonth]]], address: str
) -> None:  # fmt: skip
    """Queues a mail for each bank with entries.  `address`: '' for that of the contract."""
    from mailbridge.execution.hour_statements import recipient_at, recipient_of, statement_mail

    if address and not _ADDRESS.fullmatch(address):
        raise click.UsageError(f'"{address}" is not a mail address; write --mail after the customer: statement acme --mail')
    customers, organisation, now = policy.rules.customers, policy.organisation, datetime.now(UTC)
    mails: list[Notification] = []
    with open_desk(folder) as desk:
        settings = desk.config.desk
        for bank, (one, months) in zip(banks, found, strict=True):
            if not months:
                continue
            recipient = (
                recipient_at(address, customers, organisation, settings.language)
                if address
                else recipient_of(bank, months[-1].first, customers, organisation, settings.language, now)
            )
            title = customers.by_name[bank.customer].title or bank.customer
            mails.append(statement_mail(one, months, title, recipient, f"asked {now.isoformat()}", settings.address))
        if not mails:
            raise Permanent("no entries in these months: no mail is sent")
        with desk.store.write() as tx:
            tx.outbox.add_many(mails, now)
        desk.store.wake("outbox")
    for mail in mails:
        click.echo(f"the statement will be sent to {safe(mail.recipient)}")


@hours.command("grant", cls=WithAmount)
@desk_option
@bank_option
@day_option
@click.option("--expires", metavar="DAY", help="The last day on which they can be used.  [default: no expiry]")
@reason_option
@link_option
@click.argument("who", metavar="CUSTOMER")
@click.argument("amount", metavar="HOURS")
def grant_(folder: Path, bank: str, day: str | None, expires: str | None, reason: str, link: str, who: str, amount: str) -> None:
    """Grant HOURS (20h, 90m) to a bank of CUSTOMER."""
    from mailbridge.tickets.hours.ledger import EntryKind

    _add(folder, EntryKind.GRANT, who, bank, _seconds(amount), day, expires, reason, link)


@hours.command("adjust", cls=WithAmount)
@desk_option
@bank_option
@day_option
@click.option("--expires", metavar="DAY", help="The last day on which added hours can be used.  [default: no expiry]")
@reason_option
@link_option
@click.argument("who", metavar="CUSTOMER")
@click.argument("amount", metavar="+HOURS|-HOURS")
def adjust_(folder: Path, bank: str, day: str | None, expires: str | None, reason: str, link: str, who: str, amount: str) -> None:
    """Add hours to a bank of CUSTOMER (+2h) or take hours from it (-90m).  This adds an entry; no entry is changed."""
    from mailbridge.tickets.hours.ledger import EntryKind

    _add(folder, EntryKind.ADJUST, who, bank, _seconds(amount), day, expires, reason, link)


def _add(
    folder: Path, kind: EntryKind, who: str, bank: str, seconds: int, day: str | None, expires: str | None, reason: str, link: str
) -> None:
    from mailbridge.execution.hour_entries import add_by_hand, bank_named, customer_named
    from mailbridge.ids import parse_number

    policy = _policy(folder)
    chosen = bank_named(customer_named(policy.rules.customers, who), bank)
    now = datetime.now(UTC)
    counts = _day(day) or _today(policy, chosen)
    with open_desk(folder) as desk, desk.store.write() as tx:
        ticket = parse_number(desk.config.desk.prefix, link) if link else None
        add_by_hand(
            tx, chosen, kind, seconds, counts, now, reason=reason, by="admin", expires=_day(expires), link=link, ticket=ticket
        )  # fmt: skip
        found = _statement(tx, policy, chosen)
    click.echo(f"{chosen.customer}, {chosen.name}: {_said(found.left)}")


def _policy(folder: Path) -> Policy:
    from mailbridge.cli.policy import policy_of

    return policy_of(folder)


def _statement(tx: Tx, policy: Policy, bank: HourBank) -> BankStatement:
    from mailbridge.tickets.hours.statement import statement

    return statement(bank, tx.hours.of_bank(bank.customer, bank.name), _today(policy, bank), datetime.now(UTC))


def _today(policy: Policy, bank: HourBank) -> date:
    from mailbridge.execution.hour_banks import day_in

    return day_in(bank, policy.organisation, datetime.now(UTC))


def _seconds(text: str) -> int:
    """The seconds of '+2h', '-90m' or '20h'.  Raises a usage error for anything else."""
    from mailbridge.config.durations import duration
    from mailbridge.config.reading import Wrong

    sign = -1 if text.startswith("-") else 1
    try:
        return sign * int(duration(text.lstrip("+-")) / timedelta(seconds=1))
    except Wrong as wrong:
        raise click.UsageError(f"{wrong}: {wrong.hint}") from None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise click.UsageError(f'"{text}" is not a date; write it like 2026-12-31') from None


def _month(text: str | None) -> date:
    try:
        return date.fromisoformat(f"{text}-01") if text else datetime.now(UTC).date().replace(day=1)
    except ValueError:
        raise click.UsageError(f'"{text}" is not a month; write it like 2026-11') from None


def _months_before(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _left_values(left: HoursLeft | None) -> dict[str, object]:
    """What is left in a bank, as JSON, in seconds."""
    if left is None:
        return {"left": 0, "granted": 0, "over": 0, "until": None}
    return {"left": left.left, "granted": left.granted, "over": left.over, "until": left.until}


def _left_cells(left: HoursLeft | None) -> tuple[object, ...]:
    from mailbridge.tickets.hours.statement import clock

    if left is None:
        return ("-", "-", "-", "")
    return (clock(left.left), clock(left.granted), clock(left.over) if left.over else "", left.until or "")


def _said(left: HoursLeft | None) -> str:
    from mailbridge.tickets.hours.statement import clock

    if left is None:
        return "no hours yet"
    until = f" until {left.until}" if left.until else ""
    if left.over:
        return f"{clock(left.over)} over the {clock(left.granted)}{until}"
    return f"{clock(left.left)} of {clock(left.granted)} left{until}"


def _months(shown: Sequence[StatementMonth]) -> list[dict[str, object]]:
    return [
        {
            "month": f"{month.first:%Y-%m}",
            "opening": month.opening,
            "closing": month.closing,
            "entries": [_entry(line) for line in month.lines],
        }
        for month in shown
    ]  # fmt: skip


def _entry(line: StatementLine) -> dict[str, object]:
    return {
        "day": line.day,
        "kind": line.kind,
        "source": line.source,
        "seconds": line.seconds,
        "balance": line.balance,
        "ticket": line.ticket,
        "by": line.by,
        "about": line.about,
    }


def _tell(found: BankStatement, shown: Sequence[StatementMonth], prefix: str) -> None:
    from mailbridge.ids import ticket_number
    from mailbridge.tickets.hours.statement import clock

    def number(ticket: int | None) -> str:
        return ticket_number(prefix, ticket) if ticket else ""

    click.echo(safe(f"{found.customer}, hour bank {found.bank}: {_said(found.left)}"))
    for month in shown:
        click.echo(f"\n{month.first:%Y-%m}, {clock(month.opening)} before")
        rows = [
            (line.day, clock(line.seconds), clock(line.balance), line.kind, number(line.ticket), line.by, line.about)
            for line in month.lines
        ]
        print_table(("DAY", "TIME", "BALANCE", "ENTRY", "TICKET", "BY", "ABOUT"), rows, empty="nothing", least=("ABOUT",))
    if not shown:
        click.echo("no entries in these months")
