"""The compiled matcher and the naive interpreter decide alike on more than 100,000 random pairs of a rule and a mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.config.nodes import Place
from mailbridge.message.model import Address, Attachment, Kind, Message, Part, Reply
from mailbridge.rules import match
from mailbridge.rules.build_conditions import count
from mailbridge.rules.comparators import Comparator
from mailbridge.rules.compile import compile_rules
from mailbridge.rules.facts import Facts
from mailbridge.rules.texts import Counted
from mailbridge.rules.tree import (
    RELATIONS,
    Actions,
    AllOf,
    AnyOf,
    Condition,
    Exists,
    Fact,
    MatchType,
    NotOf,
    Number,
    Rule,
    Same,
    Test,
    TextTest,
    ValueSource,
)
from tests.examples import examples
from tests.unit.rules import naive

RULES, MAILS, ROUNDS = 60, 10, 180  # pairs: 108,000
NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
PLACE = Place(file="rules/routing/1.yaml", line=1, column=1)

# Small alphabets, so that things meet: two cases, two scripts, an expanding ß, a decomposed é, signs that patterns know.
LETTERS = "aAbB cßéИиñ.*?\\"
WORDS = ("ab", "AB", "b c", "ßa", "éb", "e\u0301b", "Ии", "a.b", "c*", "", "İ", "ﬁ")
REGEXES = ("ab", "a.?b", "^b", "c$", "[aé]b+", "(a|и)+", "ß", "и{2}", "a*c", "(?:ab|ba)c?", r"\.b", "(a)(b)?")
HEADERS = ("subject", "x-one", "x-two")
DOMAINS = ("acme.example", "b.example")
TEAMS, TYPES, PRIORITIES, TAGS = ("one", "two"), ("t1", "t2"), ("low", "high"), ("g1", "g2")


def a_text(random: Random) -> str:
    if random.random() < 0.5:
        return " ".join(random.choice(WORDS) for _ in range(random.randint(0, 3)))
    return "".join(random.choice(LETTERS) for _ in range(random.randint(0, 8)))


def an_address(random: Random) -> str:
    local = random.choice(("ana", "Ana", "desk", "ион")) + random.choice(("", "", "+ab", "+Billing"))
    return f"{local}@{random.choice(DOMAINS)}"


def an_attachment(random: Random) -> Attachment:
    name, content_type = random.choice(("ab.pdf", "AB.txt", "", "ßa")), random.choice(("a/b", "c/d"))
    original = random.choice(("", "Ab.PDF"))
    how = random.choice(("attachment", "inline"))
    return Attachment(part="2", name=name, original_name=original, content_type=content_type, size=1, sha256="", disposition=how)


def a_part(random: Random, path: str) -> Part:
    return Part(path=path, content_type=random.choice(("a/b", "x/yab")), size=1, sha256="")


def a_mail(random: Random) -> Facts:
    headers = tuple((random.choice(("Subject", "X-One", "X-Two", "x-one")), a_text(random)) for _ in range(random.randint(0, 4)))
    body = "\n".join(a_text(random) for _ in range(random.randint(0, 3)))
    message = Message(
        from_=tuple(Address(address=an_address(random)) for _ in range(random.randint(0, 2))),
        to=tuple(Address(address=an_address(random)) for _ in range(random.randint(0, 2))),
        headers=headers,
        text=body,
        reply=Reply(text=body, spans=(), fresh=random.choice((body, a_text(random)))),
        kind=random.choice((Kind.HUMAN, Kind.LIST)),
        language=random.choice(("", "ro", "ru")),
        attachments=tuple(an_attachment(random) for _ in range(random.randint(0, 2))),
        parts=tuple(a_part(random, path) for path in ("1", "2")[: random.randint(0, 2)]),
        size=random.choice((10, 1000)),
    )  # fmt: skip
    return Facts(
        message=message,
        now=NOW,
        mail_from=random.choice((None, "", "ana@acme.example")),
        rcpt_to=tuple(an_address(random) for _ in range(random.randint(0, 2))),
        reply=random.random() < 0.2,
        spam=random.choice((None, (2.5, 5.0), (9.0, 5.0))),
        raw=random.choice((b"", f"Subject: x\r\n\r\n{a_text(random)}".encode())),
    )


def a_test(random: Random) -> Test:
    kind = random.choice((MatchType.IS, MatchType.CONTAINS, MatchType.MATCHES, MatchType.REGEX))
    comparator = random.choice((Comparator.UNICODE, Comparator.UNICODE, Comparator.ASCII, Comparator.OCTET))
    if kind is MatchType.REGEX:
        # RE2 and Python agree on these; both ignore the case of all scripts, so that ASCII only is no comparator for them.
        return Test(
            match=kind,
            keys=tuple(random.choice(REGEXES) for _ in range(random.randint(1, 2))),
            comparator=random.choice((Comparator.UNICODE, Comparator.OCTET)),
        )
    keys = tuple(a_text(random) for _ in range(random.randint(1, 3)))
    return Test(match=kind, keys=keys, comparator=comparator)


def a_relation(random: Random) -> Test:
    comparator = random.choice((Comparator.UNICODE, Comparator.OCTET, Comparator.NUMERIC))
    keys = (random.choice(("2", "10", "b", "")),) if comparator is Comparator.NUMERIC else (a_text(random),)
    return Test(match=random.choice(RELATIONS), keys=keys, comparator=comparator)


def a_count(random: Random) -> Condition:
    kind, names = random.choice((("header", ("subject", "x-one")), ("header", ("x-two",)), ("address", ("from", "to")), ("spamtest", ())))
    return count(ValueSource(kind="count", name=kind, part=", ".join(names)), Counted(((random.choice(RELATIONS), random.randint(0, 3)),)))


def a_newer_leaf(random: Random) -> Condition:
    """What the extensions bring: RFC 5231, 5173 :raw, 5235 :percent, 5703 :mime :anychild."""
    match random.randrange(5):
        case 0:
            return a_count(random)
        case 1:
            return TextTest(sources=(ValueSource(kind="header", name=random.choice(HEADERS)),), test=a_relation(random))
        case 2:
            return TextTest(sources=(ValueSource(kind="body", name="raw"),), test=a_test(random))
        case 3:
            relation = Test(match=random.choice(RELATIONS), keys=(random.choice(("0", "4", "25", "50")),), comparator=Comparator.NUMERIC)
            return TextTest(sources=(ValueSource(kind="spamtest", name=random.choice(("", "percent"))),), test=relation)
    one = random.choice((("contenttype", "a/b"), ("subtype", "yab"), ("filename", "ab.pdf"), ("disposition", "inline")))
    tests = ((one[0], Test(match=MatchType.IS, keys=(one[1],))), ("type", Test(match=MatchType.IS, keys=("a",))))
    return random.choice((Same(kind="mime", tests=tests), TextTest(sources=(ValueSource(kind="mime", name=one[0]),), test=tests[0][1])))


def a_leaf(random: Random) -> Condition:
    if random.random() < 0.3:
        return a_newer_leaf(random)
    match random.randrange(12):
        case 0 | 1 | 2:
            names = random.sample(HEADERS, random.randint(1, 2))
            index = random.choice((0, 0, 0, 1, 2, -1))
            return TextTest(sources=tuple(ValueSource(kind="header", name=name, index=index) for name in names), test=a_test(random))
        case 3 | 4:
            source = ValueSource(
                kind="address", name=random.choice(("from", "to")), part=random.choice(("all", "localpart", "domain", "user", "detail"))
            )
            keys = (random.choice((an_address(random), random.choice(DOMAINS), "ana", "ab", "ион")),)
            return TextTest(
                sources=(source,), test=replace(a_test(random), keys=keys) if random.random() < 0.3 else Test(match=MatchType.IS, keys=keys)
            )
        case 5:
            keys = (an_address(random), "")
            return TextTest(
                sources=(ValueSource(kind="envelope", name=random.choice(("from", "to")), part="all"),),
                test=Test(match=MatchType.IS, keys=keys),
            )
        case 6 | 7:
            return TextTest(sources=(ValueSource(kind="body", name="fresh"),), test=a_test(random))
        case 8:
            return Exists(headers=tuple(random.sample(HEADERS, random.randint(1, 2))))
        case 9:
            name = random.choice(("kind", "language", "team", "type", "tag"))
            words = {"kind": ("human", "list"), "language": ("ro", "ru"), "team": TEAMS, "type": TYPES, "tag": TAGS}[name]
            return TextTest(sources=(ValueSource(kind=name),), test=Test(match=MatchType.IS, keys=(random.choice(words),)))
        case 10:
            tests = (("name", Test(match=MatchType.CONTAINS, keys=("ab",))), ("type", Test(match=MatchType.IS, keys=("a/b",))))
            return random.choice(
                (
                    Same(kind="attachment", tests=tests),
                    TextTest(sources=(ValueSource(kind="attachment", name="name"),), test=a_test(random)),
                )
            )
    return random.choice(
        (Number(source=ValueSource(kind="size"), over=100), Fact(source=ValueSource(kind="reply"), expected=random.random() < 0.7))
    )


def a_condition(random: Random, depth: int = 3) -> Condition:
    match random.randrange(8) if depth else 9:
        case 0 | 1 | 2:
            return AllOf(children=tuple(a_condition(random, depth - 1) for _ in range(random.randint(1, 3))))
        case 3 | 4:
            return AnyOf(children=tuple(a_condition(random, depth - 1) for _ in range(random.randint(1, 3))))
        case 5:
            return NotOf(child=a_condition(random, depth - 1))
    return a_leaf(random)


def a_rule(random: Random, number: int) -> Rule:
    then = Actions(
        team=random.choice((None, *TEAMS)),
        type=random.choice((None, *TYPES)),
        priority=random.choice((None, *PRIORITIES)),
        tags=random.choice(((), TAGS, TAGS[:1])),
        drop=random.random() < 0.005,
    )
    return Rule(name=str(number), place=PLACE, when=a_condition(random), then=then, stop=random.random() < 0.01)


@settings(max_examples=examples(ROUNDS), deadline=None)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_matcher_and_naive_interpreter_agree(seed: int) -> None:
    random = Random(seed)
    rules = [a_rule(random, number) for number in range(RULES)]
    compiled = compile_rules(rules)
    assert len(rules) > match.SMALL_SET, "the triggers must be at work"
    for facts in (a_mail(random) for _ in range(MAILS)):
        verdict = match.run(compiled, facts)
        held, chosen, tags = naive.run(rules, facts)

        assert verdict.rules == held
        assert (verdict.team, verdict.type, verdict.priority) == (chosen.get("team"), chosen.get("type"), chosen.get("priority"))
        assert verdict.tags == tags


def test_a_difference_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agreement can fail: a naive interpreter that takes `contains` for `is` disagrees at once."""
    monkeypatch.setattr(naive, "_folded", lambda text, comparator: text)

    with pytest.raises(AssertionError):
        _agree_on(range(20))


def _agree_on(seeds: range) -> None:
    for seed in seeds:
        test_matcher_and_naive_interpreter_agree.hypothesis.inner_test(seed)  # type: ignore[attr-defined]


def test_a_small_set_and_a_large_one_decide_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(5)
    rules = [a_rule(random, number) for number in range(40)]
    compiled = compile_rules(rules)
    mails = [a_mail(random) for _ in range(200)]
    whole = [match.run(compiled, facts).rules for facts in mails]
    monkeypatch.setattr(match, "SMALL_SET", 0)

    assert [match.run(compiled, facts).rules for facts in mails] == whole
