"""Managers say yes or no by mail, agents record work and send tickets up, consultants answer; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbridge.conversation.tokens import Purpose
from mailbridge.notifications.model import Audience
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven, table

POLICY = {
    **RULES,
    "teams.yaml": """
teams:
  support: {title: Support, members: [bogdan, clara], managers: [mara], unclaimed-after: never, tells: [received, answered, escalated]}
  network: {title: Network, members: [dan], unclaimed-after: never}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
  clara: {title: Clara Weiss, address: clara@desk.test, skills: {printers: 2}}
  dan: {title: Dan Pop, address: dan@desk.test}
  mara: {title: Mara Lind, address: mara@desk.test, manager: true}
consultants:
  petra: {title: Petra Klein, address: petra@maker.test}
escalations:
  hardware: [{skill: printers, level: 2}, {team: network}, {consultant: petra}]
default: support
""",
    "sla.yaml": "targets: {}\n",
    "types.yaml": "types: [incident, question]\nestimates: {question: 30m}\n",
    "approvals.yaml": """
approvals:
  - {what: work-over, hours: 8, by: manager, deputies: clara, remind-after: 4h, expires-after: 3d}
  - {what: priority, priority: urgent}
  - {what: escalate, to: petra}
""",
    "work.yaml": "work: {unit: 15m}\n",
    "routing/10-types.yaml": """
- name: printers are incidents
  when: {header: {subject: {contains: printer}}}
  then: {type: incident}
- name: how-to is a question
  when: {header: {subject: {contains: how}}}
  then: {type: question}
- name: moves take a day
  when: {header: {subject: {contains: move}}}
  then: {type: incident, estimate: 1d}
""",
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    """A desk with a customer's request on it, MB-1."""
    if request.param == "sqlite":
        with a_desk(tmp_path, rules=POLICY) as desk:
            desk.feed(a_mail())
            yield desk
        return
    with a_desk(tmp_path, rules=POLICY, store_url=request.getfixturevalue("postgres_store_url")) as desk:
        desk.feed(a_mail())
        yield desk


count = iter(range(1, 1_000_000))


def by_agent(desk: TestDesk, body: str, agent: str = "bogdan", *, answering: str = "") -> None:
    """The agent's mail on MB-1; `answering` is the event of our mail that it answers."""
    sender = f"{agent}@desk.test"
    ours = desk.promise_to(sender, answering) if answering else desk.promise_to("bogdan@desk.test", "new")
    address = desk.app.desk().signer.reply_address(1, sender, Purpose.AGENT)
    headers = {"in_reply_to": f"<{ours.message_id}>"} if answering else {}
    raw = a_mail(body, from_=sender, to=address, subject="Re: Printer", message_id=f"<a{next(count)}@desk.test>", **headers)
    desk.feed(proven(raw), mail_from=sender, rcpt_to=(address,))


def to_customer(desk: TestDesk) -> list[str]:
    return [n.event for n in desk.promises(Audience.CUSTOMER)]


def at(desk: TestDesk, **later: float) -> int:
    desk.clock.time = datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(**later)
    return desk.app.jobs.sweep()


def test_a_managers_yes_by_answering_does_it(desk: TestDesk) -> None:
    by_agent(desk, "#time 9h both rollers")
    assert desk.ticket().activities == ()
    assert desk.promise_to("mara@desk.test").event == "approval"

    by_agent(desk, "Yes, it was a long day.", "mara", answering="approval")

    (done,) = desk.ticket().activities
    assert (done.agent, done.minutes, done.charged, done.text) == ("bogdan", 540, 540, "both rollers")
    told = dict(desk.promise_to("bogdan@desk.test", "approval_decided").values)
    assert (told["granted"], told["author"], told["reason"]) == ("yes", "Mara Lind", "it was a long day.")
    assert to_customer(desk) == ["received"]
    with desk.app.store.read() as tx:
        assert [one.activity for one in tx.activities.between(done.day, done.day, "bogdan")] == [done]
    desk.assert_sound()


def test_a_managers_no_by_the_link_in_the_mail_drops_it(desk: TestDesk) -> None:
    by_agent(desk, "#priority urgent")

    by_agent(desk, "#reject 1 they have no contract", "mara")

    assert (desk.ticket().priority, desk.ticket().approvals) == (Priority.NORMAL, ())
    assert dict(desk.promise_to("bogdan@desk.test", "approval_decided").values)["reason"] == "they have no contract"
    desk.assert_sound()


def test_what_is_neither_yes_nor_no_decides_nothing_and_never_reaches_the_customer(desk: TestDesk) -> None:
    by_agent(desk, "#priority urgent")

    by_agent(desk, "Who pays for this circus?", "mara", answering="approval")

    assert len(desk.ticket().approvals) == 1
    assert to_customer(desk) == ["received"]
    assert "neither-yes-nor-no" in table(desk.promise_to("mara@desk.test"), "results")


def test_nobody_else_says_yes(desk: TestDesk) -> None:
    by_agent(desk, "#priority urgent")

    by_agent(desk, "#approve 1", "clara")
    by_agent(desk, "#approve 1")

    assert desk.ticket().priority is Priority.NORMAL
    assert "not-yours-to-approve" in table(desk.promise_to("clara@desk.test"), "results")


def test_it_reminds_once_asks_the_deputy_and_gives_up_once(desk: TestDesk) -> None:
    by_agent(desk, "#time 9h")
    desk.app.jobs.sweep()

    assert at(desk, hours=3, minutes=59) == 0
    assert at(desk, hours=4, minutes=1) == 1
    assert at(desk, hours=5) == 0
    reminded = [n.recipient for n in desk.promises(Audience.MANAGER, "approval_reminded")]
    assert reminded == ["mara@desk.test", "clara@desk.test"]

    assert at(desk, hours=24, minutes=1) == 1
    assert at(desk, days=30) == 0
    assert desk.ticket().approvals == ()
    assert [n.recipient for n in desk.promises(Audience.AGENT, "approval_expired")] == [
        "bogdan@desk.test", "mara@desk.test", "clara@desk.test",
    ]  # fmt: skip
    desk.assert_sound()


def test_a_deputy_decides_after_the_reminder(desk: TestDesk) -> None:
    by_agent(desk, "#time 9h")
    by_agent(desk, "#approve 1", "clara")
    assert desk.ticket().activities == ()
    at(desk, hours=4, minutes=1)

    by_agent(desk, "ok", "clara", answering="approval_reminded")

    assert [activity.minutes for activity in desk.ticket().activities] == [540]
    assert at(desk, days=30) == 0


def test_work_is_told_charged_and_corrected(desk: TestDesk) -> None:
    by_agent(desk, "#time 50m new roller\n#travel 40m 25km Iași")
    by_agent(desk, "#time 1 = 70m")

    worked, road = desk.ticket().activities
    assert (worked.minutes, worked.charged, road.minutes, road.km, road.place, road.charged) == (70, 75, 40, 25, "Iași", 0)
    with desk.app.store.read() as tx:
        kinds = [type(event.what).__name__ for event in tx.events.of_ticket(1)]
        assert [one.activity for one in tx.activities.between(worked.day, worked.day)] == [worked, road]
    assert kinds[-3:] == ["WorkRecorded", "WorkRecorded", "WorkCorrected"]
    desk.assert_sound()


def test_a_new_ticket_is_estimated_by_rule_by_type_or_by_what_such_tickets_took(desk: TestDesk) -> None:
    desk.feed(a_mail("how?", subject="How do I print", message_id="<q@customer.test>"))
    desk.feed(a_mail("move!", subject="Please move it", message_id="<m@customer.test>"))
    assert (desk.ticket(2).estimate, desk.ticket(2).estimated_by) == (30, "type")
    assert (desk.ticket(3).estimate, desk.ticket(3).estimated_by) == (480, "moves take a day")
    assert desk.ticket(1).estimate is None

    for number, minutes in ((4, 20), (5, 50), (6, 40)):
        desk.feed(a_mail("again", subject="Printer again", message_id=f"<p{number}@customer.test>"))
        assert desk.ticket(number).estimate is None
        by_agent(desk, f"#time {minutes}m MB-{number}\n#close MB-{number}")
    desk.feed(a_mail("again", subject="Printer again", message_id="<last@customer.test>"))

    last = desk.ticket(7)
    assert (last.estimate, last.estimate_most, last.estimated_by) == (40, 50, "history")
    desk.assert_sound()


def test_a_ticket_whose_type_an_agent_sets_is_estimated_then(desk: TestDesk) -> None:
    by_agent(desk, "#type question")
    assert (desk.ticket().estimate, desk.ticket().estimated_by) == (30, "type")

    by_agent(desk, "#estimate 2h")
    by_agent(desk, "#type incident")
    by_agent(desk, "#type question")
    assert (desk.ticket().estimate, desk.ticket().estimated_by) == (120, "bogdan")


def test_work_past_the_estimate_is_told_once(desk: TestDesk) -> None:
    by_agent(desk, "#take\n#estimate 1h\n#time 50m")
    assert desk.promises(Audience.AGENT, "over_estimate") == []

    by_agent(desk, "#time 20m")
    by_agent(desk, "#time 20m")

    assert [n.recipient for n in desk.promises(Audience.AGENT, "over_estimate")] == ["bogdan@desk.test"]


@pytest.mark.parametrize("prove", [True, False])
def test_an_estimate_is_told_to_a_proven_requester_alone(tmp_path: Path, prove: bool) -> None:
    """The mail to anybody else may carry no values, so it would have a hole in the place of the number."""
    teams = POLICY["teams.yaml"].replace("answered, escalated]", "answered, estimate]")
    with a_desk(tmp_path, rules=POLICY | {"teams.yaml": teams}) as desk:
        desk.feed(proven(a_mail(), "customer.test") if prove else a_mail())
        by_agent(desk, "#estimate 3h")
        assert desk.ticket().estimate == 180
        assert ("estimate" in to_customer(desk)) is prove


def test_a_ticket_goes_up_the_chain_and_the_customer_hears_where_the_team_says_so(desk: TestDesk) -> None:
    by_agent(desk, "#escalate hardware")
    assert (desk.ticket().assignee, desk.ticket().level) == ("clara", 1)
    assert desk.promise_to("clara@desk.test").event == "assigned"
    assert to_customer(desk) == ["received", "escalated"]

    by_agent(desk, "#escalate", "clara")

    assert (desk.ticket().team, desk.ticket().assignee, desk.ticket().level) == ("network", "", 2)
    assert desk.promise_to("dan@desk.test").event == "new"
    assert to_customer(desk) == ["received", "escalated"], "the network team tells nobody"
    desk.assert_sound()


def test_a_consultant_is_asked_after_a_yes_and_the_answer_is_a_note(desk: TestDesk) -> None:
    by_agent(desk, "The drum of type 7 fails every week.\n#note\n#escalate petra")
    assert desk.promises(event="consulted") == []
    by_agent(desk, "yes", "mara", answering="approval")
    asked = desk.promise_to("petra@maker.test", "consulted")

    answer = a_mail("Use firmware 9.\n\n#close", from_="petra@maker.test", to=asked.reply_to, subject="Re", message_id="<p@maker.test>")
    desk.feed(answer, mail_from="petra@maker.test", rcpt_to=(asked.reply_to,))

    with desk.app.store.read() as tx:
        last = tx.events.of_ticket(1)[-1]
    assert (last.actor.kind, last.actor.name) == (ActorKind.CONSULTANT, "petra")
    assert last.what == MessageAdded(author="petra", internal=True)
    assert desk.ticket().closed_at is None
    assert desk.promise_to("bogdan@desk.test").event == "colleague_answered"
    assert to_customer(desk) == ["received", "escalated"]
    assert [ticket.id for ticket in desk.tickets()] == [1]
    desk.assert_sound()


def test_what_the_consultant_reads_is_the_conversation_without_notes(desk: TestDesk) -> None:
    by_agent(desk, "He is a difficult customer.\n#note")
    by_agent(desk, "We look into it.")
    by_agent(desk, "The drum fails every week.\n#note\n#escalate petra")
    by_agent(desk, "yes", "mara", answering="approval")

    (mail,) = [mail for mail in desk.deliver() if mail["To"] == "Petra Klein <petra@maker.test>"]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]

    assert "Bogdan Ionescu of Acme Support asks for your help" in text
    assert all(said in text for said in ("The drum fails every week.", "It does not work.", "We look into it."))
    assert "Bogdan Ionescu wrote:" in text
    assert not any(word in text for word in ("difficult", "Support ·", "nobody has taken it")), "what is the desk's own business"


def test_whoever_forwards_the_consultants_mail_is_no_consultant(desk: TestDesk) -> None:
    by_agent(desk, "#escalate petra")
    by_agent(desk, "yes", "mara", answering="approval")
    asked = desk.promise_to("petra@maker.test", "consulted")

    raw = a_mail("It was me.", from_="eve@elsewhere.test", to=asked.reply_to, subject="Re", message_id="<e@elsewhere.test>")
    desk.feed(raw, mail_from="eve@elsewhere.test", rcpt_to=(asked.reply_to,))

    assert [ticket.id for ticket in desk.tickets()] == [1, 2]
