"""What one mail costs: how many statements it executes, and that its ticket's clocks are counted once.  Times belong to the benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailbridge.sla import levels
from mailbridge.store.sql import Sql
from tests.harness import TestDesk, a_mail, proven


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are executed from here on."""
    found: list[str] = []
    execute = Sql._executed

    def counted(self: Sql, statement: Any, values: Any) -> Any:
        if "pg_notify" not in (text := " ".join(str(statement).split())):
            found.append(text)
        return execute(self, statement, values)

    monkeypatch.setattr(Sql, "_executed", counted)
    return found


def replies(desk: TestDesk) -> None:
    to = desk.promise_to("carol@customer.test", "received").reply_to
    done = desk.feed(a_mail("It still happens.", to=to, message_id="<again@customer.test>"), rcpt_to=(to,))
    assert done.result.outcome == "append"


def takes(desk: TestDesk) -> None:
    to = desk.promise_to("bogdan@desk.test", "new").reply_to
    mail = a_mail("#take\n#priority high\n#time 15m looked", from_="bogdan@desk.test", to=to, message_id="<take@desk.test>")
    assert desk.feed(proven(mail), mail_from="bogdan@desk.test", rcpt_to=(to,)).result.outcome == "append"
    assert desk.ticket().activities


@pytest.mark.parametrize(("mail", "sqlite", "postgresql"), [(replies, 34, 37), (takes, 39, 41)])
def test_a_mail_executes_no_more_statements(
    desk: TestDesk, statements: list[str], mail: Callable[[TestDesk], None], sqlite: int, postgresql: int
) -> None:
    """From the inbox with its receipt to the commit, with the look for the next mail and the questions of the test itself."""
    with desk.app.store.read() as tx:
        most = sqlite if tx._sql.is_sqlite else postgresql
    desk.feed(a_mail())
    mail_only = len(statements)
    mail(desk)
    found = statements[mail_only:]
    assert len(found) <= most, "\n".join(found)


@pytest.mark.parametrize("mail", [replies, takes])
def test_the_clocks_of_a_ticket_are_counted_once(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch, mail: Callable[[TestDesk], None]
) -> None:
    desk.feed(a_mail())
    count, found = levels.segments, []

    def segments(*given: Any) -> Any:
        found.append(given)
        return count(*given)

    monkeypatch.setattr(levels, "segments", segments)
    mail(desk)
    assert len(found) == 1
