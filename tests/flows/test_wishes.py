"""What people wish for themselves by mail: quiet hours, mute, follow, mentions, absences, lists; blocked senders; a customer's opt-out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest

from mailbridge.execution.leaving import leave
from mailbridge.handling.outcome import MailOutcome
from mailbridge.notifications.model import Audience, Notification, OutboxState
from mailbridge.notifications.untold import Untold
from mailbridge.organisation.wishes import WishKind
from mailbridge.tickets.actor import Actor, ActorKind
from tests.harness import RULES, TestDesk, a_desk, a_mail, proven
from tests.links import links_of, written

CAROL, BOGDAN, CLARA, MARA = "carol@customer.test", "bogdan@desk.test", "clara@desk.test", "mara@desk.test"
HOURS = """
hours:
  day: {zone: UTC, week: {mon-fri: "09:00-17:00"}}
"""
TEAMS = HOURS + RULES["teams.yaml"].replace("managers: [mara]}", "managers: [mara], hours: day}", 1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with _desk(tmp_path) as desk:
        yield desk


@contextmanager
def _desk(folder: Path) -> Iterator[TestDesk]:
    with a_desk(folder, rules={**RULES, "teams.yaml": TEAMS}) as desk:
        desk.clock.time = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # Monday
        yield desk


def _opens(desk: TestDesk, id: str = "one", writer: str = CAROL, subject: str = "Printer broken") -> None:
    raw = a_mail(from_=writer, message_id=f"<{id}@customer.test>", subject=subject)
    desk.feed(proven(raw, writer.rpartition("@")[2]), mail_from=writer)


def _line(desk: TestDesk, who: str, text: str, id: str, event: str = "new") -> None:
    """A mail of the agent to the ticket of the latest notification of this kind."""
    to = desk.promise_to(who, event).reply_to
    desk.feed(proven(a_mail(text, from_=who, to=to, message_id=f"<{id}@desk.test>")), mail_from=who, rcpt_to=(to,))


def _wish(desk: TestDesk, who: str, text: str, id: str) -> str:
    """A mail of the agent to the desk, and what the desk answers."""
    desk.feed(proven(a_mail(text, from_=who, subject="wish", message_id=f"<{id}@desk.test>")), mail_from=who)
    return _plain(_last(desk, who))


def _replies(desk: TestDesk, text: str, id: str, event: str = "received", check: str = "pass") -> None:
    to = desk.promise_to(CAROL, event).reply_to
    desk.feed(proven(a_mail(text, to=to, message_id=f"<{id}@customer.test>"), "customer.test", check), rcpt_to=(to,))


def _last(desk: TestDesk, who: str) -> Message:
    return next(one for one in reversed(desk.deliver()) if who in str(one["To"]))


def _plain(letter: Message) -> str:
    return str(letter.get_body(("plain",)).get_content())  # type: ignore[attr-defined]


def _told(desk: TestDesk, who: str) -> list[str]:
    return [n.event for n in _rows(desk, OutboxState.SENT, OutboxState.QUEUED) if n.recipient == who]


def _rows(desk: TestDesk, *states: OutboxState) -> list[Notification]:
    with desk.app.store.read() as tx:
        return [queued.notification for state in states for queued in reversed(tx.outbox.list(state, 1000))]


def _suppressed(desk: TestDesk) -> list[tuple[str, str, str]]:
    """Who was not told because of a wish, of what, and by whose."""
    with desk.app.store.read() as tx:
        found = [one for ticket in tx.tickets.find(limit=100) for one in tx.events.untold(ticket.id)]
    return [(one.recipient, one.event, one.detail) for one in found if one.reason is Untold.MUTED]


# -- mute, follow, mentions ---------------------------------------------------------------------------------------


def test_a_muted_ticket_is_silent_and_says_why(desk: TestDesk) -> None:
    _opens(desk)
    _line(desk, BOGDAN, "#mute", "m")
    assert desk.ticket().muted == ("bogdan",)
    _replies(desk, "It also smells.", "more")
    assert (BOGDAN, "customer_replied", "by bogdan (#mute)") in _suppressed(desk)
    assert "customer_replied" in _told(desk, CLARA)
    _line(desk, BOGDAN, "#unmute", "u")
    _replies(desk, "And now smoke.", "smoke")
    assert "customer_replied" in _told(desk, BOGDAN)


def test_a_mute_never_hides_the_customers_answer_on_an_own_ticket(desk: TestDesk) -> None:
    _opens(desk)
    _line(desk, BOGDAN, "#take\n#mute", "m")
    _replies(desk, "It also smells.", "more")
    assert "customer_replied" in _told(desk, BOGDAN)
    _line(desk, CLARA, "#note he is angry", "n")
    assert (BOGDAN, "colleague_answered", "by bogdan (#mute)") in _suppressed(desk)


def test_a_mute_never_hides_a_breach_or_a_question(desk: TestDesk) -> None:
    _opens(desk)
    _wish_on(desk)
    desk.pass_time(hours=6)
    desk.app.jobs.sweep()
    assert "overdue" in _told(desk, MARA)


def _wish_on(desk: TestDesk) -> None:
    """Mara mutes MB-1 from a new mail, and says yes to the question of the desk."""
    desk.feed(proven(a_mail("#mute MB-1", from_=MARA, subject="x", message_id="<mm@desk.test>")), mail_from=MARA)
    to = desk.promise_to(MARA, "held").reply_to
    desk.feed(proven(a_mail("yes", from_=MARA, to=to, message_id="<yes@desk.test>")), mail_from=MARA, rcpt_to=(to,))
    assert desk.ticket().muted == ("mara",)


def test_undo_of_a_mute(desk: TestDesk) -> None:
    _opens(desk)
    _line(desk, BOGDAN, "#mute", "m")
    _line(desk, BOGDAN, "#undo", "u")
    assert desk.ticket().muted == ()


def test_who_follows_hears_without_having_it(desk: TestDesk) -> None:
    _opens(desk)
    _line(desk, CLARA, "#follow", "f")
    _line(desk, BOGDAN, "#take", "t")
    _line(desk, BOGDAN, "Please clean it.", "a")
    _replies(desk, "It is clean.", "clean", event="answered")
    assert _told(desk, CLARA)[-2:] == ["colleague_answered", "customer_replied"]
    _line(desk, CLARA, "#unfollow", "uf")
    _replies(desk, "Still broken.", "still", event="answered")
    assert _told(desk, CLARA).count("customer_replied") == 1


def test_a_mention_tells_the_colleague_with_the_text(desk: TestDesk) -> None:
    _opens(desk, subject="Printer")
    _line(desk, BOGDAN, "#take", "t")
    _line(desk, BOGDAN, "#note\n@mara please look, write to x@mara.test and @nobody", "n")
    letter = _plain(_last(desk, MARA))
    assert "You are mentioned in this message" in letter
    assert "please look" in letter


def test_a_mention_passes_a_mute(desk: TestDesk) -> None:
    _opens(desk)
    _line(desk, CLARA, "#mute", "m")
    _line(desk, BOGDAN, "#note @clara do you know it?", "n")
    assert "You are mentioned in this message" in _plain(_last(desk, CLARA))


def test_a_customers_mention_mentions_nobody(desk: TestDesk) -> None:
    _opens(desk)
    before = _told(desk, MARA)
    _replies(desk, "@mara please help", "m")
    assert _told(desk, MARA) == before


# -- quiet hours --------------------------------------------------------------------------------------------------


def _next_at(desk: TestDesk, who: str, event: str) -> datetime:
    with desk.app.store.read() as tx:
        row = next(r for r in tx.outbox.list(limit=1000) if r.notification.recipient == who and r.notification.event == event)
    assert row.next_at is not None
    return row.next_at


def test_quiet_evenings_delay_to_the_next_working_hour(desk: TestDesk) -> None:
    assert "Quiet hours: evenings" in _wish(desk, BOGDAN, "#quiet evenings", "q")
    desk.clock.time = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)  # Friday evening
    _opens(desk)
    assert _next_at(desk, BOGDAN, "new") == datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    assert _next_at(desk, CLARA, "new") == desk.clock.time


@pytest.mark.parametrize(("hour", "until"), [(21, (24, 8)), (7, (23, 8)), (12, None)])
def test_quiet_hours_by_the_clock(hour: int, until: tuple[int, int] | None, desk: TestDesk) -> None:
    _wish(desk, BOGDAN, "#quiet 18:00-8:00", "q")
    desk.clock.time = datetime(2026, 11, 23, hour, 0, tzinfo=UTC)
    _opens(desk)
    expected = datetime(2026, 11, *until, tzinfo=UTC) if until else desk.clock.time
    assert _next_at(desk, BOGDAN, "new") == expected


def test_quiet_hours_within_the_working_hours_do_not_delay_an_own_customer(desk: TestDesk) -> None:
    _opens(desk)
    _line(desk, BOGDAN, "#take", "t")
    _wish(desk, BOGDAN, "#quiet 9:30-16:00", "q")
    _replies(desk, "It also smells.", "more")
    assert _next_at(desk, BOGDAN, "customer_replied") == desk.clock.time  # on duty
    desk.clock.time = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)  # Saturday
    _replies(desk, "And smoke.", "smoke")
    assert _next_at(desk, BOGDAN, "customer_replied") == datetime(2026, 11, 28, 16, 0, tzinfo=UTC)


def test_quiet_hours_never_delay_a_breach(desk: TestDesk) -> None:
    _wish(desk, MARA, "#quiet 0:00-23:59", "q")
    _opens(desk)
    desk.pass_time(hours=2)
    desk.app.jobs.sweep()
    assert _next_at(desk, MARA, "unclaimed") <= desk.clock.time


def test_quiet_off_ends_it_and_quiet_alone_shows(desk: TestDesk) -> None:
    _wish(desk, BOGDAN, "#quiet evenings", "q")
    assert "Quiet hours: evenings" in _wish(desk, BOGDAN, "#quiet", "show")
    assert "There are no wishes" in _wish(desk, BOGDAN, "#quiet off", "off")
    assert desk.app.desk().organisation.agents["bogdan"].quiet is None


# -- digests, absences, lists -------------------------------------------------------------------------------------


def test_digest_off_and_weekly(desk: TestDesk) -> None:
    assert "Morning digest: off" in _wish(desk, BOGDAN, "#digest off", "d")
    assert desk.app.desk().organisation.agents["bogdan"].digest is None
    _wish(desk, BOGDAN, "#digest weekly", "w")
    _opens(desk)
    _line(desk, BOGDAN, "#take", "t")
    days = []
    for day in range(14):
        desk.clock.time = datetime(2026, 11, 24, 10, 0, tzinfo=UTC) + timedelta(days=day)
        before = _told(desk, BOGDAN).count("digest")
        desk.app.jobs.notify_digests()
        days += [f"{desk.clock.time:%a}"] if _told(desk, BOGDAN).count("digest") > before else []
    assert days == ["Tue", "Mon", "Mon"]


def test_away_with_a_stand_in_ends_by_itself(desk: TestDesk) -> None:
    told = _wish(desk, BOGDAN, "#away until friday for clara", "a")
    assert "Away: 23 Nov 2026 – 27 Nov 2026 (Clara Weiss)" in told
    _opens(desk)
    assert "new" not in _told(desk, BOGDAN)
    assert "new" in _told(desk, CLARA)
    desk.clock.time = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
    _opens(desk, "two")
    assert "new" in _told(desk, BOGDAN)


def test_away_off(desk: TestDesk) -> None:
    _wish(desk, BOGDAN, "#away until friday", "a")
    _wish(desk, BOGDAN, "#away off", "off")
    _opens(desk)
    assert "new" in _told(desk, BOGDAN)


def test_a_colleagues_absence_needs_a_manager(desk: TestDesk) -> None:
    desk.feed(proven(a_mail("#away clara until friday", from_=BOGDAN, subject="x", message_id="<a@desk.test>")), mail_from=BOGDAN)
    to = desk.promise_to(BOGDAN, "held").reply_to
    desk.feed(proven(a_mail("yes", from_=BOGDAN, to=to, message_id="<y@desk.test>")), mail_from=BOGDAN, rcpt_to=(to,))
    assert desk.app.desk().organisation.agents["clara"].absences == ()
    asked = _last(desk, MARA)
    (link,) = [link for link in links_of(asked) if link.label == "Approve"]
    desk.feed(proven(written(link, MARA, asked)), mail_from=MARA, rcpt_to=(link.address,))
    to = desk.promise_to(MARA, "held").reply_to
    desk.feed(proven(a_mail("yes", from_=MARA, to=to, message_id="<ym@desk.test>")), mail_from=MARA, rcpt_to=(to,))
    assert [a.last.isoformat() for a in desk.app.desk().organisation.agents["clara"].absences] == ["2026-11-27"]
    assert "entered an absence for you" in _plain(_last(desk, CLARA))


def test_a_saved_list(desk: TestDesk) -> None:
    _opens(desk)
    assert "Saved list: ours = #list support" in _wish(desk, BOGDAN, "#save ours #list support", "s")
    assert "MB-1" in _wish(desk, BOGDAN, "#list ours", "l")
    assert "Saved list" not in _wish(desk, BOGDAN, "#save ours off", "off")


# -- spam and blocked senders -------------------------------------------------------------------------------------


def _agree(desk: TestDesk, who: str, text: str, id: str) -> None:
    """A line that changes something in a new mail, and the yes to the question of the desk."""
    desk.feed(proven(a_mail(text, from_=who, subject="x", message_id=f"<{id}@desk.test>")), mail_from=who)
    to = desk.promise_to(who, "held").reply_to
    desk.feed(proven(a_mail("yes", from_=who, to=to, message_id=f"<{id}.yes@desk.test>")), mail_from=who, rcpt_to=(to,))


def test_spam_closes_in_silence_and_holds_the_next(desk: TestDesk) -> None:
    _opens(desk, writer="offers@spam.test")
    before = [n.event for n in desk.promises(Audience.CUSTOMER)]
    _line(desk, BOGDAN, "#spam", "s")
    assert (desk.ticket().status, desk.ticket().spam) == ("closed", True)
    assert [n.event for n in desk.promises(Audience.CUSTOMER)] == before
    raw = a_mail(from_="offers@spam.test", message_id="<two@spam.test>")
    done = desk.feed(proven(raw, "spam.test"), mail_from="offers@spam.test")
    assert done.result.outcome is MailOutcome.QUARANTINED
    assert desk.promises(Audience.ADMIN) == []
    _line(desk, BOGDAN, "#undo", "u")
    assert (desk.ticket().status, desk.ticket().spam) == ("new", False)
    raw = a_mail(from_="offers@spam.test", message_id="<three@spam.test>")
    assert desk.feed(proven(raw, "spam.test"), mail_from="offers@spam.test").result.outcome is MailOutcome.TICKET


def test_only_who_may_block_blocks(desk: TestDesk) -> None:
    _agree(desk, BOGDAN, "#block @spam.test", "b")
    assert "only managers and agents who may block" in _plain(_last(desk, BOGDAN))
    _agree(desk, MARA, "#block @spam.test", "m")
    done = desk.feed(a_mail(from_="x@mail.spam.test", message_id="<x@spam.test>"), mail_from="x@mail.spam.test")
    assert done.result.outcome is MailOutcome.QUARANTINED
    assert "blocked: @spam.test, by mara" in done.result.reason


@pytest.mark.parametrize("sender", ["@desk.test", "support@desk.test", "bogdan@desk.test"])
def test_nobody_blocks_the_desk_itself(sender: str, desk: TestDesk) -> None:
    _agree(desk, MARA, f"#block {sender}", "b")
    assert "an agent or a known customer" in _plain(_last(desk, MARA))
    assert desk.app.desk().organisation.wishes.senders() == ()


@pytest.mark.parametrize("sender", ["@co.uk", "@acme.co.uk", "@mail.acme.co.uk", "@freemail.test", "joe@freemail.test"])
def test_nobody_blocks_a_domain_above_a_customer(sender: str, tmp_path: Path) -> None:
    customers = "customers:\n  acme: {domains: [acme.co.uk], people: [{address: Joe@freemail.test}]}\n"
    with a_desk(tmp_path, rules={**RULES, "teams.yaml": TEAMS, "customers.yaml": customers}) as desk:
        _agree(desk, MARA, f"#block {sender}", "b")
        assert "an agent or a known customer" in _plain(_last(desk, MARA))
        assert desk.app.desk().organisation.wishes.senders() == ()


def test_who_becomes_a_customer_is_held_no_longer(tmp_path: Path) -> None:
    with _desk(tmp_path) as desk:
        _agree(desk, MARA, "#block @co.uk", "b")
    (tmp_path / "rules" / "customers.yaml").write_text("customers:\n  acme: {domains: [acme.co.uk]}\n")
    with a_desk(tmp_path) as desk:
        for sender, outcome in (("ann@acme.co.uk", MailOutcome.TICKET), ("ann@other.co.uk", MailOutcome.QUARANTINED)):
            done = desk.feed(a_mail(from_=sender, message_id=f"<1.{sender}>"), mail_from=sender)
            assert done.result.outcome is outcome


def test_spam_in_somebodys_name_does_not_hold_the_mail_of_that_person(desk: TestDesk) -> None:
    forged = a_mail(from_=CAROL, subject="You won", message_id="<forged@attacker.test>")
    desk.feed(proven(forged, "customer.test", "none"), mail_from="bounce@attacker.test")
    _line(desk, BOGDAN, "#spam", "s")
    again = a_mail(from_=CAROL, subject="You won again", message_id="<forged2@attacker.test>")
    done = desk.feed(proven(again, "customer.test", "none"), mail_from="bounce@attacker.test")
    assert done.result.outcome is MailOutcome.QUARANTINED
    genuine = a_mail(from_=CAROL, message_id="<genuine@customer.test>")
    assert desk.feed(proven(genuine, "customer.test")).result.outcome is MailOutcome.TICKET


def test_the_managers_review_once_a_day_and_let_one_in(desk: TestDesk) -> None:
    _agree(desk, MARA, "#block @spam.test", "m")
    desk.feed(a_mail(from_="ann@spam.test", subject="A real question", message_id="<x@spam.test>"), mail_from="ann@spam.test")
    desk.clock.time += timedelta(days=1)
    assert desk.app.jobs.review_spam() == 1
    assert desk.app.jobs.review_spam() == 0
    letter = _last(desk, MARA)
    assert "A real question" in _plain(letter)
    (link,) = [link for link in links_of(letter) if link.label == "Not spam"]
    desk.feed(proven(written(link, MARA, letter)), mail_from=MARA, rcpt_to=(link.address,))
    to = desk.promise_to(MARA, "held").reply_to
    desk.feed(proven(a_mail("yes", from_=MARA, to=to, message_id="<y2@desk.test>")), mail_from=MARA, rcpt_to=(to,))
    desk.work()
    assert [ticket.subject for ticket in desk.tickets()] == ["A real question"]
    assert desk.app.desk().organisation.wishes.senders() == ()


# -- a customer's opt-out -----------------------------------------------------------------------------------------


def test_a_customer_who_wants_answers_alone(desk: TestDesk) -> None:
    _opens(desk)
    _replies(desk, "#quiet", "q")
    assert desk.ticket().status == "new"
    assert "From now on you get our answers and questions" in _plain(_last(desk, CAROL))
    _line(desk, BOGDAN, "It is clean.", "a")
    assert "answered" in _told(desk, CAROL)
    _line(desk, BOGDAN, "#close", "c")
    assert (CAROL, "closed", "by the customer, who wants answers alone (#quiet)") in _suppressed(desk)
    _replies(desk, "#quiet off", "off", event="answered")
    assert "You get all mail about your requests again" in _plain(_last(desk, CAROL))
    assert not desk.app.desk().organisation.wishes.opted_out(CAROL)


@pytest.mark.parametrize(("text", "check"), [("#quiet please", "pass"), ("#quiet", "fail")])
def test_other_words_and_forged_mails_opt_nobody_out(text: str, check: str, desk: TestDesk) -> None:
    _opens(desk)
    _replies(desk, text, "q", check=check)
    assert not desk.app.desk().organisation.wishes.opted_out(CAROL)


def test_a_desk_without_wishes_asks_for_nothing(desk: TestDesk) -> None:
    organisation = desk.app.desk().organisation
    assert organisation.wishes.all == {}
    assert organisation is desk.app.rules.policy.organisation
    assert set(WishKind) >= {WishKind.QUIET}


# -- an agent who leaves ------------------------------------------------------------------------------------------


def _busy(desk: TestDesk) -> None:
    """Bogdan has MB-1 with a plan on it, follows MB-2, and has muted it."""
    _opens(desk)
    _line(desk, BOGDAN, "#take\n#plan thu 10:00 2h", "t")
    _opens(desk, "two", subject="Screen")
    _line(desk, BOGDAN, "#follow\n#mute", "f")


def test_a_manager_hands_over_what_a_leaver_has(desk: TestDesk) -> None:
    _busy(desk)
    desk.feed(proven(a_mail("#leave bogdan to clara", from_=MARA, subject="x", message_id="<l@desk.test>")), mail_from=MARA)
    assert desk.ticket(1).assignee == "bogdan"  # not before the yes
    to = desk.promise_to(MARA, "held").reply_to
    desk.feed(proven(a_mail("yes", from_=MARA, to=to, message_id="<ly@desk.test>")), mail_from=MARA, rcpt_to=(to,))
    assert desk.ticket(1).assignee == "clara"
    assert [(plan.agent, plan.cancelled) for plan in desk.ticket(1).plans] == [("clara", False)]
    assert (desk.ticket(2).followers, desk.ticket(2).muted) == (("clara",), ())
    letter = _plain(_last(desk, MARA))
    assert "Tickets: MB-1" in letter
    assert "rules/teams.yaml:" in letter
    assert not desk.app.desk().organisation.agents["bogdan"].active


@pytest.mark.parametrize(("to", "decides"), [("bogdan", MARA), ("", MARA), ("dana", "dana@desk.test")])
def test_what_waits_for_the_yes_of_a_leaver_goes_to_the_successor_or_to_a_manager(to: str, decides: str, tmp_path: Path) -> None:
    """Clara alone may agree; Bogdan asked, so he cannot take her place."""
    teams = TEAMS.replace("agents:\n", "agents:\n  dana: {title: Dana, address: dana@desk.test}\n", 1)
    approvals = "approvals:\n  - {what: priority, priority: [urgent], by: [clara]}\n"
    with a_desk(tmp_path, rules={**RULES, "teams.yaml": teams, "approvals.yaml": approvals}) as desk:
        _opens(desk)
        _line(desk, BOGDAN, "#priority urgent", "p")
        _agree(desk, MARA, f"#leave clara to {to}" if to else "#leave clara", "l")
        (approval,) = desk.ticket(1).approvals
        assert [f"{name}@desk.test" for name in approval.approvers] == [decides]
        assert "Approvals that others decide about now: MB-1" in _plain(_last(desk, MARA))
        question = desk.promise_to(decides, "approval")
        raw = a_mail("yes", from_=decides, to=question.reply_to, in_reply_to=question.message_id, message_id="<y@desk.test>")
        desk.feed(proven(raw), mail_from=decides, rcpt_to=(question.reply_to,))
        assert (desk.ticket(1).priority, desk.ticket(1).approvals) == ("urgent", ())


def test_an_approval_that_nobody_is_left_to_give_is_named_apart(tmp_path: Path) -> None:
    """Mara alone may agree, and there is no other manager."""
    approvals = "approvals:\n  - {what: priority, priority: [urgent], by: [mara]}\n"
    with a_desk(tmp_path, rules={**RULES, "teams.yaml": TEAMS, "approvals.yaml": approvals}) as desk:
        _opens(desk)
        _line(desk, BOGDAN, "#priority urgent", "p")
        with desk.app.store.write() as tx:
            left = leave(tx, desk.app.desk(), "mara", "", Actor(kind=ActorKind.ADMIN), desk.clock.time)
        assert (left.approvals, left.undecided) == ((), (1,))


def test_a_leaver_is_no_agent_any_more_and_gets_nothing(desk: TestDesk) -> None:
    _busy(desk)
    to = desk.promise_to(BOGDAN, "new").reply_to
    _agree(desk, MARA, "#leave bogdan", "l")
    assert desk.ticket(1).assignee == ""
    before = _told(desk, BOGDAN)
    desk.feed(proven(a_mail("#close", from_=BOGDAN, to=to, message_id="<late@desk.test>")), mail_from=BOGDAN, rcpt_to=(to,))
    assert desk.ticket(2).status == "new"
    _opens(desk, "three", subject="Mouse")
    assert [event for event in _told(desk, BOGDAN) if event == "new"] == [event for event in before if event == "new"]


@pytest.mark.parametrize("line", ["#leave bogdan to clara", "#away bogdan until friday"])
def test_a_mail_that_opens_a_ticket_does_nothing_about_others_before_a_yes(line: str, desk: TestDesk) -> None:
    _busy(desk)
    text = f"#tag printer\n{line}\n\nPlease look at the printer in my office, it makes a noise."
    done = desk.feed(proven(a_mail(text, from_=MARA, subject="Printer", message_id="<own@desk.test>")), mail_from=MARA)
    assert done.result.handler == "agent_ticket"
    assert desk.ticket(1).assignee == "bogdan"
    bogdan = desk.app.desk().organisation.agents["bogdan"]
    assert (bogdan.active, bogdan.absences) == (True, ())
    to = desk.promise_to(MARA, "held").reply_to
    desk.feed(proven(a_mail("yes", from_=MARA, to=to, message_id="<ly@desk.test>")), mail_from=MARA, rcpt_to=(to,))
    bogdan = desk.app.desk().organisation.agents["bogdan"]
    assert not bogdan.active or bogdan.absences


def test_nobody_but_a_manager_sends_somebody_away(desk: TestDesk) -> None:
    _busy(desk)
    _agree(desk, CLARA, "#leave bogdan to clara", "l")
    assert "only a manager" in _plain(_last(desk, CLARA))
    assert desk.ticket(1).assignee == "bogdan"


@pytest.mark.parametrize("leaver", ["mara", "clara"])
def test_who_leads_one_team_sends_away_no_manager_of_the_desk_and_nobody_of_other_teams(leaver: str, tmp_path: Path) -> None:
    teams = TEAMS.replace("members: [clara]}", "members: [clara, mara, bogdan], managers: [bogdan]}")
    with a_desk(tmp_path, rules={**RULES, "teams.yaml": teams}) as desk:
        _agree(desk, BOGDAN, f"#leave {leaver} to bogdan", "l")
        assert "only a manager" in _plain(_last(desk, BOGDAN))
        assert desk.app.desk().organisation.agents[leaver].active


def test_what_was_handed_over_can_be_undone(desk: TestDesk) -> None:
    _busy(desk)
    _agree(desk, MARA, "#leave bogdan to clara", "l")
    _line(desk, CLARA, "#show", "s", event="assigned")
    raw = a_mail("#undo MB-1", from_=MARA, subject="u", message_id="<u@desk.test>")
    desk.feed(proven(raw), mail_from=MARA)
    to = desk.promise_to(MARA, "held").reply_to
    desk.feed(proven(a_mail("yes", from_=MARA, to=to, message_id="<uy@desk.test>")), mail_from=MARA, rcpt_to=(to,))
    assert desk.ticket(1).assignee == "bogdan"


def test_an_opt_out_by_the_signed_address_alone_says_what_holds(desk: TestDesk) -> None:
    """Nothing proves the writer of the first mail; whoever answers the desk's own mail has read it."""
    desk.feed(a_mail())
    to = desk.promise_to(CAROL, "received").reply_to
    desk.feed(a_mail("#quiet", to=to, message_id="<q@customer.test>"), rcpt_to=(to,))
    assert desk.app.desk().organisation.wishes.opted_out(CAROL)
    assert "From now on you get our answers and questions" in _plain(_last(desk, CAROL))
