"""Killed at every named place, on both databases: no mail lost, no ticket or message doubled, no alert told twice, outgoing mail
repeated only in the one window that is documented (between the state `dot` and the state `sent`), and a webhook only between the call and
its record, with the same id."""

from __future__ import annotations

from collections import Counter
from email.parser import BytesHeaderParser
from pathlib import Path

import pytest

from mailbridge.delivery.deliver import OUTCOME_UNKNOWN
from mailbridge.handling.outcome import MailOutcome
from mailbridge.jobs.bundles import TOLD
from mailbridge.ops.crash import POINTS
from mailbridge.store.engine import Store
from tests.crash.victim import live
from tests.forked import killed
from tests.harness import RULES, a_mail, proven, write_rules

WINDOW = {"outbox.dot_committed", "outbox.after_dot", "outbox.before_sent"}
IMAP_ONLY = {"intake.before_settle", "intake.after_settle"}  # killed in tests/crash/test_killed_at_imap.py
# Backups and restores: tests/crash/test_killed_at_backup.py; logins and tokens: tests/oauth/test_killed.py
# Changed rules: tests/crash/test_killed_at_recompute.py; hour banks: tests/crash/test_killed_at_hours.py
ELSEWHERE = IMAP_ONLY | {name for name in POINTS if name.startswith(("backup.", "restore.", "oauth.", "recompute.", "hours.", "receipts."))}
LONG = 40 * 86400.0  # seconds: the leases of the life before are over, and the ten minutes after an unknown outcome too

MAILS = {
    "1-new.eml": a_mail("My printer is broken.", message_id="<1@customer.test>"),
    "2-copy.eml": a_mail("My printer is broken.", message_id="<1@customer.test>"),
    "3-more.eml": proven(a_mail("It smokes.", message_id="<3@customer.test>", in_reply_to="<1@customer.test>"), "customer.test"),
    "4-other.eml": a_mail("The vpn is down.", subject="vpn", message_id="<4@customer.test>", from_="frank@else.test"),
    "5-nameless.eml": a_mail("No id on this one.", message_id="", from_="grete@third.test"),
}
TICKETS = {"Printer broken": 2, "vpn": 1}  # subject -> how many
MESSAGES = 4


def test_every_point_is_killed_somewhere() -> None:
    assert {name for name, _ in CASES} | ELSEWHERE == set(POINTS)
    assert len(ELSEWHERE - IMAP_ONLY) >= 20, "of login, renewal, rotation, backup and restore"


ONCE = {"sweep.before_commit", "sweep.after_commit", "webhooks.claimed"}  # all moments and calls of this test are one batch
CALLS = """
- name: tell the other system
  when: {exists: subject}
  then: {webhook: "https://hooks.desk.test/tickets"}
"""
CASES = [(name, visit) for name in POINTS if name not in ELSEWHERE for visit in ((1,) if name in ONCE else (1, 2))]


@pytest.mark.servers
@pytest.mark.parametrize(("point", "visit"), CASES)
def test_killed_there_and_started_again_everything_is_there_once(tmp_path: Path, store_url: str, point: str, visit: int) -> None:
    write_rules(tmp_path, RULES | {"routing/20-calls.yaml": CALLS})
    feed = tmp_path / "feed"
    feed.mkdir()
    for name, raw in MAILS.items():
        (feed / name).write_bytes(raw)

    assert killed(f"{point}:{visit}", live, tmp_path, store_url, 0)
    for life in (1, 2):  # the second one gives a mail whose outcome nobody knows its one repetition
        assert not killed("", live, tmp_path, store_url, LONG * life)

    store = Store(store_url)
    try:
        assert_nothing_lost_or_doubled(store, feed)
        assert_sent_once(store, tmp_path / "outgoing", may_repeat=point in WINDOW)
        assert_called_once(store, tmp_path / "called", may_repeat=point == "webhooks.called")
    finally:
        store.close()


def assert_nothing_lost_or_doubled(store: Store, feed: Path, *, kills: int = 1) -> None:
    with store.read() as tx:
        rows = tx.inbox.list(limit=100)
        tickets = tx.tickets.find(limit=100)
        mails = [mail for ticket in tickets for mail in tx.mails.of_ticket(ticket.id)]
    assert not list(feed.iterdir())
    assert {row.state for row in rows} == {"done"}
    assert Counter(ticket.subject for ticket in tickets) == TICKETS
    assert len(mails) == MESSAGES
    worked = Counter(row.outcome for row in rows)
    # A sender that saw no acknowledgement sends again, so there may be one more copy for each kill, and it is known as one.
    assert worked[MailOutcome.TICKET] + worked[MailOutcome.APPEND] == MESSAGES
    assert 1 <= worked[MailOutcome.DUPLICATE] <= 1 + kills


def assert_sent_once(store: Store, outgoing: Path, *, may_repeat: bool, kills: int = 1) -> None:
    with store.read() as tx:
        written = tx.outbox.list(limit=1000)
    # Mails of a backlog are listed in one mail, which is among those sent.
    bundled = [queued for queued in written if queued.state == "suppressed"]
    promised = [queued for queued in written if queued.state != "suppressed"]
    assert {queued.error.removeprefix(TOLD) for queued in bundled} <= {queued.notification.key for queued in promised}
    # Two kills may both come after the final dot of one mail: nobody knows what the relay did, and it is not tried a third time.
    unknown = {queued.notification.message_id for queued in promised if queued.error == OUTCOME_UNKNOWN and queued.attempts == 2}
    assert not unknown or kills > 1
    assert {q.state for q in promised if q.notification.message_id not in unknown} == {"sent"}
    files = [BytesHeaderParser().parsebytes(path.read_bytes()) for path in (outgoing / "new").iterdir()]
    sent = Counter(mail["Message-ID"].strip("<>") for mail in files)
    assert set(sent) <= {queued.notification.message_id for queued in promised}
    missing = {queued.notification.message_id for queued in promised} - set(sent)
    repeated = [key for key, count in sent.items() if count > 1]
    if may_repeat:
        # Outcome unknown: a letter may come twice, a reminder may not come at all; one mail for each kill, not more.
        assert len(missing) + len(repeated) <= kills
        assert sum(sent[key] - 1 for key in repeated) <= kills
    else:
        assert (missing, repeated) == (set(), [])
    alerts = Counter(
        (q.notification.ticket, q.notification.event, q.notification.recipient) for q in promised if q.notification.audience == "manager"
    )
    assert set(alerts.values()) <= {1, 2}  # response and resolution, each once


def assert_called_once(store: Store, called: Path, *, may_repeat: bool) -> None:
    made = calls_made(store, called)
    assert sorted(made.values()) == [1] * (len(made) - 1) + [2 if may_repeat else 1]


def calls_made(store: Store, called: Path) -> Counter[str]:
    """How often each call was made.  Each that was promised was made, and no other."""
    with store.read() as tx:
        promised = tx.webhooks.list(limit=1000)
    made = Counter(called.read_text().split())
    assert [queued.state for queued in promised] == ["done"] * sum(TICKETS.values())
    assert set(made) == {queued.call.key for queued in promised}
    return made
