"""JSON Schemas (draft 2020-12) of the rule files and of mailbridge.toml, for completion and errors in editors."""

from __future__ import annotations

import json
from typing import Any

from mailbridge.config.reading import Schema
from mailbridge.config.sections import DOCUMENT
from mailbridge.rules import schema
from mailbridge.rules.conditions import SHARED

CONFIGURATION = "mailbridge"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def names() -> list[str]:
    """The files that have a schema: teams, sla, statuses, types, customers, routing, mailbridge."""
    return [*(path.removeprefix("rules/").removesuffix(".yaml") for path in schema.FILES), "routing", CONFIGURATION]


def of(name: str) -> dict[str, Any]:
    """The schema of one kind of file.  Raises KeyError for a name that is not in `names`."""
    if name == "routing":
        rules = {"type": "array", "items": schema.RULE.json_schema()}
        return _document("Routing rules of mailbridge", rules, SHARED)
    if name == CONFIGURATION:
        return _document("mailbridge.toml", DOCUMENT.json_schema(), {})
    shared = SHARED if name == "notifications" else {}  # its conditions are those of the rules
    return _document(f"{name}.yaml of mailbridge", schema.FILES[f"rules/{name}.yaml"].json_schema(), shared)


def text(name: str) -> str:
    """The schema as it stands in rules/schema/."""
    return json.dumps(of(name), indent=1, ensure_ascii=False) + "\n"


def schema_line(path: str) -> str:
    """The first line by which editors find the schema of a file under rules/."""
    inner = path.removeprefix("rules/")
    name = "customers" if inner.startswith("customers/") else "routing" if "/" in inner else inner.removesuffix(".yaml")
    return f"# yaml-language-server: $schema={'../' * inner.count('/')}schema/{name}.json"


def _document(title: str, schema: dict[str, Any], definitions: dict[str, Schema]) -> dict[str, Any]:
    made: dict[str, Any] = {"$schema": DIALECT, "title": title, **schema}
    if definitions:
        made["$defs"] = {name: each.json_schema() for name, each in definitions.items()}
    return made
