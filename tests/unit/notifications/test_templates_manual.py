"""docs/manual/templates.md names every event, value, filter and name that a template may use, and no other event."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from mailbridge.delivery.render.filters import FILTERS
from mailbridge.delivery.render.render import Renderer, Worded, shipped_templates
from mailbridge.delivery.render.sample_values import VOCABULARY
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.delivery.render.template_check import catalogue_problems
from mailbridge.delivery.render.template_context import DeskView, HistoryEntry, TicketView
from mailbridge.notifications.model import Audience

PAGE = (Path(__file__).resolve().parents[3] / "docs/manual/templates.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `((?:customer|agent|manager|admin)\.\w+)` \|[^|]*\|([^|]*)\|$", re.MULTILINE)
ROWS = {match[1]: match[2] for match in ROW.finditer(PAGE)}


def test_the_manual_lists_every_event_with_its_values_and_no_other() -> None:
    assert {event: set(re.findall(r"`(\w+)`", values)) for event, values in ROWS.items()} == {
        event: set(values) for event, values in VOCABULARY.items()
    }


@pytest.mark.parametrize("shape", [DeskView, TicketView, HistoryEntry])
def test_the_manual_names_every_field(shape: type) -> None:
    assert [field.name for field in fields(shape) if f"`{field.name}`" not in PAGE] == []


def test_the_manual_names_every_filter_of_ours() -> None:
    assert [name for name in FILTERS if f"| `{name}` |" not in PAGE] == []


def worded(own: Path) -> Worded:
    return Renderer([own, shipped_templates()]).render(
        sample_notification(Audience.CUSTOMER, "changed", "en"), sample_views("customer", "changed")[0]
    )


def test_the_example_of_the_manual_renders(tmp_path: Path) -> None:
    (example,) = re.findall(r"```jinja\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/customer.changed.j2").write_text(example, encoding="utf-8")
    mail = worded(tmp_path)
    assert "Your request MB-1042 is with Field service." in mail.text
    assert "Your request <strong>MB-1042</strong> is with Field service." in mail.html


def test_the_catalogue_of_the_manual_changes_its_sentences(tmp_path: Path) -> None:
    (example,) = re.findall(r"```\n(# templates/locales/en/mail.po\n.*?)```", PAGE, re.DOTALL)
    (tmp_path / "locales/en").mkdir(parents=True)
    (tmp_path / "locales/en/mail.po").write_text(example, encoding="utf-8")
    assert "Reply to this mail if you have more to say." in worded(tmp_path).text
    assert [one for one in catalogue_problems(shipped_templates(), tmp_path) if one.file == "locales/en/mail.po"] == []
