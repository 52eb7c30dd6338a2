"""Own templates that a desk wrote for an earlier version: their loops over cells and their table `happened` go on working."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mailbridge.delivery.render.render import Renderer, shipped_templates
from mailbridge.delivery.render.samples import sample_notification
from mailbridge.delivery.render.template_context import DeskView, TemplateContext, TicketView
from mailbridge.notifications.model import Audience
from mailbridge.notifications.payloads.agents import CommandResults, ResultRow
from mailbridge.notifications.payloads.template_values import template_values
from mailbridge.notifications.summary_model import Summary

RESULTS = """\
{% for written, outcome, detail, suggestion, happened, number in values.results | rows(6) %}
{% set cells = (detail ~ "|").split("|") %}
{{ written }}: {{ number ~ " " if number }}{{ outcome }} {{ happened | told }}
{{ words.refusals.get(cells[0], cells[0]) }} ({{ cells[1] }}) {{ suggestion }}
{% endfor %}
{{ "noted" if values.noted == "yes" }} {{ values.sent_to }} {{ (values.undo | int) + 1 }}
"""
DUE = Summary(key="due", values={}, at=datetime(2026, 11, 23, 9, 10, tzinfo=UTC))
PAYLOAD = CommandResults(
    results=(
        ResultRow(written="#close", outcome="done", happened=(Summary(key="closed", values={}),), number="MB-7"),
        ResultRow(written="#due x", outcome="done", happened=(DUE,)),
        ResultRow(written="#team x", outcome="refused", reason="unknown-team", detail="x", suggestion="#team y"),
    ),
    sent_to=("a@x.test", "b@x.test"),
    noted=True,
    undo=10,
)


def rendered(own: Path) -> str:
    view = TemplateContext(
        desk=DeskView(name="Acme", address="support@acme.example"), ticket=TicketView(number="MB-1"), values=template_values(PAYLOAD)
    )
    return Renderer((own, shipped_templates())).render(sample_notification(Audience.AGENT, "commands", "en"), view).text


def put(folder: Path, name: str, text: str) -> None:
    file = folder / "mail" / "en" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_a_loop_over_cells_shows_what_it_showed(tmp_path: Path) -> None:
    put(tmp_path, "_results.txt.j2", RESULTS)
    text = " ".join(rendered(tmp_path).split())
    assert "#close: MB-7 done closed" in text
    assert "#due x: done due Mon 23 Nov 09:10 UTC" in text
    assert "#team x: refused there is no such team (x) #team y" in text
    assert "noted a@x.test, b@x.test 11" in text


def test_an_own_table_of_sentences_comes_before_the_catalogue_key_by_key(tmp_path: Path) -> None:
    put(tmp_path, "_results.txt.j2", RESULTS)
    put(tmp_path, "words.j2", '{% set happened = {"due": "until {at}, please"} %}\n')
    text = " ".join(rendered(tmp_path).split())
    assert "until Mon 23 Nov 09:10 UTC, please" in text
    assert "#close: MB-7 done closed" in text
