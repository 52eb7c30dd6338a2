"""What an agent's mail with three commands costs beside a plain reply of a customer, on SQLite.

    python -m benchmarks.commands [--tickets 100] [--rounds 5] [--json]

One desk; in each round every ticket gets a customer's reply, and every ticket an agent's answer to the desk's notification with three
command lines above the quote.  The two batches take turns in going first.  Each is taken into the inbox, read by a child process, worked
off and committed; what the agent is told of the commands is promised in the same commit.  Target: at most 1.5.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import desks
from mailbridge.config.load import load
from mailbridge.daemon.app import App
from mailbridge.message.envelope import Envelope, Source
from mailbridge.notifications.model import Audience, Notification
from mailbridge.ops import log

DESK = "support@desk.example"
AGENT = "bogdan@agents.demo.example"
AUTHSERV = "mx.desk.example"
TARGET = 1.5
QUOTE = "".join(f"> Line {number} of what was written before, as people's programs quote it.\n" for number in range(12))
LINES = ("#take", "#priority high", "#time 15m looked at the panel")
OTHER_LINES = ("#assign eva", "#priority normal", "#time 10m called back")


def a_mail(number: int, kind: str, *, sender: str, to: str, body: str, answers: str = "") -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, f"Printer {number} is broken"
    mail["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    mail["Message-ID"] = f"<{kind}.{number}.{time.monotonic_ns()}@{sender.rpartition('@')[2]}>"
    if answers:
        mail["In-Reply-To"] = f"<{answers}>"
    mail.set_content(body)
    domain = sender.rpartition("@")[2]
    proof = f"Authentication-Results: {AUTHSERV}; dmarc=pass header.from={domain}\r\n"
    trace = f"Received: from mail.{domain} by {AUTHSERV} with ESMTPS; Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    return (proof + trace).encode() + mail.as_bytes()


def take_in(app: App, mails: list[bytes]) -> float:
    """Seconds until all of them are worked off."""
    now = datetime.now(UTC)
    began = time.perf_counter()
    app.inbox.accept_all([(raw, Envelope(source=Source.PIPE, received_at=now)) for raw in mails], lambda _tx: None)
    worked = 0
    while worked < len(mails):
        turn = app.worker.one_turn()
        worked += sum(one.result.outcome == "append" or one.result.outcome == "ticket" for one in turn)
        if not turn:
            raise SystemExit("a mail of the benchmark did not become what it should")
    return time.perf_counter() - began


def notifications(app: App, audience: Audience, recipient: str) -> dict[int, Notification]:
    """The latest promise about each ticket to this kind of recipient ('' is anybody)."""
    with app.store.read() as tx:
        found = [queued.notification for queued in tx.outbox.list(limit=1_000_000)]
    return {n.ticket: n for n in reversed(found) if n.ticket and n.audience is audience and recipient in ("", n.recipient)}


def measure(tickets: int, rounds: int, folder: Path) -> dict[str, Any]:
    """The figures of one run."""
    desk = desks.make_desk(folder / "desk", address=DESK, sections=["[pipe]\ntrusted = true\n"], authserv_ids=(AUTHSERV,))
    seconds: dict[str, list[float]] = {"replies": [], "commands": []}
    with App.open(load(desk)) as app:
        opened = [a_mail(n, "new", sender=f"c{n}@customer{n}.example", to=DESK, body="It does not print.") for n in range(tickets)]
        take_in(app, opened)
        to_customer = notifications(app, Audience.CUSTOMER, "")
        to_agent = notifications(app, Audience.AGENT, AGENT)
        if not len(to_customer) == len(to_agent) == tickets:
            raise SystemExit(f"{len(to_customer)} customers and {len(to_agent)} agents were told of {tickets} tickets")
        for number in range(rounds):
            lines = (LINES, OTHER_LINES)[number % 2]
            batches: dict[str, Callable[[], list[bytes]]] = {
                "replies": lambda: [
                    a_mail(n, "reply", sender=p.recipient, to=p.reply_to, body=f"It still happens.\n\n{QUOTE}", answers=p.message_id)
                    for n, p in to_customer.items()
                ],
                "commands": lambda lines=lines: [  # type: ignore[misc]
                    a_mail(n, "agent", sender=AGENT, to=p.reply_to, body="\n".join(lines) + f"\n\n{QUOTE}", answers=p.message_id)
                    for n, p in to_agent.items()
                ],
            }
            for name in batches if number % 2 else reversed(batches):
                seconds[name].append(take_in(app, batches[name]()))
            print(f"round {number + 1}: " + ", ".join(f"{name} {took[-1]:.2f} s" for name, took in seconds.items()), file=sys.stderr)
        _did_what_they_say(app, tickets, rounds)
    cost = {name: sum(took) * 1000 / (rounds * tickets) for name, took in seconds.items()}
    return {
        "mails": rounds * tickets,
        "ms_a_reply": round(cost["replies"], 3),
        "ms_a_mail_of_three_commands": round(cost["commands"], 3),
        "ratio": round(cost["commands"] / cost["replies"], 3),
    }


def _did_what_they_say(app: App, tickets: int, rounds: int) -> None:
    """A fast desk that does nothing would be worth nothing."""
    with app.store.read() as tx:
        found = tx.tickets.find(limit=tickets + 1)
    worked = timedelta(minutes=sum(activity.minutes for ticket in found for activity in ticket.activities))
    expected = tickets * sum(timedelta(minutes=(15, 10)[number % 2]) / timedelta(minutes=1) for number in range(rounds))
    if worked / timedelta(minutes=1) != expected:
        raise SystemExit(f"{worked} recorded, {expected} minutes were written")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    log.configure(style="json", level="warning")
    with TemporaryDirectory(prefix="mailbridge-commands-") as folder:
        figures = measure(asked.tickets, asked.rounds, Path(folder))
    desks.report(figures, as_json=asked.json)
    return 0 if figures["ratio"] <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
