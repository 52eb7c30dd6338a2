"""The keys of `when`: the values of each condition, and the condition it makes.  Used by the loader, the JSON Schema and the manual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailbridge.config import durations, names, nodes, quantities
from mailbridge.config.reading import Reading, Schema
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Either, Key, Later, Made, Many, Record, Table, keys
from mailbridge.config.suggest import nearest
from mailbridge.message.model import Kind
from mailbridge.organisation.model import CHANNELS
from mailbridge.organisation.playbooks import TASK_CHANNEL
from mailbridge.organisation.priority import Priority
from mailbridge.rules import build_conditions, dates
from mailbridge.rules.comparators import Comparator
from mailbridge.rules.texts import COUNT, INDEX, MATCHES, text_shape, text_test
from mailbridge.rules.tree import (
    Condition,
    Exists,
    Fact,
    MatchType,
    NotOf,
    Test,
    ValueSource,
)
from mailbridge.rules.tree import TextTest as TextCondition
from mailbridge.sla.segments import TargetKind
from mailbridge.tickets.model import IMPORTED, OUTGOING

PARTS = ("all", "localpart", "domain", "user", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked:
    """Two ways to write a mapping, chosen by its keys: `first` where one of its own keys is present."""

    first: Record
    second: Schema
    wrap: Callable[[Any], Any]

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        if isinstance(node, nodes.Mapping) and any(self._is_of_first(key.text) for key, _ in node.entries):
            return self.first.read(node, reading)
        return Made(of=self.second, make=self.wrap).read(node, reading)

    def _is_of_first(self, key: str) -> bool:
        """Whether the key belongs to `first`, as it is written or as it was probably meant.  Only a misspelt word is compared with others:
        that takes most of the time."""
        if key in self.first.keys or key in MATCHES:
            return key in self.first.keys
        return nearest(key, (*self.first.keys, *MATCHES)) in self.first.keys

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [self.first.json_schema(), self.second.json_schema()]}


def _by_part(*, index: bool) -> Schema:
    test = text_test(index=index)
    about = {
        "all": "the whole address", "localpart": "what stands before the @", "domain": "what stands behind the @",
        "user": "the local part without +detail", "detail": "what stands behind the + in the local part",
    }  # fmt: skip
    parts = Record(what="an address condition", keys={part: Key(schema=test, about=about[part]) for part in PARTS}, least_one=True)
    return Forked(first=parts, second=test, wrap=lambda tested: {"all": tested})


def _range(what: str, parse: Callable[[str], Any]) -> Record:
    bound = Text(what=what, parse=parse)
    return Record(what=f"a range of {what.removeprefix('a ')}s", keys=keys(over=bound, under=bound), least_one=True)


def _thing(kind: str, what: str, fields: Mapping[str, Schema], *, plain: Schema | None = None) -> Schema:
    """`true`, a name, or a mapping of fields that all match the same thing."""
    fields_of = {name: Key(schema=schema) for name, schema in fields.items()}
    record = Record(what=what, keys=fields_of, least_one=True, make=lambda values: build_conditions.things(kind, values))
    return Either(what=what, scalar=_FlagOr(kind=kind, other=plain), sequence=plain, mapping=record)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FlagOr:
    """true or false for "there is one", or what `other` reads."""

    kind: str
    other: Schema | None

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        if isinstance(node, nodes.Scalar) and isinstance(node.value, bool):
            return Fact(source=ValueSource(kind=self.kind), expected=node.value)
        return (self.other or Flag()).read(node, reading)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [Flag().json_schema(), self.other.json_schema()]} if self.other else Flag().json_schema()


def _words(source: ValueSource, of: Schema, what: str) -> Schema:
    """The value is one of these words."""

    def made(words: tuple[str, ...]) -> Condition:
        return TextCondition(sources=(source,), test=Test(match=MatchType.IS, keys=words))

    return Made(of=Many(of=of, what=f"{what} or a list of them", least=1), make=made)


def _date_record(kind: str) -> Schema:
    parts = {
        part: text_test(relations=True, numeric=part in dates.NUMBERS, words=dates.weekday if part == "weekday" else None)
        for part in dates.PARTS
    }
    zone = Key(schema=Text(what="a time zone", parse=dates.zone), about="the zone to look at it in; without it that of the default team")
    own = {"zone": zone} if kind == "currentdate" else {"header": Key(schema=_HEADER), "zone": zone, "index": INDEX}
    return Record(
        what=f"a {kind} condition", keys=own | {p: Key(schema=s) for p, s in parts.items()}, make=lambda v: build_conditions.date(kind, v)
    )


_HEADER = Text(what="the name of a header field", parse=names.header)
_HEADERS = Text(what="names of header fields", parse=names.header_names)
_TEST = text_test()
WHEN = Later(name="condition", schema=lambda: CONDITION)
_BODY = Record(
    what="a body condition",
    keys={
        "fresh": Key(schema=_TEST, about="what the person wrote now, without quotes and signature; the same as without this word"),
        "text": Key(schema=_TEST, about="the whole text of the mail"),
        "raw": Key(schema=_TEST, about="the body as it came, undecoded, with all its parts (RFC 5173 5.1)"),
        "content": Key(
            schema=Table(what="types of content", of=_TEST, least_one=True), about="parts of this type: text/html, text, or '' for all"
        ),
    },
    least_one=True,
)
_NUMERIC = text_test(relations=True, numeric=True)
_SPAMTEST = Record(
    what="a spamtest condition",
    keys={
        "percent": Key(schema=_NUMERIC, about="the same from 0 to 100; 50 is where the filter's own line is"),
        "count": Key(schema=COUNT, about="0 where it was not tested, else 1"),
    },
    least_one=True,
)
_MIME = Record(
    what="a mime condition",
    keys={
        "contenttype": Key(schema=_TEST, about="its type: application/pdf"),
        "type": Key(schema=_TEST, about="the first half of it: application"),
        "subtype": Key(schema=_TEST, about="the second half: pdf"),
        "filename": Key(schema=_TEST, about="what the mail calls the file"),
        "disposition": Key(schema=_TEST, about="attachment or inline"),
    },
    least_one=True,
    make=lambda values: build_conditions.things("mime", values),
)
_CUSTOMER = _words(ValueSource(kind="customer", name="name"), Name(kind="customer"), "a customer")
_CONTRACT = _words(ValueSource(kind="contract", name="type"), Name(kind="contract type"), "a contract type")
_LOCATION = _words(ValueSource(kind="location", name="name"), Name(kind="location"), "a location")

_ENVELOPE = Record(what="an envelope condition", keys=keys(**{"from": _by_part(index=False), "to": _by_part(index=False)}), least_one=True)
_LASTING = Text(what='a duration such as 3d, or "5 working days"', parse=durations.clock_or_working)
TARGET_NAMES = tuple(str(kind) for kind in TargetKind if kind is not TargetKind.CLAIM)
_PRIORITY = Choice(what="priority", words=tuple(Priority))
_MAILBOX = Text(what="an address of the desk or the name of a [[mailbox]]", parse=names.mailbox, takes=(str,))
CHANNEL = Choice(what="channel", words=(*CHANNELS, OUTGOING, IMPORTED, TASK_CHANNEL))
_AUTHENTICITY = Choice(what="authenticity", words=("verified", "unverified", "strict", "loose"))

CONDITIONS: dict[str, Key] = {
    "all": Key(
        schema=Made(of=Many(of=WHEN, what="a list of conditions", strict=True, least=1), make=build_conditions.all_of),
        about="all of these hold",
    ),
    "any": Key(
        schema=Made(of=Many(of=WHEN, what="a list of conditions", strict=True, least=1), make=build_conditions.any_of),
        about="one of these holds",
    ),
    "not": Key(schema=Made(of=WHEN, make=lambda child: NotOf(child=child)), about="this does not hold"),
    "header": Key(
        schema=Made(
            of=Table(what="a header condition", key=_HEADERS, of=text_test(index=True), least_one=True), make=build_conditions.headers
        ),
        about="the text of a header field; 'to, cc' looks at both",
    ),
    "address": Key(
        schema=Made(
            of=Table(what="an address condition", key=_HEADERS, of=_by_part(index=True), least_one=True), make=build_conditions.addresses
        ),
        about="the addresses in a header field, or a part of each",
    ),
    "envelope": Key(
        schema=Made(
            of=_ENVELOPE,
            make=build_conditions.envelope,
        ),
        about="sender and recipients of the SMTP envelope, where the source knows them",
    ),
    "exists": Key(
        schema=Made(of=Many(of=_HEADER, what="the name of a header field or a list", least=1), make=lambda names: Exists(headers=names)),
        about="all these header fields are there",
    ),
    "size": Key(
        schema=Made(of=_range("a size", quantities.size), make=lambda bounds: build_conditions.number(ValueSource(kind="size"), bounds)),
        about="size of the mail",
    ),
    "body": Key(
        schema=Made(of=Forked(first=_BODY, second=_TEST, wrap=lambda tested: {"fresh": tested}), make=build_conditions.body),
        about="the text of the mail; without a further word what the person wrote now",
    ),
    "attachment": Key(
        schema=Either(
            what="an attachment condition",
            scalar=_FlagOr(kind="attachment", other=None),
            mapping=Record(
                what="an attachment condition",
                keys=keys(name=_TEST, type=_TEST, size=_range("a size", quantities.size), count=_range("a number", quantities.number)),
                least_one=True,
                make=build_conditions.attachment,
            ),
        ),
        about="true for any attachment; name, type and size of one and the same, count of all",
    ),
    "mime": Key(
        schema=_MIME, about="any part of the mail, however deep, by its own header (RFC 5703 :mime :anychild); all of one and the same"
    ),
    "date": Key(schema=_date_record("date"), about="a part of the date in a header field (RFC 5260)"),
    "currentdate": Key(schema=_date_record("currentdate"), about="a part of the moment at which the mail is looked at"),
    "spamtest": Key(
        schema=Made(of=Forked(first=_SPAMTEST, second=_NUMERIC, wrap=lambda tested: {"value": tested}), make=build_conditions.spamtest),
        about="0 not tested, 1 no spam ... 10 spam (RFC 5235); percent and count are RFC 5235's too",
    ),
    "virustest": Key(
        schema=Made(of=_NUMERIC, make=lambda tested: build_conditions.text(ValueSource(kind="virustest"), tested)),
        about="0 not tested, 1 no virus known ... 5 a virus (RFC 5235)",
    ),
    "spam-score": Key(
        schema=Made(
            of=_range("a number", quantities.number), make=lambda bounds: build_conditions.number(ValueSource(kind="spam"), bounds)
        ),
        about="the score that the spam filter wrote into the header",
    ),
    "kind": Key(
        schema=_words(ValueSource(kind="kind"), Choice(what="kind", words=tuple(Kind)), "a kind of mail"), about="what sort of mail it is"
    ),
    "mailbox": Key(
        schema=_words(ValueSource(kind="mailbox"), _MAILBOX, "an address of the desk or the name of a mailbox"),
        about="the address of the desk that the mail was written to, or the name of the [[mailbox]] that it came from",
    ),
    "channel": Key(
        schema=_words(ValueSource(kind="channel"), CHANNEL, "a channel"),
        about="how the customer reached the desk: outgoing: an agent wrote first; import: from an archive; playbook: a task",
    ),
    "language": Key(
        schema=_words(ValueSource(kind="language"), Text(what="a language code such as ro"), "a language"),
        about="ISO 639-1 code of the language it is written in",
    ),
    "authenticity": Key(
        schema=_words(
            ValueSource(kind="authenticity"),
            _AUTHENTICITY,
            "an authenticity",
        ),
        about="verified: the sender's domain vouches for the address; strict: exactly one plain From",
    ),
    "writer": Key(
        schema=_words(ValueSource(kind="writer"), Choice(what="writer", words=("agent", "customer", "stranger")), "a writer"),
        about="an authenticated agent, somebody of a known customer, or somebody else",
    ),
    "entitled": Key(
        schema=Made(of=Flag(), make=build_conditions.entitled),
        about="true: the writer may ask for help, by the `asking` of the customer; false: they may not",
    ),
    "hours": Key(
        schema=Record(
            what="an hours condition",
            keys=keys(open=Name(kind="team"), closed=Name(kind="team")),
            one_of=("open", "closed"),
            make=build_conditions.hours,
        ),
        about="open: the team works now; closed: it does not",
    ),
    "load": Key(
        schema=Record(
            what="a load condition",
            keys={
                "team": Key(schema=Name(kind="team"), required=True),
                "over": Key(schema=Text(what="a number", parse=quantities.number)),
                "under": Key(schema=Text(what="a number", parse=quantities.number)),
            },
            make=build_conditions.load,
        ),
        about="how many open tickets the team has",
    ),
    "reply": Key(
        schema=Made(of=Choice(what="answer", words=("true", "false", "any")), make=build_conditions.reply),
        about="true: the mail belongs on a ticket that is there; a rule without this word looks only at mail that opens one",
    ),
    "ticket": Key(
        schema=Record(
            what="a ticket condition",
            keys={
                "age": Key(schema=_range("a duration", durations.duration)),
                "status": Key(schema=_words(ValueSource(kind="status"), Name(kind="status"), "a status")),
            },
            least_one=True,
            make=build_conditions.ticket,
        ),
        about="age and status of the ticket that the mail belongs on",
    ),
    "untouched": Key(
        schema=Made(of=_LASTING, make=lambda length: build_conditions.lasting("untouched", length)),
        about="nobody has done anything on the ticket for so long; for rules with every",
    ),
    "waiting": Key(
        schema=Made(of=_LASTING, make=lambda length: build_conditions.lasting("waiting", length)),
        about="the ticket has waited for so long; for rules with every",
    ),
    "due": Key(
        schema=Made(
            of=Either(
                what="a duration, or within and of",
                scalar=Made(of=Text(what="a duration", parse=durations.duration), make=lambda span: {"within": span}),
                mapping=Record(
                    what="a due condition",
                    keys={
                        "within": Key(schema=Text(what="a duration", parse=durations.duration), required=True),
                        "of": Key(schema=Choice(what="promise", words=TARGET_NAMES)),
                    },
                ),
            ),
            make=build_conditions.due,
        ),
        about="the ticket is due within this time, or overdue; for rules with every",
    ),
    "team": Key(schema=_words(ValueSource(kind="team"), Name(kind="team"), "a team"), about="the team so far"),
    "type": Key(schema=_words(ValueSource(kind="type"), Name(kind="type"), "a type"), about="the type so far"),
    "priority": Key(
        schema=_words(ValueSource(kind="priority"), _PRIORITY, "a priority"),
        about="the priority so far",
    ),
    "assignee": Key(schema=_words(ValueSource(kind="assignee"), Name(kind="agent"), "an agent"), about="who has it so far"),
    "tag": Key(schema=_words(ValueSource(kind="tag"), Name(kind="tag"), "a tag"), about="one of its tags so far"),
    "field": Key(
        schema=Made(of=Table(what="a field condition", of=text_test(), least_one=True), make=build_conditions.custom_fields),
        about="a custom field so far",
    ),
    "customer": Key(
        schema=_thing("customer", "a customer condition", {"name": _TEST, "tier": _TEST, "region": _TEST}, plain=_CUSTOMER),
        about="true for any known customer, a name, or fields of the customer",
    ),
    "tier": Key(schema=_words(ValueSource(kind="customer", name="tier"), Name(kind="tier"), "a tier"), about="the customer's tier"),
    "region": Key(
        schema=_words(ValueSource(kind="customer", name="region"), Name(kind="region"), "a region"), about="the customer's region"
    ),
    "contract": Key(
        schema=_thing("contract", "a contract condition", {"name": _TEST, "type": _TEST, "sla": _TEST}, plain=_CONTRACT),
        about="true for any valid contract, a contract type, or fields of a valid contract",
    ),
    "location": Key(
        schema=Either(
            what="a location condition",
            scalar=_LOCATION,
            sequence=_LOCATION,
            mapping=Record(
                what="a location condition",
                keys=keys(name=_TEST, region=_TEST),
                least_one=True,
                make=lambda v: build_conditions.things("location", v),
            ),
        ),
        about="where the device stands that the mail names, or the customer's only place",
    ),
    "equipment": Key(
        schema=_thing("equipment", "an equipment condition", dict.fromkeys(("serial", "tag", "type", "model", "location"), _TEST)),
        about="true for any device whose serial number or tag stands in subject or text, or fields of it",
    ),
}

# The common short forms; the Sieve words need more arguments.
_ELSEWHERE = {
    "subject": "the text of a field is asked for by header: {subject: {contains: ...}}",
    "from": "addresses are asked for by address: {from: {is: ...}} or {from: {domain: ...}}",
    "to": "addresses are asked for by address: {to: {is: ...}} or {to: {domain: ...}}",
    "cc": "addresses are asked for by address: {cc: {is: ...}} or {cc: {domain: ...}}",
    "text": "what the person wrote is asked for by body: {contains: ...}",
    "domain": "a part of an address is asked for by address: {from: {domain: ...}}",
    "sender": "addresses are asked for by address: {from: {is: ...}} or {from: {domain: ...}}",
}
_ONE = Record(
    what="a condition", keys=CONDITIONS, least_one=True, make=lambda values: build_conditions.all_of(values.values()), elsewhere=_ELSEWHERE
)
CONDITION: Schema = Either(
    what="a condition",
    mapping=_ONE,
    sequence=Made(of=Many(of=WHEN, what="a list of conditions", strict=True, least=1), make=build_conditions.all_of),
)

# Schemas that contain themselves or stand in many places, by the names that editors know them by.
SHARED: dict[str, Schema] = {
    "condition": CONDITION,
    "text": text_shape(False, False, Comparator.UNICODE, None),
    "indexed-text": text_shape(True, False, Comparator.UNICODE, None),
    "compared-text": text_shape(False, True, Comparator.UNICODE, None),
}
