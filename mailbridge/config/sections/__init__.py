"""mailbridge.toml as schema records: one for each table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mailbridge.config import nodes, toml
from mailbridge.config.nodes import Place
from mailbridge.config.reading import BAD, Reading, Schema
from mailbridge.config.schema import Either, Key, Many, Record, Table
from mailbridge.config.sections import desk, identities, oauth, operation, outgoing, senders, sources, web
from mailbridge.config.sections.section import Section, SectionSchema
from mailbridge.config.suggest import did_you_mean

_ALL = (
    desk.DESK, identities.IDENTITY, identities.DKIM, identities.SMIME, desk.STORE, sources.MAILBOX, sources.LISTENER, sources.PIPE,
    outgoing.OUTGOING,
    oauth.ACCOUNT, oauth.ENCRYPTION, operation.LIMITS, operation.TOKENS, senders.AUTHENTICITY, senders.SCAN,
    outgoing.WEBHOOKS, outgoing.CALENDARS,
    operation.METRICS, operation.BACKUP, operation.HEALTH, operation.CANARY, operation.TELEMETRY,
    operation.KNOWLEDGE, web.WEB, operation.WORKERS,
    operation.LOG,
)  # fmt: skip
# Every key of mailbridge.toml is in one of these; the manual (docs/manual/configuration.md) explains each, a test compares.
SECTIONS: Mapping[str, SectionSchema] = {schema.name: schema for schema in _ALL}


def _placed(schema: SectionSchema) -> Schema:
    """The schema of all tables with this header."""
    if schema is outgoing.OUTGOING:
        several = Many(of=schema, what="[outgoing] or [[outgoing]]", strict=True)
        return Either(what="[outgoing], a table of its own, or several [[outgoing]]", mapping=schema, sequence=several)
    if schema.header.startswith("[["):
        return Many(of=schema, what=f"{schema.header} with two brackets", strict=True, hint="there may be several of them")
    return Table(what=f"tables, {schema.header}", of=schema) if "." in schema.header else schema


DOCUMENT = Record(
    what="mailbridge.toml", keys={name: Key(schema=_placed(schema), required=name == "desk") for name, schema in SECTIONS.items()}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The tables of one mailbridge.toml, by section."""

    file: str
    reading: Reading
    found: Mapping[str, Any]

    def one(self, name: str) -> Section:
        """The table [name]; one without keys where it is not there."""
        return self.found.get(name) or Section(name=name, node=_nothing(self.file), values={}, reading=self.reading)

    def several(self, name: str) -> tuple[Section, ...]:
        """The tables [[name]]."""
        found: tuple[Section, ...] = self.found.get(name, ())
        return found

    def one_or_several(self, name: str) -> tuple[Section, ...]:
        """The tables [[name]], or the table [name]; one without keys where neither is there."""
        found = self.found.get(name)
        return found if isinstance(found, tuple) and found else (found or self.one(name),)

    def named(self, name: str) -> Mapping[str, Section]:
        """The tables [name.NAME] by their names."""
        found: Mapping[str, Section] = self.found.get(name, {})
        return found

    def __iter__(self) -> Iterator[Section]:
        for found in self.found.values():
            yield from (found,) if isinstance(found, Section) else found.values() if isinstance(found, dict) else found


def read(file: str, text: str, reading: Reading) -> Document | None:
    """The sections in a text, with the values that could be read; None where it is no TOML.  Mistakes are noted in `reading`."""
    root, problems = toml.read(file, text)
    reading.problems += problems
    if root is None:
        return None
    found: dict[str, Any] = {}
    for key, node in root.entries:
        if key.text not in SECTIONS:
            reading.mistake(key.place, f'unknown section "{key.text}"', did_you_mean(key.text, SECTIONS))
        elif (value := DOCUMENT.keys[key.text].schema.read(node, reading)) is not BAD:
            found[key.text] = value
    if root.get("desk") is None:
        reading.mistake(_nothing(file).place, "the section [desk] is missing", 'it needs at least name = "…" and address = "…"')
    return Document(file=file, reading=reading, found=found)


def _nothing(file: str) -> nodes.Mapping:
    return nodes.Mapping(place=Place(file=file, line=0, column=0), entries=())
