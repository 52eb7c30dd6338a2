"""notifications.yaml on a real desk: who is told, when, in how many mails, and what is never kept back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mailbridge.cli.main import cli
from mailbridge.conversation.tokens import Purpose
from mailbridge.jobs import collected
from mailbridge.notifications.model import OutboxState, Queued
from mailbridge.notifications.untold import Untold
from mailbridge.store.tx import Tx
from tests.builders import NOW
from tests.flows.test_sweep import OFFICE
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven

FLOW = "notifications.yaml"


@contextmanager
def with_flow(tmp_path: Path, entries: str, rules: dict[str, str] = RULES) -> Iterator[TestDesk]:
    with a_desk(tmp_path, rules={**rules, FLOW: entries}) as desk:
        yield desk


def told(desk: TestDesk) -> list[tuple[str, str]]:
    return sorted((f"{one.audience}.{one.event}", one.recipient.partition("@")[0]) for one in desk.promises())


def rows(desk: TestDesk) -> list[tuple[str, str, str]]:
    """Event, recipient and state of each mail, in order."""
    with desk.app.store.read() as tx:
        return [(one.notification.event, one.notification.recipient.partition("@")[0], one.state) for one in tx.outbox.of_ticket(1)]


def writes(desk: TestDesk, agent: str, text: str, number: int) -> None:
    """The agent answers the mail about the new ticket."""
    to = desk.promise_to(f"{agent}@desk.test", "new").reply_to
    mail = a_mail(text, from_=f"{agent}@desk.test", to=to, message_id=f"<{number}@desk.test>", subject="Re: Printer broken [MB-1]")
    desk.feed(proven(mail), mail_from=f"{agent}@desk.test", rcpt_to=(to,))


def sweep(desk: TestDesk, **later: int) -> None:
    desk.pass_time(**later)
    desk.app.jobs.sweep()


def test_without_the_file_and_with_an_empty_one_the_same_people_are_told(tmp_path: Path) -> None:
    found = []
    for name, rules in (("a", RULES), ("b", {**RULES, FLOW: "# nothing yet\n"})):
        with a_desk(tmp_path / name, rules=rules) as desk:
            desk.feed(a_mail())
            writes(desk, "bogdan", "#take", 2)
            found.append(told(desk))
    assert found[0] == found[1]
    assert ("customer.taken", "carol") not in found[0]


def test_a_step_is_switched_on_for_all_and_off_again_for_a_team(tmp_path: Path) -> None:
    entries = """
notifications:
  - {name: on, event: taken, to: requester}
teams:
  network:
    - {name: network says nothing, event: [taken, received], to: requester, send: false}
"""
    with with_flow(tmp_path, entries) as desk:
        desk.feed(a_mail())
        writes(desk, "bogdan", "#take", 2)
        assert ("customer.taken", "carol") in told(desk)
        desk.feed(a_mail(subject="vpn is down", message_id="<9@customer.test>", from_="dora@customer.test"), mail_from="dora@customer.test")
        assert [one for one in told(desk) if one[1] == "dora"] == []
        with desk.app.store.read() as tx:
            (untold,) = [one for one in tx.events.untold(2) if one.event == "received"]
        assert (untold.reason, untold.detail) == (Untold.OFF, 'rules/notifications.yaml:6 "network says nothing"')


def test_a_customer_has_an_entry_of_its_own_which_comes_before_that_of_the_team(tmp_path: Path) -> None:
    customers = "customers:\n  acme: {domains: [customer.test]}\n"
    entries = """
customers:
  acme:
    - {name: acme knows, event: received, to: requester, send: false}
teams:
  support:
    - {name: everybody hears, event: received, to: requester}
"""
    with with_flow(tmp_path, entries, {**RULES, "customers.yaml": customers}) as desk:
        desk.feed(a_mail())
        desk.feed(a_mail(from_="otto@other.test", message_id="<8@other.test>", subject="Plotter"), mail_from="otto@other.test")
        assert [who for event, who in told(desk) if event == "customer.received"] == ["otto"]


def test_an_entry_holds_only_where_its_condition_does(tmp_path: Path) -> None:
    entries = "notifications:\n  - {name: vpn, event: new, to: manager, when: {tag: vpn}}\n"
    with with_flow(tmp_path, entries) as desk:
        desk.feed(a_mail())
        assert ("agent.new", "mara") not in told(desk)
        desk.feed(a_mail(subject="vpn is down", message_id="<9@customer.test>"))
        assert ("agent.new", "mara") in told(desk)
        assert 'rules/notifications.yaml:2 "vpn"' in {one.why for one in desk.promises() if one.recipient == "mara@desk.test"}


def test_the_responsible_agent_and_the_operators_hear_of_it(tmp_path: Path) -> None:
    customers = "customers:\n  acme: {domains: [customer.test], responsible: mara}\n"
    entries = "notifications:\n  - {name: more, event: new, to: [responsible, operator, lead]}\n"
    with with_flow(tmp_path, entries, {**RULES, "customers.yaml": customers}) as desk:
        desk.feed(a_mail())
        assert [who for event, who in told(desk) if event == "agent.new"] == ["admin", "bogdan", "clara", "mara"]


def test_nobody_is_told_of_their_own_doing_by_an_entry_either(tmp_path: Path) -> None:
    with with_flow(tmp_path, "notifications:\n  - {name: lead, event: assigned, to: [lead, team]}\n") as desk:
        desk.feed(a_mail())
        writes(desk, "bogdan", "#take", 2)
        assert sorted(who for event, who in told(desk) if event == "agent.assigned") == ["clara", "mara"]


def test_quiet_tells_in_one_mail_what_happened_on_one_ticket(tmp_path: Path) -> None:
    entries = "notifications:\n  - {name: ten, event: [taken, waiting], to: [requester, participants], timing: quiet 10m}\n"
    with with_flow(tmp_path, entries) as desk:
        desk.feed(a_mail())
        writes(desk, "bogdan", "#take", 2)
        sweep(desk, minutes=6)
        writes(desk, "bogdan", "#status waiting", 3)
        assert [one for one in rows(desk) if one[0] in ("taken", "waiting")] == [
            ("taken", "carol", OutboxState.HELD),
            ("waiting", "carol", OutboxState.HELD),
        ]
        sweep(desk, minutes=4)  # ten minutes after the first: the second did not begin a new window
        assert [one for one in rows(desk) if one[0] in ("taken", "waiting", "changes")] == [
            ("taken", "carol", OutboxState.SUPPRESSED),
            ("changes", "carol", OutboxState.QUEUED),
        ]
        mail = desk.deliver()[-1]
        assert "carol@customer.test" in mail["To"]
        text = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert "somebody is working on it" in text
        assert "we are waiting for your answer" in text
        assert "Its status is now" in text


def test_an_answer_within_the_quiet_time_tells_what_waits(tmp_path: Path) -> None:
    """The customer is not told that somebody works on the request after the answer has come."""
    with with_flow(tmp_path, "notifications:\n  - {name: ten, event: [taken, estimate], to: requester, timing: quiet 10m}\n") as desk:
        desk.feed(proven(a_mail(), "customer.test"))
        writes(desk, "bogdan", "#take\n#estimate 2h", 2)
        writes(desk, "bogdan", "Switch it off and on.", 3)
        found = {event: state for event, who, state in rows(desk) if who == "carol"}
        assert (found["taken"], found["estimate"], found["answered"]) == (OutboxState.SUPPRESSED, OutboxState.HELD, OutboxState.QUEUED)
        assert "taken: in another mail (answered)" in command(desk, "notify", "explain", "MB-1")
        sweep(desk, minutes=10)
        assert {event: state for event, who, state in rows(desk) if who == "carol"}["estimate"] is OutboxState.QUEUED


def test_a_list_of_changes_says_their_values(tmp_path: Path) -> None:
    with with_flow(tmp_path, "notifications:\n  - {name: ten, event: [taken, estimate], to: requester, timing: quiet 10m}\n") as desk:
        desk.feed(proven(a_mail(), "customer.test"))
        writes(desk, "bogdan", "#take\n#estimate 2h", 2)
        sweep(desk, minutes=10)
        text = desk.deliver()[-1].get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert "the estimate changed: 2 h" in text


def test_entries_change_while_the_desk_runs(tmp_path: Path) -> None:
    with with_flow(tmp_path, "notifications: []\n") as desk:
        desk.feed(a_mail())
        file = desk.app.config.folder / "rules" / FLOW
        file.write_text("notifications:\n  - {name: on, event: taken, to: requester}\n")
        desk.app.rules.refresh(at_once=True)
        writes(desk, "bogdan", "#take", 2)
        assert ("customer.taken", "carol") in told(desk)
        file.write_text("notifications:\n  - {name: broken, event: takn, to: requester}\n")
        desk.app.rules.refresh(at_once=True)
        assert [one.name for one in desk.app.desk().policy.flow.entries] == ["on"], "a mistake leaves the entries in force"


def test_a_person_whose_mail_fails_delays_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with with_flow(tmp_path, "notifications:\n  - {name: ten, event: new, to: team, timing: quiet 10m}\n") as desk:
        desk.jobs_may_fail = True
        desk.feed(a_mail())
        usual = collected._notify

        def broken(tx: Tx, group: Sequence[Queued], *others: Any) -> int:
            if group[0].notification.recipient.startswith("bogdan"):
                raise KeyError("no such row")
            return usual(tx, group, *others)

        monkeypatch.setattr(collected, "_notify", broken)
        sweep(desk, minutes=10)
        assert [(who, state) for event, who, state in rows(desk) if event == "new"] == [
            ("bogdan", OutboxState.HELD),
            ("clara", OutboxState.QUEUED),
        ]
        monkeypatch.setattr(collected, "_notify", usual)
        sweep(desk, hours=2)
        assert ("new", "bogdan", OutboxState.QUEUED) in rows(desk)


def test_one_thing_in_a_quiet_time_is_told_as_it_is(tmp_path: Path) -> None:
    with with_flow(tmp_path, "notifications:\n  - {name: ten, event: taken, to: requester, timing: quiet 10m}\n") as desk:
        desk.feed(a_mail())
        writes(desk, "bogdan", "#take", 2)
        sweep(desk, minutes=9)
        assert ("taken", "carol", OutboxState.HELD) in rows(desk)
        sweep(desk, minutes=1)
        assert ("taken", "carol", OutboxState.QUEUED) in rows(desk)
        sweep(desk, minutes=60)
        assert [one[0] for one in rows(desk)].count("taken") == 1


def test_two_tickets_and_two_people_are_not_mixed(tmp_path: Path) -> None:
    entries = "notifications:\n  - {name: ten, event: [assigned, colleague-answered], to: [assignee, lead], timing: quiet 10m}\n"
    with with_flow(tmp_path, entries) as desk:
        desk.feed(a_mail())
        writes(desk, "bogdan", "#assign clara", 2)
        writes(desk, "bogdan", "#note She calls at noon.", 3)
        sweep(desk, minutes=10)
        changes = [one for one in rows(desk) if one[0] == "changes"]
        assert sorted((who, state) for _, who, state in changes) == [("clara", OutboxState.QUEUED), ("mara", OutboxState.QUEUED)]
        mail = next(one for one in desk.deliver() if "clara" in one["To"] and "What happened" in str(one))
        text = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert "assigned to you (Bogdan Ionescu)" in text
        assert "She calls at noon." in text


def test_what_waits_for_the_digest_is_one_mail_at_the_agents_hour(tmp_path: Path) -> None:
    with with_flow(tmp_path, "notifications:\n  - {name: daily, event: new, to: [team, manager], timing: digest}\n") as desk:
        desk.feed(a_mail())
        desk.feed(a_mail(subject="Plotter", message_id="<2@customer.test>"))
        sweep(desk, hours=2)
        assert {state for event, _, state in rows(desk) if event == "new"} == {OutboxState.HELD}
        sweep(desk, hours=21)  # eight in the morning of the next day
        mails = [one for one in desk.promises() if one.event == "collected"]
        assert sorted(one.recipient for one in mails) == ["bogdan@desk.test", "clara@desk.test", "mara@desk.test"]
        assert {state for event, _, state in rows(desk) if event == "new"} == {OutboxState.SUPPRESSED}
        text = desk.deliver()[-1].get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        assert "MB-1  Printer broken" in text
        assert "MB-2  Plotter" in text


def test_while_open_waits_for_the_working_hours_of_the_recipient(tmp_path: Path) -> None:
    entries = "notifications:\n  - {name: office, event: [new, customer-replied], to: [assignee, team], timing: while-open}\n"
    with with_flow(tmp_path, entries, OFFICE) as desk:
        desk.pass_time(hours=12)
        desk.feed(a_mail())
        assert [one for one in desk.deliver() if "desk.test" in one["To"]] == []
        desk.pass_time(hours=11)
        assert [one for one in desk.deliver() if "bogdan@desk.test" in one["To"]] != []


def test_a_customers_answer_is_never_collected_whatever_stands_there(tmp_path: Path) -> None:
    """`check` refuses such an entry; rules that came another way do not hold the mail back."""
    entries = "notifications:\n  - {name: slow, event: [new, warning], to: team, timing: quiet 1h}\n"
    with with_flow(tmp_path, entries) as desk:
        desk.feed(a_mail())
        to = desk.promise_to("carol@customer.test", "received").reply_to
        desk.feed(a_mail("It still happens.", to=to, message_id="<3@customer.test>"), rcpt_to=(to,))
        assert ("customer_replied", "bogdan", OutboxState.QUEUED) in rows(desk)
        assert ("new", "bogdan", OutboxState.HELD) in rows(desk)


def test_who_was_away_and_who_did_it_is_recorded(tmp_path: Path) -> None:
    day = NOW.date().isoformat()
    absent = f"clara@desk.test, absences: [{{from: {day}, to: {day}}}]}}"
    rules = {**RULES, "teams.yaml": RULES["teams.yaml"].replace("clara@desk.test}", absent)}
    with a_desk(tmp_path, rules=rules) as desk:
        desk.feed(a_mail())
        writes(desk, "bogdan", "#take", 2)
        with desk.app.store.read() as tx:
            untold = [(one.event, one.recipient, one.reason, one.detail) for one in tx.events.untold(1)]
        assert ("new", "clara@desk.test", Untold.ABSENT, day) in untold
        assert ("assigned", "bogdan@desk.test", Untold.OWN, "") in untold
        assert ("taken", "carol@customer.test", Untold.OFF, "tells of the team support") in untold


def test_a_template_of_the_desk_is_used_for_the_event(tmp_path: Path) -> None:
    entries = "notifications:\n  - {name: own words, event: received, to: requester, template: hello}\n"
    with with_flow(tmp_path, entries) as desk:
        folder = desk.app.config.templates_folder / "mail" / "en"
        folder.mkdir(parents=True)
        (folder / "customer.hello.txt.j2").write_text(
            '{% extends "mail/customer.txt.j2" %}{% block message %}\nHello from {{ desk.name }}.\n{% endblock %}'
        )
        desk.feed(proven(a_mail(), "customer.test"))
        mail = next(one for one in desk.deliver() if "carol" in one["To"])
        assert "Hello from Acme Support." in mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]


def command(desk: TestDesk, *words: str) -> str:
    folder = desk.app.config.folder
    (folder / "mailbridge.toml").write_text('[desk]\nname = "Acme"\naddress = "support@desk.test"\n')
    shown = CliRunner().invoke(cli, [*words, "--desk", str(folder)], standalone_mode=False)
    assert shown.exception is None, shown.exception
    return shown.output


def test_explain_lists_who_was_told_when_and_why_and_who_was_not(tmp_path: Path) -> None:
    day = NOW.date().isoformat()
    absent = f"clara@desk.test, absences: [{{from: {day}, to: {day}}}]}}"
    rules = {**RULES, "teams.yaml": RULES["teams.yaml"].replace("clara@desk.test}", absent)}
    entries = "notifications:\n  - {name: off, event: received, to: requester, send: false}\n"
    entries += "  - {name: ten, event: [taken, waiting], to: requester, timing: quiet 10m}\n"
    with with_flow(tmp_path, entries, rules) as desk:
        desk.feed(a_mail())
        writes(desk, "bogdan", "#take", 2)
        desk.deliver()
        sweep(desk, minutes=5)
        writes(desk, "bogdan", "#status waiting", 3)
        text = command(desk, "notify", "explain", "MB-1")
        told = "  told      bogdan@desk.test     new: sent 2026-11-23 09:00Z; built-in  ["
        assert any(line.startswith(told) for line in text.splitlines())
        assert 'received: switched off by rules/notifications.yaml:2 "off"' in text
        assert f"clara@desk.test      new: absent until {day}; built-in" in text
        assert "bogdan@desk.test     assigned: own doing; built-in" in text
        assert 'taken: waits until 2026-11-23 09:10Z (quiet); rules/notifications.yaml:3 "ten"' in text

        said = json.loads(command(desk, "notify", "explain", "MB-1", "--json"))
        assert said["ticket"] == "MB-1"
        assert [act["events"][0].split(" ")[0] for act in said["acts"]] == ["MB-1", "assigned", "status"]
        assert [one["by"] for one in said["acts"][1]["told"] if one["event"] == "taken"] == ['rules/notifications.yaml:3 "ten"']
        assert [(one["recipient"], one["how"]) for one in said["acts"][0]["not_told"]] == [
            ("carol@customer.test", 'switched off by rules/notifications.yaml:2 "off"'),
            ("clara@desk.test", f"absent until {day}"),
        ]

        sweep(desk, minutes=5)
        desk.deliver()
        text = command(desk, "notify", "explain", "MB-1")
        assert "taken: in another mail (changes)" in text
        assert "changes: sent" in text
        story = command(desk, "rules", "explain", "MB-1")
        assert "told     bogdan@desk.test (new)\n" in story
        assert "not told carol@customer.test (received: switched off by rules/notifications.yaml:2" in story
        assert f"clara@desk.test (new: absent until {day})" in story


def test_explain_names_each_reason_why_somebody_was_not_told(tmp_path: Path) -> None:
    """A robot, an address that bounces, and a mute."""
    with a_desk(tmp_path) as desk:
        desk.feed(a_mail(auto_submitted="auto-generated"))
        text = command(desk, "notify", "explain", "MB-1")
        assert "carol@customer.test  received: no automatic answer: " in text

        with desk.app.store.write() as tx:
            tx.addresses.suspend("dora@customer.test", None, "5.1.1 no such user")
        desk.feed(a_mail(from_="dora@customer.test", message_id="<d@customer.test>", subject="vpn"), mail_from="dora@customer.test")
        desk.deliver()
        text = command(desk, "notify", "explain", f"MB-{desk.tickets()[-1].id}")
        assert "dora@customer.test" in text
        assert "5.1.1 no such user" in text

        mute = next(one for one in desk.promises(event="new") if (one.ticket, one.recipient) == (1, "bogdan@desk.test")).reply_to
        raw = proven(a_mail("#mute", from_="bogdan@desk.test", to=mute, message_id="<m@desk.test>"))
        desk.feed(raw, mail_from="bogdan@desk.test", rcpt_to=(mute,))
        to = desk.app.desk().signer.reply_address(1, "carol@customer.test", Purpose.CUSTOMER)
        desk.feed(a_mail("And again.", to=to, message_id="<n@customer.test>"), rcpt_to=(to,))
        text = command(desk, "notify", "explain", "MB-1")
        assert "not told  bogdan@desk.test  customer-replied: muted by bogdan (#mute); built-in" in text
        assert "told      clara@desk.test   customer-replied: queued; built-in" in text


@pytest.mark.parametrize("send", ["send: false", "channel: room"])
def test_a_missed_target_goes_out_by_mail_even_if_the_rules_say_otherwise(tmp_path: Path, send: str) -> None:
    """A level of a ladder that is late is told, although `check` only warns of such an entry."""
    channels = 'channels:\n  room: {url: "https://hooks.desk.test/x", shape: slack}\n'
    entries = f"{channels}notifications:\n  - {{name: off, event: level, to: [assignee, team, lead, manager], {send}}}\n"
    sla = "targets:\n  normal:\n    response: 4h\n    ladder: [{at: 50%, tell: team}, {at: breach, tell: team}]\n"
    with with_flow(tmp_path, entries, {**RULES, "sla.yaml": sla}) as desk:
        desk.feed(a_mail())
        sweep(desk, hours=2)
        assert [one for one in told(desk) if one[0] == "agent.level"] == []
        sweep(desk, hours=2)
        assert ("agent.level", "bogdan") in told(desk)


@pytest.mark.parametrize(("send", "heard"), [("true", ["taken"]), ("false", [])])
def test_taking_is_told_as_taken_and_not_as_a_change_of_status(send: str, heard: list[str], tmp_path: Path) -> None:
    entries = f"""
notifications:
  - {{name: on, event: [taken, changed], to: requester}}
teams:
  support:
    - {{name: taken, event: taken, to: requester, send: {send}}}
"""
    with with_flow(tmp_path, entries) as desk:
        desk.feed(proven(a_mail(), "customer.test"))
        writes(desk, "bogdan", "#take", 2)
        assert [event for event, who, _ in rows(desk) if who == "carol" and event != "received"] == heard


def test_the_result_of_a_line_names_statuses_in_the_agents_language(tmp_path: Path) -> None:
    rules = {**RULES, "teams.yaml": RULES["teams.yaml"].replace("address: bogdan@desk.test", "address: bogdan@desk.test, language: ro")}
    assert rules != RULES
    with a_desk(tmp_path, rules=rules) as desk:
        desk.feed(a_mail())
        writes(desk, "bogdan", "#take", 2)
        (letter,) = [one for one in desk.deliver() if "bogdan" in str(one["To"]) and "#take" in str(one.get_payload(0))]
        assert "Nou → În lucru" in letter.get_payload(0).get_payload(decode=True).decode()  # type: ignore[union-attr]
