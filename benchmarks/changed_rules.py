"""What a change of the contracts costs on a desk with open tickets: `python -m benchmarks.changed_rules`.  Prints figures, leaves 1 where a
limit is missed.

all open tickets get another contract and another due time, on SQLite: at most 60 s of processor time for 10,000
a transaction, which is how long a mail may wait for it: at most 1 s
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.rules import Figure
from mailbridge.config import load as configuration
from mailbridge.daemon.app import App
from mailbridge.execution.execute import Telling, execute
from mailbridge.jobs import recompute
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.model import Participant
from mailbridge.tickets.requests import each

RULES = {
    "teams.yaml": """
teams: {support: {title: Support, members: [ana], managers: [mara], hours: office}}
agents:
  ana: {title: Ana, address: ana@desk.example}
  mara: {title: Mara, address: mara@desk.example, manager: true}
hours: {office: {zone: Europe/Bucharest, week: {mon-fri: "09:00-18:00"}, holidays: {country: RO}}}
default: support
""",
    "sla.yaml": """
targets: {normal: {response: 4h, resolution: 3d}}
levels: {gold: {normal: {response: 1h, resolution: 1d}}, silver: {normal: {response: 2h, resolution: 2d}}}
""",
    "routing/10-none.yaml": "[]\n",
}
CUSTOMERS = "customers:\n  acme: {domains: [acme.example], contracts: {service: {sla: %s}}}\n"
DESK = '[desk]\nname = "Desk"\naddress = "desk@desk.example"\nadmins = ["admin@desk.example"]\n[outgoing]\nurl = "maildir:outgoing"\n'
BY = Actor(kind=ActorKind.ADMIN, name="benchmark")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=10_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        figures = changed_contracts(Path(folder), asked.tickets)
    for figure in figures:
        print(figure)
    return 0 if all(figure.met for figure in figures) else 1


def changed_contracts(folder: Path, many: int) -> list[Figure]:
    """The time from the reload to the last ticket, and that of the longest transaction."""
    (folder / "mailbridge.toml").write_text(DESK)
    write(folder, "silver")
    with App.open(configuration.load(folder)) as app:
        opened(app, many)
        app.jobs.sweep()
        write(folder, "gold")
        app.rules.refresh(at_once=True)
        longest, slices = 0.0, recompute._next

        def timed(*arguments: object) -> object:
            nonlocal longest
            began = perf_counter()
            result = slices(*arguments)  # type: ignore[arg-type]
            longest = max(longest, perf_counter() - began)
            return result

        recompute._next = timed  # type: ignore[assignment]
        began = process_time()
        done = recompute.recompute(app.store, app.desk(), app.clock.now())
        whole = process_time() - began
        if done != many or dict(app_ticket(app, many).fields)["sla"] != "gold":
            raise AssertionError(f"{done} of {many} tickets were reached")
    return [
        Figure(f"{many} open tickets under another contract", whole, "s", limit=60.0 * many / 10_000),
        Figure("the longest transaction of it", longest, "s", limit=1.0),
    ]


def app_ticket(app: App, number: int):  # type: ignore[no-untyped-def]
    with app.store.read() as tx:
        return tx.tickets.get(number)


def opened(app: App, many: int) -> None:
    desk, now = app.desk(), app.clock.now()
    fields = (("contract", "service"), ("sla", "silver"))
    command = Open(subject="Printer broken", requester=Participant(address="jo@acme.example"), fields=fields)
    for first in range(1, many + 1, 500):
        with app.store.write() as tx:
            for _ in range(first, min(first + 500, many + 1)):
                execute(tx, desk, tx.tickets.reserve(), each([command]), BY, now, telling=Telling(silent=True))


def write(folder: Path, level: str) -> None:
    for name, text in {**RULES, "customers.yaml": CUSTOMERS % level}.items():
        path = folder / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
