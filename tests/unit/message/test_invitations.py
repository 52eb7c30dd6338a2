"""Invitations that calendars take, and whatever comes back as an answer to one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.ids import meeting_uid, parse_meeting_uid
from mailbridge.message.invitation import Invitation, answer, written
from mailbridge.message.model import CalendarAnswer, Kind, ReadingPolicy
from mailbridge.message.parse import parse

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
STAMP = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PLAIN = Invitation(
    uid="mb-7-1@desk.test",
    sequence=0,
    at=AT,
    minutes=45,
    title="[MB-7] Printer broken",
    organizer="support+mb7.c.abc@desk.test",
    organizer_name="Acme Support",
    attendee="carol@customer.test",
    attendee_name="Carol Jones",
)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)


def read(content: bytes) -> tuple[str, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    return calendar["METHOD"], event


def replied(said: str, method: str = "REPLY") -> bytes:
    return written(PLAIN, STAMP).replace(b"METHOD:REQUEST", f"METHOD:{method}".encode()).replace(b"NEEDS-ACTION", said.encode())


def test_request_says_when_where_and_to_whom_answers_go() -> None:
    method, event = read(written(replace(PLAIN, place="Iași, str. Palat 3"), STAMP))

    assert method == "REQUEST"
    assert (event["DTSTART"].dt, event["DTEND"].dt, event["DTSTAMP"].dt) == (AT, AT + timedelta(minutes=45), STAMP)
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("mb-7-1@desk.test", 0, "CONFIRMED")
    assert event["LOCATION"] == "Iași, str. Palat 3"
    assert (event["ORGANIZER"], event["ORGANIZER"].params["CN"]) == ("mailto:support+mb7.c.abc@desk.test", "Acme Support")
    assert (event["ATTENDEE"], event["ATTENDEE"].params["RSVP"]) == ("mailto:carol@customer.test", "TRUE")


def test_cancellation_asks_for_no_answer() -> None:
    method, event = read(written(replace(PLAIN, cancelled=True, sequence=3), STAMP))

    assert (method, event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 3)
    assert "RSVP" not in event["ATTENDEE"].params


def test_planned_work_goes_into_the_calendar_without_asking_for_an_answer() -> None:
    method, event = read(written(replace(PLAIN, rsvp=False), STAMP))

    assert (method, event["ATTENDEE"].params["RSVP"]) == ("REQUEST", "FALSE")


@given(WORDS, WORDS, WORDS, WORDS)
def test_no_word_of_anybody_becomes_a_property(title: str, place: str, name: str, text: str) -> None:
    content = written(replace(PLAIN, title=title, place=place, organizer_name=name, attendee_name=name, text=text), STAMP)

    method, event = read(content)

    known = {"SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "ATTENDEE", "DESCRIPTION", "LOCATION", "ORGANIZER", "STATUS"}
    assert method == "REQUEST"
    assert set(event) <= known
    assert event["ATTENDEE"] == "mailto:carol@customer.test"
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))  # RFC 5545, 3.1


@pytest.mark.parametrize("attack", ["x\r\nATTENDEE:mailto:eve@x.test", "x\nBEGIN:VALARM", 'x";X-EVIL="1'])
def test_attack_in_a_word_stays_a_word(attack: str) -> None:
    content = written(replace(PLAIN, title=attack, place=attack, text=attack, attendee_name=attack, organizer_name=attack), STAMP)

    _, event = read(content)

    assert event["ATTENDEE"] == "mailto:carol@customer.test"
    assert not event.subcomponents


@pytest.mark.parametrize("said", ["ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"])
def test_answer_is_the_attendees_word(said: str) -> None:
    assert answer(replied(said)) == CalendarAnswer(uid="mb-7-1@desk.test", sequence=0, said=said.lower())


def test_counter_proposal_is_a_word_of_its_own() -> None:
    assert answer(replied("TENTATIVE", "COUNTER")) == CalendarAnswer(uid="mb-7-1@desk.test", sequence=0, said="counter")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no calendar",
        b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n",
        replied("ACCEPTED", "PUBLISH"),
        replied("ACCEPTED")[:150],
        replied("ACCEPTED").replace(b"SEQUENCE:0", b"SEQUENCE:many"),
    ],
)
def test_what_is_no_answer_is_none(content: bytes) -> None:
    assert answer(content) is None


@given(st.binary(max_size=400), st.integers(0, 400))
def test_any_damage_is_survived(noise: bytes, where: int) -> None:
    content = replied("ACCEPTED")

    found = answer(content[:where] + noise + content[where:])

    assert found is None or len(found.said) <= 40


def test_mail_with_an_answer_is_a_calendars_and_brings_it() -> None:
    mail = (
        b"From: Carol <carol@customer.test>\r\nTo: support@desk.test\r\nSubject: Accepted: [MB-7] Printer\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\n" + replied("ACCEPTED")
    )

    message = parse(mail, ReadingPolicy())

    assert message.kind is Kind.CALENDAR
    assert message.invitation == CalendarAnswer(uid="mb-7-1@desk.test", sequence=0, said="accepted")


def test_invitation_of_a_person_brings_no_answer() -> None:
    mail = (
        b"From: Carol <carol@customer.test>\r\nTo: support@desk.test\r\nSubject: Come\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" + written(PLAIN, STAMP)
    )

    assert parse(mail, ReadingPolicy()).invitation is None


@pytest.mark.parametrize(
    ("uid", "number"),
    [("mb-7-1@desk.test", 1), ("MB-7-12@Desk.Test ", 12), ("mb-71-1@desk.test", None), ("mb-7-0@desk.test", None), ("x@desk.test", None)],
)
def test_name_of_an_appointment_leads_to_its_ticket_and_number(uid: str, number: int | None) -> None:
    assert parse_meeting_uid("MB", uid, 7) == number
    assert parse_meeting_uid("MB", meeting_uid("MB", 7, 3, "Desk.Test"), 7) == 3
