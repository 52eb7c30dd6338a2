"""Reads articles and answers from Markdown files with front matter: a block of YAML between two lines `---`.

---
id: KB-17
title: "Error E-52: clean the registration sensor"
language: en
---
Open the front cover …
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from mailbridge.config import nodes, yaml
from mailbridge.config.nodes import Place
from mailbridge.config.reading import BAD, Reading, Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Key, Many, Record, Table
from mailbridge.errors import Problem
from mailbridge.knowledge.base import MOST_ARTICLES
from mailbridge.knowledge.fields import unknown_fields
from mailbridge.knowledge.model import PREFIX, Article, ArticleAudience, ReadyAnswer, article_number

MAX_TITLE = 200
MAX_TEXT = 256 << 10
MOST_KEYWORDS = 100
_FENCE = re.compile(r"---[ \t]*")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """A file in two parts: its front matter, and the text with the line where it begins."""

    node: nodes.Mapping
    text: str
    line: int


def _title(text: str) -> str:
    if not text.strip() or "\n" in text or len(text) > MAX_TITLE:
        raise Wrong("a title is one line of words", f"at most {MAX_TITLE} characters")
    return " ".join(text.split())


def _number(text: str) -> int:
    number = article_number(text)
    if number is None:
        raise Wrong(f'"{text}" is not a number of an article', f"they look like {PREFIX}-17")
    return number


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise Wrong(f'"{text}" is no language', 'write its code, like "en", "ro" or "ru"')
    return text


def _web(text: str) -> str:
    if not text.startswith(("https://", "http://")) or any(c.isspace() for c in text) or len(text) > 500:
        raise Wrong(f'"{text}" is not a web address', 'write it like "https://video.acme.example/17"')
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise Wrong(f'"{text}" is not a name', "small letters, digits, - and _; at most 60")
    return text


def _keywords(values: dict[str, Any]) -> dict[str, Any]:
    if len(values.get("keywords", ())) > MOST_KEYWORDS:
        raise Wrong(f"{len(values['keywords'])} keywords", f"at most {MOST_KEYWORDS}")
    return values


ARTICLE = Record(
    what="the front matter of an article",
    keys={
        "id": Key(schema=Text(what="a number such as KB-17", parse=_number), required=True, about="its number; a translation has the same"),
        "title": Key(schema=Text(what="a title", parse=_title), required=True, about="what it is about, in one line"),
        "language": Key(schema=Text(what="a language", parse=_language), about="of the article; without it, the desk's"),
        "keywords": Key(schema=Many(of=Text(), what="a word or a list of words"), about="words that people use for it"),
        "team": Key(schema=Name(kind="team"), about="the team whose article it is; without it, it is for every team"),
        "audience": Key(schema=Choice(what="audience", words=tuple(ArticleAudience)), about="customers (and agents), or agents alone"),
        "videos": Key(schema=Many(of=Text(what="a web address", parse=_web), what="a web address or a list"), about="videos about it"),
        "start": Key(schema=Flag(), about="true: it is offered to people who write for the first time"),
    },
    make=_keywords,
)
ANSWER = Record(
    what="the front matter of an answer",
    keys={
        "name": Key(schema=Text(what="a name", parse=_name), required=True, about="what agents call it: #answer NAME"),
        "language": Key(schema=Text(what="a language", parse=_language), about="of the answer; without it, the desk's"),
        "team": Key(schema=Name(kind="team"), about="the team that may send it; without it, every team may"),
        "about": Key(schema=Text(what="a title", parse=_title), about="what it is for, shown by #answers"),
        "fields": Key(
            schema=Table(what="fields", key=Text(what="a name", parse=_name), of=Text()),
            about="the fields that the agent gives, with what is put where nothing is given; empty: it must be given",
        ),
    },
)


def articles(
    files: Mapping[str, str], language: str, *, teams: Iterable[str] | None = None
) -> tuple[tuple[Article, ...], tuple[Problem, ...]]:
    """The articles of these files (path -> text) that have no mistake, and all mistakes.  `teams` None: any name is a team."""
    found, problems = _read(files, ARTICLE, teams, lambda path, values, front, reading: _article(path, values, front, language))
    kept, doubled = _once(found, lambda one: (one.number, one.language), lambda one: f"{one.name} in {one.language}")
    beyond = [
        Problem(file=one.file, message=f"more than {MOST_ARTICLES:,} articles", hint="it is not used") for one in kept[MOST_ARTICLES:]
    ]
    return tuple(kept[:MOST_ARTICLES]), tuple(sorted([*problems, *doubled, *beyond]))


def answers(
    files: Mapping[str, str], language: str, *, teams: Iterable[str] | None = None
) -> tuple[tuple[ReadyAnswer, ...], tuple[Problem, ...]]:
    """The same of answers."""
    found, problems = _read(files, ANSWER, teams, lambda path, values, front, reading: _answer(path, values, front, language, reading))
    kept, doubled = _once(found, lambda one: (one.name, one.language, one.team), lambda one: f'"{one.name}" in {one.language}')
    return tuple(kept), tuple(sorted([*problems, *doubled]))


def front_matter(path: str, text: str, reading: Reading) -> FrontMatter | None:
    """The two parts of a file; None with the mistake noted."""
    lines = text.removeprefix("\ufeff").split("\n")
    end = next((number for number, line in enumerate(lines[1:], start=1) if _FENCE.fullmatch(line.rstrip("\r"))), None)
    if not _FENCE.fullmatch(lines[0].rstrip("\r")) or end is None:
        place = Place(file=path, line=1, column=1)
        reading.mistake(place, "no front matter", "the file begins with ---, its title and so on, and another ---")
        return None
    # An empty first line in the place of the fence keeps the numbers of the lines.
    node, problems = yaml.read(path, "\n".join(["", *lines[1:end]]))
    reading.problems += problems
    if not isinstance(node, nodes.Mapping):
        if not problems:
            reading.mistake(Place(file=path, line=1, column=1), "the front matter is empty", "it needs at least an id and a title")
        return None
    return FrontMatter(node=node, text="\n".join(lines[end + 1 :]).strip("\n"), line=end + 2)


def _read(
    files: Mapping[str, str],
    schema: Record,
    teams: Iterable[str] | None,
    make: Callable[[str, dict[str, Any], FrontMatter, Reading], Made],
) -> tuple[list[Made], list[Problem]]:
    found: list[Made] = []
    problems: list[Problem] = []
    known = None if teams is None else tuple(teams)
    for path in sorted(files):
        reading = _reading(known)
        made = _one(path, files[path], schema, reading, make)
        mistakes = [*reading.problems, *reading.dangling()]
        problems += mistakes
        if made is not None and not mistakes:
            found.append(made)
    return found, problems


def _reading(teams: tuple[str, ...] | None) -> Reading:
    reading = Reading()
    if teams is None:
        reading.unknowable.add("team")
    for name in teams or ():
        reading.define("team", name, None)
    return reading


def _one(
    path: str, text: str, schema: Record, reading: Reading, make: Callable[[str, dict[str, Any], FrontMatter, Reading], Made]
) -> Made | None:
    front = front_matter(path, text, reading)
    values = schema.read(front.node, reading) if front else BAD
    if front is None or values is BAD:
        return None
    if not front.text.strip():
        reading.mistake(Place(file=path, line=front.line, column=1), "there is no text below the front matter")
    if len(front.text) > MAX_TEXT:
        reading.mistake(Place(file=path, line=front.line, column=1), f"a text of {len(front.text):,} characters", f"at most {MAX_TEXT:,}")
    return make(path, values, front, reading)


def _article(path: str, values: Mapping[str, Any], front: FrontMatter, language: str) -> Article:
    return Article(
        number=values["id"],
        title=values["title"],
        language=values.get("language", language),
        text=front.text,
        keywords=values.get("keywords", ()),
        team=values.get("team", ""),
        audience=ArticleAudience(values.get("audience", ArticleAudience.CUSTOMERS)),
        videos=values.get("videos", ()),
        start=values.get("start", False),
        file=path,
        line=front.line,
    )


def _answer(path: str, values: Mapping[str, Any], front: FrontMatter, language: str, reading: Reading) -> ReadyAnswer:
    asked = {name: default or None for name, default in values.get("fields", {}).items()}
    for unknown in unknown_fields(front.text, asked):
        place = Place(file=path, line=front.line + unknown.line, column=unknown.column, length=unknown.length)
        reading.mistake(place, unknown.message, unknown.hint)
    return ReadyAnswer(
        name=values["name"],
        language=values.get("language", language),
        text=front.text,
        team=values.get("team", ""),
        asked=tuple(asked.items()),
        about=values.get("about", ""),
        file=path,
        line=front.line,
    )


def _once(found: Iterable[Made], key: Callable[[Made], object], say: Callable[[Made], str]) -> tuple[list[Made], list[Problem]]:
    """The first of each key, and a mistake for each further one."""
    first: dict[object, Made] = {}
    doubled = list(_doubled(found, first, key, say))
    return list(first.values()), doubled


def _doubled(
    found: Iterable[Made], first: dict[object, Made], key: Callable[[Made], object], say: Callable[[Made], str]
) -> Iterator[Problem]:
    for one in found:
        before = first.setdefault(key(one), one)
        if before is not one:
            yield Problem(file=_file(one), line=1, column=1, message=f"a second {say(one)}", hint=f"the first one is {_file(before)}")


def _file(one: object) -> str:
    return str(getattr(one, "file", ""))


def as_file(article: Article) -> str:
    """The article as the text of a file that `articles` reads as the same article."""
    title = article.title.replace("\\", "\\\\").replace('"', '\\"')
    team = f'team: "{article.team}"\n' if article.team else ""
    return f'---\nid: {article.name}\ntitle: "{title}"\nlanguage: {article.language}\n{team}---\n{article.text}\n'
