"""The schema files that editors read say what the program takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailbridge.config.sections import SECTIONS
from mailbridge.rules import jsonschema
from mailbridge.rules.actions import ACTIONS
from mailbridge.rules.conditions import CONDITIONS, SHARED

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", jsonschema.names())
def test_the_shipped_file_is_what_the_program_prints(name: str) -> None:
    written = (ROOT / "rules" / "schema" / f"{name}.json").read_text(encoding="utf-8")

    assert written == jsonschema.text(name), "run: mailbridge rules schema --write rules/schema"


@pytest.mark.parametrize("name", jsonschema.names())
def test_every_reference_leads_to_a_definition(name: str) -> None:
    schema = jsonschema.of(name)
    references = {value for key, value in pairs(schema) if key == "$ref"}

    assert references <= {f"#/$defs/{shared}" for shared in schema.get("$defs", {})}


def test_every_condition_and_action_is_in_the_routing_schema() -> None:
    schema = jsonschema.of("routing")

    assert set(schema["items"]["properties"]["then"]["properties"]) == set(ACTIONS)
    assert set(schema["$defs"]) == set(SHARED)
    assert set(schema["$defs"]["condition"]["anyOf"][1]["properties"]) == set(CONDITIONS)


def test_the_schema_of_the_configuration_has_every_key_as_the_program_takes_it() -> None:
    tables = jsonschema.of("mailbridge")

    assert tables["required"] == ["desk"]
    found = tables["properties"]
    assert set(found) == set(SECTIONS)
    assert found["desk"]["required"] == ["name", "address"]
    for name, inner in (("desk", found["desk"]), ("mailbox", found["mailbox"]["items"]), ("oauth", found["oauth"]["additionalProperties"])):
        assert set(inner["properties"]) == set(SECTIONS[name].keys)
        assert inner["additionalProperties"] is False
    mailbox = found["mailbox"]["items"]["properties"]
    assert mailbox["port"] == {"type": "integer", "minimum": 1, "maximum": 65535}
    assert mailbox["after"] == {"enum": ["leave", "flag", "seen", "move", "delete"]}
    assert mailbox["folders"] == {"type": "array", "items": {"type": "string"}}
    assert mailbox["password"]["not"] == {}
    assert found["backup"]["properties"]["keep"]["properties"]["daily"]["type"] == "integer"


def test_the_first_line_of_a_file_leads_to_its_schema() -> None:
    assert jsonschema.schema_line("rules/teams.yaml") == "# yaml-language-server: $schema=schema/teams.json"
    assert jsonschema.schema_line("rules/routing/10-x.yaml") == "# yaml-language-server: $schema=../schema/routing.json"


def test_a_schema_is_json(tmp_path: Path) -> None:
    assert json.loads(jsonschema.text("teams"))["additionalProperties"] is False


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
        for each in value.values():
            yield from pairs(each)
    elif isinstance(value, list):
        for each in value:
            yield from pairs(each)
