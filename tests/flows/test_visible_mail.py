"""The guard in the outbox: no mail about a ticket leaves for an agent who may not see it, whoever promised it."""

from __future__ import annotations

from pathlib import Path

from tests.harness import TestDesk, a_desk, a_mail

RULES = {
    "teams.yaml": """
teams:
  support: {title: Support, members: [bogdan]}
  people: {title: People, members: [clara], outsiders: nothing}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
  clara: {title: Clara Weiss, address: clara@desk.test}
default: support
""",
    "routing/10-pay.yaml": """
- {name: pay, when: {header: {subject: {contains: salary}}}, then: {team: people, notify: [bogdan]}}
""",
}


def about_pay(desk: TestDesk) -> list[str]:
    return sorted(str(mail["To"].addresses[0].addr_spec) for mail in desk.deliver() if "salary" in str(mail["Subject"]).lower())


def states(desk: TestDesk, recipient: str) -> list[tuple[str, str]]:
    with desk.app.store.read() as tx:
        return [(row.state, row.error) for row in tx.outbox.list(limit=50) if row.notification.recipient == recipient]


def test_a_rule_that_names_an_outsider_sends_nothing_and_says_why(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=RULES) as desk:
        desk.feed(a_mail(subject="My salary"))

        assert about_pay(desk) == ["clara@desk.test"]
        assert states(desk, "bogdan@desk.test") == [("suppressed", "agent bogdan may not see tickets of team people")]


def test_a_mail_that_was_worded_before_the_ticket_moved_is_not_sent_after(tmp_path: Path) -> None:
    with a_desk(tmp_path, rules=RULES) as desk:
        desk.feed(a_mail(subject="Printer"))
        with desk.app.store.write() as tx:
            for row in tx.outbox.list(limit=10):
                tx.outbox.mark_rendered(row.id, b"Subject: My salary\r\n\r\nIt was worded before.\r\n")
        closed = RULES["teams.yaml"].replace("members: [bogdan]", "members: [clara], outsiders: nothing")
        (tmp_path / "rules" / "teams.yaml").write_text(closed)
        desk.app.rules.refresh(at_once=True)

        desk.deliver()

        assert states(desk, "bogdan@desk.test") == [("suppressed", "agent bogdan may not see tickets of team support")]
