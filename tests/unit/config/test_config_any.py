"""Whatever stands in the file: a configuration or a list of mistakes with places, never anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbridge.config.load import load
from mailbridge.config.model import Config
from mailbridge.config.sections import SECTIONS as SCHEMAS
from mailbridge.errors import ConfigError
from tests.examples import examples

SECTIONS = ["[desk]", "[store]", "[[mailbox]]", "[[listener]]", "[outgoing]", "[limits]", "[workers]", "[log]", "[mailbox]", "[other]"]
SECTIONS += ["[authenticity]", "[scan]"]
WORDS = sorted({key for schema in SCHEMAS.values() for key in schema.keys})
VALUES = [
    '"x"',
    '""',
    '"a@b.example"',
    "1",
    "-1",
    "1.5",
    "true",
    "[]",
    '["x"]',
    '[["x"]]',
    "{ a = 1 }",
    "1979-05-27",
    '"smtp"',
    '"5m"',
    '"sqlite:///x"',
    '"\\u0000"',
]
lines = st.one_of(st.sampled_from(SECTIONS), st.builds("{} = {}".format, st.sampled_from([*WORDS, "typo"]), st.sampled_from(VALUES)))


def outcome(folder: Path, text: str) -> Config | ConfigError:
    (folder / "mailbridge.toml").write_text(text, encoding="utf-8", newline="")
    try:
        return load(folder, {})
    except ConfigError as error:
        return error


@given(st.lists(lines, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(300))
def test_any_mixture_of_sections_keys_and_values_is_read_or_told(tmp_path: Path, chosen: list[str]) -> None:
    text = "\n".join(['[desk]\nname = "x"\naddress = "a@b.example"', *chosen])
    written = text.split("\n")

    found = outcome(tmp_path, text)

    if isinstance(found, ConfigError):
        assert found.problems
        for problem in found.problems:
            assert 0 <= problem.line <= len(written)
            assert problem.line == 0 or 1 <= problem.column <= len(written[problem.line - 1]) + 1
            assert problem.message


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_told_as_mistakes(tmp_path: Path, text: str) -> None:
    assert isinstance(outcome(tmp_path, text), ConfigError)


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xef\xbb\xbf[desk]\n", b"\x00", b"[desk]\r\nname = 'x'\raddress = 'y'"])
def test_odd_bytes_are_told_too(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "mailbridge.toml").write_bytes(raw)

    with pytest.raises(ConfigError):
        load(tmp_path, {})
