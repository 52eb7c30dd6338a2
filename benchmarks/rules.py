"""What the rules cost: `python -m benchmarks.rules`.  Prints the figures with their limits and leaves 1 where one is missed.

10,000 rules (words, addresses, regular expressions mixed): at most 1 ms a mail in the median,
and at most 5 times what 100 rules cost in the same run; read from their files in at most 5 s
hostile patterns and mails: no mail costs more than 10 ms
beside CPython's `re`, tried one rule after the other on the same 1,000 rules
backtest of 100,000 stored mails: at least 2,000 mails a second, memory flat
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time

from mailbridge.cli.replay import cases
from mailbridge.config.model import Config, DeskSettings
from mailbridge.config.nodes import Place
from mailbridge.message.model import Address, Message, Reply, Sender
from mailbridge.organisation.model import Organisation
from mailbridge.rules.compile import compile_rules
from mailbridge.rules.facts import Facts
from mailbridge.rules.load import load
from mailbridge.rules.match import run
from mailbridge.rules.rule_set import pattern_of
from mailbridge.rules.tools.backtest import Side, backtest
from mailbridge.rules.tree import Actions, AllOf, Condition, MatchType, Rule, Test, TextTest, ValueSource
from mailbridge.store.engine import Store
from mailbridge.store.mails import Direction, StoredMail

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
SUBJECT, BODY = ValueSource(kind="header", name="subject"), ValueSource(kind="body", name="fresh")
FROM_DOMAIN, TO_LOCAL = ValueSource(kind="address", name="from", part="domain"), ValueSource(kind="address", name="to", part="localpart")
ALPHABETS = ("etaoinshrdlucmfwypvbgk", "eaitnrulocdsmpăâîșțvfg", "оеаинтсрвлкмдпуяыгзбч", "enisratdhulcgmobwfkzvpäöü")


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{'ok    ' if self.met else 'MISSED'} {self.name:<58} {self.value:>10,.3f} {self.unit:<8} ({sign} {self.limit:g})"


def vocabulary(random: Random, size: int) -> list[str]:
    """Words of four languages' letters, short ones first as in any language."""
    words = {"".join(random.choices(random.choice(ALPHABETS), k=random.randint(3, 11))) for _ in range(size)}
    return sorted(words, key=lambda word: (len(word), word))  # the same for one seed, whatever order a set has


def a_word(random: Random, words: Sequence[str]) -> str:
    """Zipf in the rough: half of all text is made of a hundredth of the words."""
    return words[int(len(words) * random.random() ** 7)]


def a_mail(random: Random, words: Sequence[str], length: int = 250) -> Facts:
    text = "\n".join(" ".join(a_word(random, words) for _ in range(12)) for _ in range(length // 12))
    subject = " ".join(a_word(random, words) for _ in range(random.randint(3, 9)))
    sender = Address(address=f"{a_word(random, words)}@{random.choice(words)}.example")
    to = Address(address=f"{random.choice(words)}@desk.example")
    message = Message(
        sender=Sender(address=sender.address),
        from_=(sender,),
        to=(to,),
        subject=subject,
        headers=(("From", sender.address), ("To", to.address), ("Subject", subject)),
        text=text,
        reply=Reply(text=text, spans=(), fresh=text),
        size=len(text),
    )
    return Facts(message=message, now=NOW)


def a_condition(random: Random, words: Sequence[str]) -> Condition:
    """Words, addresses and regular expressions, a third of each; every fifth asks for two things."""
    rare = words[len(words) // 3 :]  # nobody writes a rule for a word that stands in every mail
    one, two = random.choice(rare), random.choice(rare)
    kind = random.randrange(3)
    if kind == 0:
        made = TextTest(sources=(random.choice((SUBJECT, BODY)),), test=Test(match=MatchType.CONTAINS, keys=(f"{one} {two}", two)))
    elif kind == 1:
        address = random.choice(((FROM_DOMAIN, MatchType.IS, f"{one}.example"), (TO_LOCAL, MatchType.MATCHES, f"{one}*")))
        made = TextTest(sources=(address[0],), test=Test(match=address[1], keys=(address[2],)))
    else:
        pattern = random.choice((rf"\b({one}|{two}\w*)\b", rf"{one}.{{0,20}}{two}", rf"{one}-?\d{{3,6}}", rf"^(re|fwd?): {one}"))
        made = TextTest(sources=(random.choice((SUBJECT, BODY)),), test=Test(match=MatchType.REGEX, keys=(pattern,)))
    if random.random() < 0.2:
        return AllOf(children=(made, a_condition(random, words)))
    return made


def rules_of(random: Random, words: Sequence[str], count: int) -> list[Rule]:
    place = Place(file="rules/routing/10-bench.yaml", line=1, column=1)
    then = Actions(team="support", tags=("bench",))
    # Half of them end with `stop`, as routing rules do.
    return [
        Rule(name=f"rule {number}", place=place, when=a_condition(random, words), then=then, stop=random.random() < 0.5)
        for number in range(count)
    ]


def times(work: Callable[[Facts], object], mails: Sequence[Facts], rounds: int = 4) -> list[float]:
    """Milliseconds of processor time of each mail, the best of its rounds, so that a busy machine tells nearly the same."""
    return [min(made) for made in zip(*(_round(work, mails) for _ in range(rounds)), strict=True)]


def _round(work: Callable[[Facts], object], mails: Sequence[Facts]) -> list[float]:
    made: list[float] = []
    for facts in mails:
        start = thread_time()
        work(facts)
        made.append((thread_time() - start) * 1000)
    return made


def growth(random: Random, words: Sequence[str], mails: Sequence[Facts]) -> Iterator[Figure]:
    medians: dict[int, float] = {}
    for count in (100, 1_000, 10_000):
        rules = rules_of(random, words, count)
        start = perf_counter()
        rule_set = compile_rules(rules)
        built = perf_counter() - start
        gc.collect()
        gc.freeze()  # as the daemon does with what stays
        taken = times(lambda facts, rule_set=rule_set: run(rule_set, facts), mails)  # type: ignore[misc]
        medians[count] = median(taken)
        hits = sum(len(run(rule_set, facts).rules) for facts in mails[:200]) / 200
        print(
            f"       {count:>6,} rules: median {medians[count]:.3f} ms, 99 % {sorted(taken)[len(taken) * 99 // 100]:.3f} ms, "
            f"{hits:.1f} rules hold a mail, compiled in {built:.2f} s"
        )
    yield Figure("10,000 rules, median a mail", medians[10_000], "ms", 1.0)
    yield Figure("10,000 rules beside 100 rules", medians[10_000] / medians[100], "times", 5.0)


def loading(random: Random, words: Sequence[str]) -> Figure:
    """10,000 rules in 40 files, each with an example, from text to a rule set: what a reload takes."""
    rules = rules_of(random, words, 10_000)
    files = {f"rules/routing/{start:05}.yaml": "".join(map(in_yaml, rules[start : start + 250])) for start in range(0, len(rules), 250)}
    files["rules/teams.yaml"] = (
        "default: support\nteams:\n  support: {members: [ana]}\nagents:\n  ana: {title: Ana, address: ana@desk.example}\n"
    )
    pattern_of.cache_clear()
    start = thread_time()
    loaded = load(files)
    taken = thread_time() - start
    assert loaded.policy is not None, loaded.problems[:3]
    return Figure("10,000 rules read from their files", taken, "s", 5.0)


def in_yaml(rule: Rule) -> str:
    """The rule as an admin might have written it; JSON is YAML too."""
    example = {"mail": {"from": "ana@desk.example", "subject": "hello", "text": "to you"}, "gives": {"fires": False}}
    whole = {"when": condition_in_yaml(rule.when), "then": {"team": "support", "tags": ["bench"]}, "stop": rule.stop, "examples": [example]}
    lines = "".join(f"  {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in whole.items())
    return f"- name: {rule.name}\n{lines}"


def condition_in_yaml(when: Condition) -> dict[str, object]:
    if isinstance(when, AllOf):
        return {"all": [condition_in_yaml(child) for child in when.children]}
    assert isinstance(when, TextTest)
    source, compared = when.sources[0], {str(when.test.match): list(when.test.keys)}
    if source.kind == "body":
        return {"body": compared}
    return {source.kind: {source.name: {source.part: compared} if source.part else compared}}


HOSTILE_PATTERNS = (
    r"(a+)+$", r"(a|aa)+$", r"(a|a?)+b", r"(.*a){20}", r"(x+x+)+y", r".*.*.*=.*", r"(\w+\s?)*$", r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(?:a?){50}a{50}", r"(\d+)*x",
    r"\b(\w+)\b.*\b(\w+)\b.*z$", r"(a*)*b", r"(?P<all>.*)$",
)  # fmt: skip


# For these no automaton has memory enough; each is measured alone, since each may cost its share.
COUNTED_PATTERNS = (r"[ab]*a[ab]{60}c", r"a.{200}z", r".*a.{30}z", r"[ab]*a[ab]{300}c", r"a.{0,80}z", r"(a.{5}){20}z", r"a.{500}z")


def hostile(mails: Iterable[str], patterns: Sequence[str], name: str) -> Figure:
    """These patterns in one rule set, on every hostile text, captures and trace included."""
    place = Place(file="rules/routing/10-hostile.yaml", line=1, column=1)
    sources = (SUBJECT, BODY)
    rules = [
        Rule(name=p, place=place, when=TextTest(sources=sources, test=Test(match=MatchType.REGEX, keys=(p,))), then=Actions(tags=("x",)))
        for p in patterns
    ]
    plain = (
        (MatchType.CONTAINS, "aaaaaaaab"),
        (MatchType.MATCHES, "*a*a*a*a*b*c"),
        (MatchType.MATCHES, "?" * 40 + "*ß"),
        (MatchType.IS, "ß"),
    )
    rules += [
        Rule(name=f"{m} {key}", place=place, when=TextTest(sources=sources, test=Test(match=m, keys=(key,))), then=Actions(tags=("y",)))
        for m, key in plain
    ]
    worst = 0.0
    for text in mails:
        message = Message(subject=text[:998], headers=(("Subject", text),), text=text, reply=Reply(text=text, spans=(), fresh=text))
        worst = max(worst, min(_cold(rules, Facts(message=message, now=NOW)) for _ in range(3)))
    return Figure(name, worst, "ms", 10.0)


def _cold(rules: Sequence[Rule], facts: Facts) -> float:
    """Milliseconds of processor time of a mail whose like these rules never saw."""
    rule_set = compile_rules(rules)
    run(rule_set, Facts(message=Message(subject="warm", text="up"), now=NOW))
    start = thread_time()
    run(rule_set, facts)
    return (thread_time() - start) * 1000


def hostile_texts() -> list[str]:
    """Lines of a megabyte: one piece again and again, and letters by chance, for which an automaton has no memory."""
    size = 1 << 20
    pieces = ("a", "ab", "a b ", "x", "=", "a" * 60 + "c", "1", "aaaa!", "я", "a\n", "Aa", "\u0301", "ß", "ǆ", "ﷺ", "ab" * 40 + "Z")
    chance = Random(7)
    return [
        *((piece * size)[:size] for piece in pieces),
        *("".join(chance.choices(letters, k=size)) for letters in ("ab", "ab", "abc xz=1!", "аяß aZ")),
    ]


def python_patterns(rules: Sequence[Rule]) -> list[tuple[str, re.Pattern[str]]]:
    """The same rules as one `re` pattern each; conditions with two parts take the first, which is to CPython's advantage."""
    made = []
    for rule in rules:
        leaf = rule.when.children[0] if isinstance(rule.when, AllOf) else rule.when
        assert isinstance(leaf, TextTest)
        keys = leaf.test.keys if leaf.test.match is MatchType.REGEX else tuple(map(re.escape, leaf.test.keys))
        made.append((leaf.sources[0].kind + leaf.sources[0].name, re.compile("|".join(keys), re.IGNORECASE)))
    return made


def beside_python(random: Random, words: Sequence[str], mails: Sequence[Facts]) -> Figure:
    rules = rules_of(random, words, 1_000)
    rule_set, patterns = compile_rules(rules), python_patterns(rules)

    def naive(facts: Facts) -> int:
        message = facts.message
        texts = {
            "headersubject": message.subject, "bodyfresh": message.reply.fresh, "addressfrom": message.from_[0].domain,
            "addressto": message.to[0].address,
        }  # fmt: skip
        return sum(pattern.search(texts[source]) is not None for source, pattern in patterns)

    ours = median(times(lambda facts: run(rule_set, facts), mails))
    theirs = median(times(naive, mails[:40], rounds=1))
    print(f"       1,000 rules: mailbridge {ours:.3f} ms, CPython re one after the other {theirs:.3f} ms")
    return Figure("1,000 rules: times faster than CPython re", theirs / ours, "times", 1.0, at_least=True)


def store_mails(store: Store, random: Random, words: Sequence[str], count: int) -> None:
    """So many mails that opened a ticket each, as the pipeline would have stored them."""
    for start in range(0, count, 1_000):
        with store.write() as tx:
            for number in range(start, min(start + 1_000, count)):
                message = a_mail(random, words).message
                head = "".join(f"{name}: {value}\r\n" for name, value in message.headers)
                raw = f"{head}Received: from mx.example by desk.example; Wed, 4 Mar 2026 09:00:00 +0000\r\n\r\n{message.text}".encode()
                mail = StoredMail(
                    direction=Direction.IN,
                    received_at=NOW,
                    ticket=number + 1,
                    fingerprint=str(number),
                    sender=message.sender.address,
                    subject=message.subject,
                    text=message.text,
                    fresh=message.text,
                    size=len(raw),
                    sha256=tx.blobs.put(raw),
                )
                tx.mails.add(mail)


def history(random: Random, words: Sequence[str], count: int) -> Iterator[Figure]:
    """A backtest of two sets of 1,000 rules over stored mails."""
    old = rules_of(random, words, 1_000)
    new = [replace(rule, then=Actions(team="other")) if number % 10 == 0 else rule for number, rule in enumerate(old)]
    sides = [Side(rules=compile_rules(rules), organisation=Organisation()) for rules in (old, new)]
    config = Config(folder=Path(), desk=DeskSettings(name="bench", address="desk@desk.example"))
    memory: list[int] = []
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/bench.db")
        store.upgrade()
        store_mails(store, random, words, count)
        with store.read() as tx:
            start = thread_time()
            report = backtest(sides[0], sides[1], cases(tx, NOW, config), tick=lambda done: memory.append(_resident()))
            seconds = thread_time() - start
        store.close()
    print(f"       backtest: {report.mails:,} mails in {seconds:.1f} s, {report.changed:,} would go elsewhere")
    yield Figure("backtest of stored mails, a second of one processor", report.mails / seconds, "mails/s", 2_000, at_least=True)
    yield Figure("backtest: memory from a tenth of the way to its end", (memory[-1] - memory[len(memory) // 10]) / 2**20, "MB more", 20)


def _resident() -> int:
    """Bytes of this process in memory now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def measured(seed: int, stored: int) -> Iterator[Figure]:
    random = Random(seed)
    words = vocabulary(random, 30_000)
    mails = [a_mail(random, words) for _ in range(400)]
    yield from growth(random, words, mails)
    yield loading(random, words)
    texts = hostile_texts()
    yield hostile(texts, HOSTILE_PATTERNS, f"{len(HOSTILE_PATTERNS)} hostile patterns at once, mails of 1 MB, worst mail")
    alone = [hostile(texts, [pattern], "a hostile repeat count alone, mails of 1 MB, worst mail") for pattern in COUNTED_PATTERNS]
    yield max(alone, key=lambda figure: figure.value)
    yield beside_python(random, words, mails)
    if stored:
        yield from history(random, words, stored)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stored", type=int, default=100_000, metavar="N", help="mails of the backtest; 0 leaves it out")
    options = parser.parse_args(arguments)
    figures = list(measured(options.seed, options.stored))
    for figure in figures:
        print(figure)
    if options.json:
        print(json.dumps([{"name": f.name, "value": f.value, "unit": f.unit, "limit": f.limit, "met": f.met} for f in figures]))
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
