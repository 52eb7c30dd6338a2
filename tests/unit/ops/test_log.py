"""One form for every line, ours or a library's; nothing private, nothing that moves a terminal."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from mailbridge.ops import log
from tests.logs import log_as_before


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_events_and_those_of_libraries_come_as_json_with_the_same_keys() -> None:
    stream = io.StringIO()
    log.configure(stream=stream)

    log.get_logger("pipeline").info("mail_processed", mail=7, ticket=42)
    logging.getLogger("imapclient").warning("odd answer %s", "BYE")

    ours, theirs = lines(stream)
    assert (ours["event"], ours["mail"], ours["ticket"], ours["level"], ours["logger"]) == ("mail_processed", 7, 42, "info", "pipeline")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("library_logged", "warning", "imapclient")
    assert (theirs["library"], theirs["text"]) == ("imapclient", "odd answer BYE")
    assert set(ours) >= {"timestamp", "level", "event", "logger"} <= set(theirs)


def test_levels_below_the_configured_one_are_left_out() -> None:
    stream = io.StringIO()
    log.configure(stream=stream, level="warning")

    log.get_logger("a").info("quiet")
    log.get_logger("a").warning("loud")

    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_the_commands_that_aiosmtpd_logs_at_info_do_not_appear() -> None:
    stream = io.StringIO()
    log.configure(stream=stream, level="debug")

    logging.getLogger("mail.log").info("MAIL FROM:<ana@acme.example>")

    assert stream.getvalue() == ""


@pytest.mark.parametrize("style", ["json", "console"])
def test_control_characters_of_a_stranger_stay_on_one_line_and_harmless(style: str) -> None:
    stream = io.StringIO()
    log.configure(stream=stream, style=style)

    log.get_logger("a").warning("odd_mail", defect="x\n2026 info forged\x1b]0;title\x07 \u202eevil \udc80")

    assert stream.getvalue().count("\n") == 1
    assert all(char.isprintable() for char in stream.getvalue().rstrip("\n"))


@pytest.mark.parametrize("style", ["json", "console"])
def test_an_exception_is_told_with_its_place_and_without_the_values_around_it(style: str) -> None:
    stream = io.StringIO()
    log.configure(stream=stream, style=style)

    try:
        password = "s3cret"
        raise ValueError("broken")
    except ValueError:
        log.get_logger("a").exception("turn_failed")
        del password

    assert "broken" in stream.getvalue()
    assert "test_log.py" in stream.getvalue()
    assert stream.getvalue().count("s3cret") <= (1 if style == "console" else 0)  # the source line itself, never the frame's variables


def test_a_person_at_a_terminal_gets_lines_to_read() -> None:
    stream = io.StringIO()
    log.configure(stream=stream, style="console")

    log.get_logger("pipeline").info("mail_processed", mail=7, placed_by="signed reply address")

    line = stream.getvalue().rstrip()
    assert line[2] == ":" == line[5]
    assert line[9:] == 'info    mail_processed  mail=7 placed_by="signed reply address"  [pipeline]'


def test_a_full_disk_under_the_log_stops_nothing() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    log.configure(stream=Full())

    log.get_logger("a").error("still_running")


def test_who_is_stable_and_does_not_contain_the_address() -> None:
    assert log.who("Ana@Acme.example ") == log.who("ana@acme.example")
    assert log.who("ana@acme.example") != log.who("bob@acme.example")
    assert len(log.who("ana@acme.example")) == 10
    assert log.who("\udc80@x") != ""


def test_what_one_test_configures_is_gone_in_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    handlers = logging.getLogger().handlers[:]
    with log_as_before():
        log.configure(stream=io.StringIO(), level="error")

    log.get_logger("a").info("happened")

    assert "happened" in capsys.readouterr().out
    assert not structlog.is_configured()
    assert logging.getLogger().handlers == handlers
    assert logging.getLogger("mail.log").level == logging.NOTSET
    assert logging.raiseExceptions
