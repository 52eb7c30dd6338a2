"""What a notification says besides its ticket: typed, under the names of today, also where an earlier program wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from mailbridge.delivery.render.filters import FILTERS
from mailbridge.delivery.render.sample_values import VOCABULARY
from mailbridge.errors import Permanent
from mailbridge.notifications.earlier_values import payload_of
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.agents import CommandResults, HeldNotice, ResultRow
from mailbridge.notifications.payloads.model import Payload, fields_of
from mailbridge.notifications.payloads.table import PAYLOADS
from mailbridge.notifications.payloads.template_values import template_values
from mailbridge.notifications.payloads.tickets import Alert, ByAuthor, ChangesUndone, Closed
from mailbridge.notifications.summary_model import Summary, unpacked
from mailbridge.store.documents import dump, load_any
from mailbridge.store.stored_notifications import VERSION, dump_notification, load_notification, without_texts

AT = datetime(2026, 11, 23, 9, 10, tzinfo=UTC)
SAMPLES: Mapping[str, Payload] = {name: payload for name, values in VOCABULARY.items() if (payload := payload_of(name, values))}
ROWS = FILTERS["rows"]


def a_notification(name: str, payload: Payload | None = None) -> Notification:
    audience, _, event = name.partition(".")
    return Notification(ticket=7, audience=Audience(audience), event=event, recipient="a@desk.test", key="k", payload=payload)


def stored_before(name: str, values: Mapping[str, str]) -> str:
    """The row of a program before payloads."""
    document = load_any(dump_notification(a_notification(name)))
    del document["payload"]
    return dump({**document, "values": list(values.items())})


def test_every_event_with_values_has_its_frozen_payload() -> None:
    assert PAYLOADS.keys() == {name for name, values in VOCABULARY.items() if values}
    assert all(is_dataclass(kind) and kind.__hash__ for kind in PAYLOADS.values())


@pytest.mark.parametrize("name", PAYLOADS)
def test_templates_have_the_values_that_the_manual_lists(name: str) -> None:
    unknown = {"approval", "asked", "whose", "unsure", "asked_at"} if PAYLOADS[name] is CommandResults else {"why"}
    names = {one.name for one in fields_of(PAYLOADS[name])}
    assert set(VOCABULARY[name]) <= names
    assert names - set(VOCABULARY[name]) <= unknown


@pytest.mark.parametrize("name", SAMPLES)
def test_a_payload_is_stored_and_read(name: str) -> None:
    notification = a_notification(name, SAMPLES[name])
    text = dump_notification(notification)
    assert load_notification(text) == notification
    assert load_any(text)["payload"]["version"] == VERSION


@pytest.mark.parametrize("name", VOCABULARY)
def test_rows_of_earlier_programs_say_to_templates_what_they_said(name: str) -> None:
    """Tables as own templates unpack them, everything else as the same string."""
    notification = load_notification(stored_before(name, VOCABULARY[name]))
    for key, before in VOCABULARY[name].items():
        now = notification.values[key]
        if isinstance(now, tuple) and isinstance(now[0], Summary):
            assert now == unpacked(before)
        elif isinstance(now, tuple):
            width = max(line.count("\t") for line in before.splitlines()) + 1
            assert [[plain(cell) for cell in row] for row in ROWS(now, width)] == [
                [plain(cell) for cell in row] for row in ROWS(before, width)
            ]
        else:
            assert now == before


def plain(cell: Any) -> str:
    """A cell as text; of summaries only whether there are any."""
    if cell in ("", "[]", ()):
        return ""
    return "happened" if isinstance(cell, tuple) or str(cell).startswith("[[") else str(cell)


def test_what_an_earlier_program_packed_is_typed() -> None:
    happened = '[["due", {"at": "2026-11-23T09:10:00+00:00", "on": "MB-8"}]]'
    results = f"#close\tdone\t\t\t{happened}\tMB-7\n#team x\trefused\tunknown-team|x\t#team y\t\t"
    values = {"results": results, "sent_to": "a@x.test, b@x.test", "noted": "yes", "undo": "10", "approval": "2", "unsure": ""}
    assert load_notification(stored_before("agent.commands", values)).payload == CommandResults(
        results=(
            ResultRow(written="#close", outcome="done", happened=(Summary(key="due", values={}, at=AT, on="MB-8"),), number="MB-7"),
            ResultRow(written="#team x", outcome="refused", reason="unknown-team", detail="x", suggestion="#team y"),
        ),
        sent_to=("a@x.test", "b@x.test"),
        noted=True,
        undo=10,
        approval=2,
    )


def test_an_event_without_values_has_no_payload_and_loses_what_it_does_not_know() -> None:
    assert load_notification(stored_before("customer.received", {})).payload is None
    assert load_notification(stored_before("customer.own_receipt", {"follows": "MB-1"})).payload is None


def test_a_payload_of_another_event_is_not_stored() -> None:
    with pytest.raises(Permanent):
        dump_notification(a_notification("customer.closed", ByAuthor(author="Clara")))
    with pytest.raises(Permanent):
        dump_notification(a_notification("customer.received", ByAuthor(author="Clara")))


def test_a_payload_of_a_newer_program_is_not_guessed() -> None:
    document = load_any(dump_notification(a_notification("customer.closed", Closed(author="Clara"))))
    document["payload"]["version"] = VERSION + 1
    with pytest.raises(Permanent, match="newer"):
        load_notification(dump(document))


def test_templates_get_texts_where_they_had_texts() -> None:
    assert template_values(Closed(author="Clara", opens_new=True)) == {"author": "Clara", "opens_new": "yes", "rating": ""}
    assert template_values(ChangesUndone(author="", kept=("due_at", "team"))) == {"author": "", "kept": "due_at, team"}
    said = template_values(HeldNotice(step="late", reasons=("a", "b"), count=2))
    assert said == {"step": "late", "rows": "", "reasons": "a\nb", "count": "2"}


def test_an_erased_word_is_in_no_payload_old_or_new() -> None:
    new = dump_notification(a_notification("agent.merged", SAMPLES["agent.merged"]))
    old = stored_before("agent.merged", VOCABULARY["agent.merged"])
    for text in (new, old):
        bare = load_notification(without_texts(text, lambda value: value.replace("Clara Weiss", "")))
        assert bare.values == {"author": "", "other": "MB-1037"}


@pytest.mark.parametrize("word", ["T", "2026", "0", ":", "due", "+00:00"])
def test_an_erased_word_that_stands_in_a_moment_leaves_the_moment(word: str) -> None:
    """A customer chooses the subject: one that is part of a moment must leave no row that nobody can read."""
    name = next(name for name, kind in PAYLOADS.items() if kind is Alert)
    for text in (dump_notification(a_notification(name, SAMPLES[name])), stored_before(name, VOCABULARY[name])):
        payload = load_notification(without_texts(text, lambda value: value.replace(word, ""))).payload
        assert isinstance(payload, Alert)
        assert payload.due_at == load_notification(text).payload.due_at  # type: ignore[union-attr]


def test_the_texts_of_an_unreadable_payload_are_erased_too() -> None:
    document = load_any(dump_notification(a_notification("customer.closed", Closed(author="Clara"))))
    document["payload"]["version"] = VERSION + 1
    assert "Clara" not in without_texts(dump(document), lambda value: value.replace("Clara", ""))


def test_values_of_an_earlier_program_that_are_no_moments_are_told_as_unreadable() -> None:
    name = next(name for name, kind in PAYLOADS.items() if kind is Alert)
    with pytest.raises(Permanent, match="earlier program"):
        load_notification(stored_before(name, {**VOCABULARY[name], "due_at": "soon"}))


@pytest.mark.parametrize("number", ["\u00b2", "--5", "5" * 5000])
def test_a_number_that_cannot_be_read_is_none_at_all(number: str) -> None:
    loaded = load_notification(stored_before("agent.commands", {"results": "#close\tdone", "undo": number}))
    assert isinstance(loaded.payload, CommandResults)
    assert loaded.payload.undo in (0, None)
