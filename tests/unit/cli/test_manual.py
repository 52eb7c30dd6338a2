"""The manual knows every command, every option and every key of the configuration, and nothing that is not there."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mailbridge.cli.main import COMMANDS, cli
from mailbridge.config import model, toml
from mailbridge.config.load import load
from mailbridge.config.reading import Reading
from mailbridge.config.scalars import Forbidden
from mailbridge.config.sections import SECTIONS
from mailbridge.config.sections.environment import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[3]
MANUAL = ROOT / "docs" / "manual"
SHARED_OPTIONS = {"--desk", "--help"}


def leaves(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its full name."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for each in command.list_commands(context):
        found = command.get_command(context, each)
        assert found is not None, f"{name} {each} is listed and not there"
        yield from leaves(found, f"{name} {each}")


def sections(file: str, heading: str) -> dict[str, str]:
    """Heading -> text below it."""
    parts = re.split(rf"^{heading} (.+)$", (MANUAL / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


ALL = list(leaves(cli, "mailbridge"))


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_each_command_has_its_section_with_all_its_options(name: str, command: click.Command) -> None:
    text = sections("commands.md", "###").get(f"`{name}`")

    assert text is not None, f"docs/manual/commands.md has no section ### `{name}`"
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts) if option.startswith("--")}
    assert {option for option in options - SHARED_OPTIONS if option not in text} == set()


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_each_command_explains_itself_and_its_options(name: str, command: click.Command) -> None:
    assert command.help
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


# Commands that act and say in a line what they did, or print what is no data.
WITHOUT_JSON = {
    *("dkim new", "shadow end", "templates copy"),
    *("init", "demo", "run", "worker", "web", "import", "docs save"),
    *("outbox resend", "webhooks resend", "quarantine drop", "quarantine retry"),
    *(
        "outbox discard",
        "webhooks discard",
        "queue retry",
        "queue drop",
        "held drop",
        "held release",
        "customers import",
        "customers export",
        "customers add",
        "hours grant",
        "hours adjust",
        "customers change",
        "customers remove",
    ),
    *("rules fmt", "rules rollback", "rules schema", "db upgrade", "listener passwd", "agents pair", "agents unpair", "keys rotate"),
    *("auth login", "templates preview"),
    *("block add", "block remove", "people return"),
    *("kb accept", "kb reject", "kb export"),
    *("completion", "man"),
}


def test_each_command_that_shows_something_prints_json_too() -> None:
    silent = {name for name, command in ALL if not any("--json" in parameter.opts for parameter in command.params)}
    assert silent <= {f"mailbridge {name}" for name in WITHOUT_JSON}


def test_the_manual_describes_no_command_that_is_gone() -> None:
    assert set(sections("commands.md", "###")) == {f"`{name}`" for name, _ in ALL}


def test_the_table_of_commands_says_what_each_command_says() -> None:
    assert all(sentence.endswith((".", "?")) for _, sentence in COMMANDS.values())


@pytest.mark.parametrize("section", SECTIONS)
def test_each_key_is_in_the_manual_and_no_other(section: str) -> None:
    text = next(text for heading, text in sections("configuration.md", "##").items() if heading.strip("[]").split(".")[0] == section)
    known = {name for name, key in SECTIONS[section].keys.items() if not isinstance(key.schema, Forbidden)}

    assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == known


DEFAULTS = {
    "desk": model.DeskSettings,
    "mailbox": model.Mailbox,
    "listener": model.ListenerSettings,
    "pipe": model.Pipe,
    "outgoing": model.Outgoing,
    "limits": model.LimitSettings,
    "authenticity": model.AuthenticitySettings,
    "scan": model.Scanners,
}


@pytest.mark.parametrize("section", DEFAULTS)
def test_the_defaults_in_the_manual_are_those_of_the_code(section: str) -> None:
    """Where the manual gives a value as code, it is TOML that reads back as the default."""
    text = next(text for heading, text in sections("configuration.md", "##").items() if heading.strip("[]") == section)
    fields = {field.name: field for kind in (model.Trust, DEFAULTS[section]) for field in dataclasses.fields(kind)}
    given = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", text, flags=re.MULTILINE)

    read = {key: value_of(section, key, value) for key, value in given}

    assert given
    assert read == {key: fields[key].default for key in read}


def value_of(section: str, key: str, written: str) -> object:
    root, problems = toml.read("mailbridge.toml", f"x = {written}")
    assert root is not None, problems
    return SECTIONS[section].keys[key].schema.read(root.entries[0][1], Reading())


def test_each_environment_variable_is_in_the_manual() -> None:
    text = sections("configuration.md", "##")["Environment"]

    assert [name for name in ENVIRONMENT if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("example", sorted((ROOT / "deploy" / "examples").glob("*.toml")), ids=lambda path: path.name)
def test_each_sample_configuration_can_be_read(example: Path) -> None:
    assert load(example, dict.fromkeys(("MAIL_PASSWORD", "SUPPORT_PASSWORD", "HILFE_PASSWORD"), "secret")).desk.name == "Acme Support"


def toml_blocks() -> list[tuple[str, str]]:
    pages = [ROOT / "README.md", *sorted(MANUAL.glob("*.md"))]
    return [(page.name, block) for page in pages for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)]


@pytest.mark.parametrize(("page", "block"), toml_blocks())
def test_each_piece_of_configuration_in_the_docs_has_known_keys(page: str, block: str) -> None:
    for section, tables in tomllib.loads(block).items():
        named = section == "oauth"
        for table in tables if isinstance(tables, list) else tables.values() if named else [tables]:
            assert set(table) <= set(SECTIONS[section].keys), page


LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()] == []


def test_each_decision_has_a_number_of_its_own_and_is_in_the_index() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert len(set(numbers)) == len(numbers) > 20
    headings = [page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages]
    assert [int(heading.partition(".")[0]) for heading in headings] == numbers
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^- \[(.+)\]\((.+)\)$", index, re.MULTILINE) == [
        (heading, page.name) for heading, page in zip(headings, pages, strict=True)
    ]
