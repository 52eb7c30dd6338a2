"""Mails a second from Dovecot to committed tickets with acknowledgements queued, beside a bare parse of the same mails.

    python -m benchmarks.ingest [--n 1000 --seed 42 | --mails DIR --manifest FILE] [--db URL] [--workers N] [--rounds R] [--json]

A private Dovecot holds the mails.  Each round starts `mailbridge run` on an empty database and takes the time from READY to the last
outcome; then one process parses the same mails with mail-parser and asks for every field.  The medians of the rounds and their ratio
are told, and every ticket is compared with what the generator's manifest says.  Couriers are off: acknowledgements stay queued.
--db takes the URL of an empty PostgreSQL database, or the word `postgresql` for a private server; `--workers 2` adds a `mailbridge
worker` there.  Exit code 1 when a mail is lost, doubled, on the wrong ticket, or has wrong attachments or characters.
"""

from __future__ import annotations

import argparse
import email.utils
import gc
import json
import logging
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mailparser

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]  # for whoever runs the file itself, from wherever

from benchmarks import desks, generator  # noqa: E402
from mailbridge.store.engine import Store  # noqa: E402
from mailbridge.store.mails import StoredMail  # noqa: E402
from mailbridge.store.tx import Tx  # noqa: E402

ALL = 1_000_000
STUCK = 60.0  # seconds without an outcome after which a round is over, and what is missing is lost
FAULTS = ("lost", "doubled", "misplaced", "attachments_wrong", "probes_wrong")


# The mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Mails in the order of their arrival, and the truth about each."""

    raws: list[bytes]
    truth: list[dict[str, Any]]

    @property
    def address(self) -> str:
        """The desk's own: the one most mails were sent to."""
        found = Counter(
            address
            for raw in self.raws
            for field_ in re.findall(rb"^To:[ \t]*(.*)", _head(raw), re.IGNORECASE | re.MULTILINE)
            for _, address in email.utils.getaddresses([field_.decode("latin-1").strip()])
        )
        return found.most_common(1)[0][0]

    @property
    def authserv_ids(self) -> list[str]:
        """The names under which the desk's mail servers wrote their verdicts."""
        pattern = re.compile(rb"^Authentication-Results:\s*([\w.-]+)", re.IGNORECASE | re.MULTILINE)
        return sorted({found[1].decode() for raw in self.raws if (found := pattern.search(_head(raw)))})


def _head(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[0]


def read_corpus(folder: Path, manifest: Path) -> Corpus:
    """The mails that the manifest names; they lie in the folder or in its `eml`."""
    truth = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    where = folder if (folder / truth[0]["file"]).exists() else folder / "eml"
    raws = [(where / one["file"]).read_bytes() for one in truth]
    return Corpus(raws=[raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for raw in raws], truth=truth)


# The rounds


def parse_all(raws: Sequence[bytes]) -> tuple[float, float]:
    """Mails a second that this process parses with mail-parser, all fields asked for; and its processor time, milliseconds a mail."""
    gc.collect()
    began, busy = time.perf_counter(), time.process_time()
    for raw in raws:
        mail = mailparser.parse_from_bytes(raw)
        _ = (mail.mail, mail.headers, mail.text_plain, mail.text_html, mail.attachments, mail.received, mail.defects)
    took, busy = time.perf_counter() - began, time.process_time() - busy
    return len(raws) / took, busy * 1000 / len(raws)


@dataclass(slots=True)
class Round:
    """What one run of the daemon took."""

    mails_per_s: float
    peak_mb: float
    cpu: dict[str, float]  # milliseconds a mail
    faults: dict[str, int] = field(default_factory=dict)


def ingest(corpus: Corpus, folder: Path, sections: Sequence[str], store_url: str, workers: int) -> Round:
    """A daemon takes the whole mailbox in."""
    desk = desks.make_desk(folder, address=corpus.address, authserv_ids=corpus.authserv_ids, sections=sections)
    with ExitStack() as stack:
        others = [stack.enter_context(desks.running(desk, "worker")) for _ in range(workers - 1)]
        daemon = stack.enter_context(desks.running(desk))
        began = datetime.now(UTC)
        store = Store(store_url)
        stack.callback(store.close)
        with desks.watched(daemon.process.pid, *(other.process.pid for other in others)) as cost:
            desks.wait_until_worked(store, len(corpus.raws), patience=STUCK)
        with store.read() as tx:
            last = max(row.done_at for row in tx.inbox.list(limit=ALL) if row.done_at)
            faults = compare(tx, corpus.truth)
    seconds = (last - began).total_seconds()
    own = cost.cpu.pop(daemon.process.pid)
    cpu = {"daemon": own, "others": sum(cost.cpu.values()) + cost.ended}
    return Round(
        mails_per_s=len(corpus.raws) / seconds,
        peak_mb=cost.peak_mb,
        cpu={name: round(seconds * 1000 / len(corpus.raws), 2) for name, seconds in cpu.items()},
        faults=faults,
    )


# The truth


@dataclass(frozen=True, slots=True)
class Stored:
    """One mail as the desk has it."""

    ticket: int | None
    mail: StoredMail
    hashes: tuple[str, ...]


def compare(tx: Tx, truth: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many mails are not as they should be, by what is wrong with them."""
    stored = _by_message_id(tx)
    faults = dict.fromkeys(FAULTS, 0)
    tickets: dict[int, int | None] = {}
    for one in truth:
        found = stored.get(one["msgid"].strip("<>"), [])
        faults["lost"] += not found
        faults["doubled"] += len(found) > 1
        if found:
            tickets[one["idx"]] = found[0].ticket
            faults["attachments_wrong"] += not _has_files(one, found[0])
            faults["probes_wrong"] += not _has_probe(one, found[0])
    faults["misplaced"] = sum(_misplaced(truth, tickets))
    return faults


def _by_message_id(tx: Tx) -> dict[str, list[Stored]]:
    rows = {row.id: row for row in tx.inbox.list(limit=ALL)}
    found: dict[str, list[Stored]] = defaultdict(list)
    for mail in _all_mails(tx, rows.values()):
        hashes = tuple(file.sha256 for file in tx.mails.attachments(mail.id))
        found[mail.message_id].append(Stored(mail.ticket, mail, hashes))
    return found


def _all_mails(tx: Tx, rows: Any) -> Iterator[StoredMail]:
    """Every mail that came in and is stored: those of the tickets, and those that were kept on none."""
    for ticket in tx.tickets.find(limit=ALL):
        yield from (mail for mail in tx.mails.of_ticket(ticket.id) if mail.inbox is not None)
    for row in rows:
        if row.ticket is None and row.mail is not None and row.outcome != "duplicate" and (mail := tx.mails.get(row.mail)):
            yield mail


def _has_files(one: dict[str, Any], found: Stored) -> bool:
    """Every attachment is there, byte for byte."""
    wanted = Counter(file["sha256"] for file in one["attachments"])
    return not wanted - Counter(found.hashes)


def _has_probe(one: dict[str, Any], found: Stored) -> bool:
    """The sentence that tells whether the characters were read right is in the text, and the word that marks what was written now."""
    text = _squeezed(found.mail.text)
    return all(_squeezed(one[key]) in text for key in ("probe", "fresh") if one.get(key) and one["kind"] in {"new", "reply"})


def _squeezed(text: str) -> str:
    return re.sub(r"[\s>]+", "", text)


def _misplaced(truth: Sequence[dict[str, Any]], tickets: dict[int, int | None]) -> Iterator[bool]:
    """Whether each mail that is stored is on a wrong ticket: a request on none of its own, an answer not on its request's."""
    owners: dict[int, int] = {}
    for one in truth:
        if one["kind"] == "new" and (ticket := tickets.get(one["idx"])) is not None:
            owners.setdefault(ticket, one["idx"])
    for one in truth:
        if one["idx"] not in tickets:
            continue
        ticket = tickets[one["idx"]]
        match one["kind"]:
            case "new":
                yield ticket is None or owners[ticket] != one["idx"]
            case "reply":
                yield ticket is None or ticket != tickets.get(one["root"])
            case _:  # a robot's mail belongs on no stranger's ticket; whether it is kept or opens one is the rules' business
                yield ticket in owners and owners[ticket] != one["root"]


# The run


def run(corpus: Corpus, folder: Path, database: Any, workers: int, rounds: int) -> dict[str, Any]:
    """All rounds, ours and the bare parse in turns."""
    from tests.servers import dovecot

    ours: list[Round] = []
    parse: list[tuple[float, float]] = []
    with dovecot.running() as server:
        account = server.new_account()
        fill(server, account, corpus.raws)
        for number in range(rounds):
            parse.append(parse_all(corpus.raws))
            with database(folder / f"desk-{number}") as url:
                sections = [desks.mailbox(server, account), "[outgoing]\nconnections = 0\n"]
                sections += [f"[store]\nurl = '{url}'\n"] if url.startswith("postgresql") else []
                ours.append(ingest(corpus, folder / f"desk-{number}", sections, url, workers))
            told = f"round {number + 1}: {ours[-1].mails_per_s:.0f} mails/s and {ours[-1].cpu} ms of processors a mail"
            told += f"; bare parse {parse[-1][0]:.0f} mails/s and {parse[-1][1]:.2f} ms"
            print(told, file=sys.stderr)
    return figures(corpus, ours, parse)


def fill(server: Any, account: Any, raws: Sequence[bytes]) -> None:
    """The mails lie in the account's INBOX, in order."""
    with server.client(account) as client:
        for raw in raws:
            client.append("INBOX", raw)


def figures(corpus: Corpus, ours: Sequence[Round], parse: Sequence[tuple[float, float]]) -> dict[str, Any]:
    rate, bare = statistics.median(one.mails_per_s for one in ours), statistics.median(speed for speed, _ in parse)
    faults = {name: max(one.faults[name] for one in ours) for name in FAULTS}
    return {
        "mails_per_s": round(rate, 1),
        "parse_mails_per_s": round(bare, 1),
        "ratio_to_parse": round(rate / bare, 3),
        **faults,
        "peak_mb": max(one.peak_mb for one in ours),
        "mails": len(corpus.raws),
        "bytes": sum(map(len, corpus.raws)),
        "cpu_ms_a_mail": {name: statistics.median(one.cpu[name] for one in ours) for name in ours[0].cpu}
        | {"bare_parse": round(statistics.median(busy for _, busy in parse), 2)},
        "rounds": len(ours),
    }


@contextmanager
def sqlite(desk: Path) -> Iterator[str]:
    """The URL of the database that a desk has when it names none."""
    yield f"sqlite:///{desk}/mailbridge.db"


def main() -> int:
    logging.disable(logging.WARNING)  # mail-parser tells of each delivery report that it leaves parts out
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000, help="how many mails to make up (default: 1000)")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--mails", type=Path, help="a folder of mails instead")
    parser.add_argument("--manifest", type=Path, help="what is true of them (default: manifest.jsonl in the folder)")
    parser.add_argument("--db", default="sqlite", help="sqlite, postgresql (a private server), or the URL of an empty database")
    parser.add_argument("--workers", type=int, default=1, help="processes that work the inbox; more than one needs PostgreSQL")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    if asked.workers > 1 and asked.db.startswith("sqlite"):
        parser.error("a desk on SQLite has one process; --workers needs --db postgresql")
    if asked.rounds > 1 and "://" in asked.db:
        parser.error("--db URL is one empty database, good for one round: --rounds 1")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mailbridge-ingest-")))
        if asked.mails:
            corpus = read_corpus(asked.mails, asked.manifest or asked.mails / "manifest.jsonl")
        else:
            generator.write(folder / "mails", asked.n, asked.seed)
            corpus = read_corpus(folder / "mails", folder / "mails" / "manifest.jsonl")
        database = _database(asked.db, stack)
        found = run(corpus, folder, database, asked.workers, asked.rounds)
    found |= {"database": asked.db.partition(":")[0], "workers": asked.workers}
    desks.report(found, as_json=asked.json)
    return 1 if any(found[name] for name in FAULTS) else 0


def _database(asked: str, stack: ExitStack) -> Any:
    """What gives each round its empty database."""
    if asked == "sqlite":
        return sqlite
    if asked == "postgresql":
        from tests.servers import postgres

        server = stack.enter_context(postgres.running())
        return lambda _desk: server.database()
    return lambda _desk: stack.enter_context(_given(asked))


@contextmanager
def _given(url: str) -> Iterator[str]:
    yield url


if __name__ == "__main__":
    sys.exit(main())
