"""Articles and answers are read from Markdown files; what fits a mail is found by its words."""

from __future__ import annotations

import time

import pytest

from mailbridge.knowledge.base import MOST_ARTICLES, Knowledge, built
from mailbridge.knowledge.bm25 import IndexedText, TextIndex
from mailbridge.knowledge.fields import filled
from mailbridge.knowledge.files import answers, articles
from mailbridge.knowledge.model import Article, ArticleAudience, article_number
from mailbridge.knowledge.terms import terms
from mailbridge.message.markdown import first_paragraph, to_html, to_plain

SENSOR = """---
id: KB-17
title: "Eroarea E-52: curățați senzorul de înregistrare"
language: ro
keywords: [imprimantă, tipărește]
videos: https://video.acme.example/17
---
Deschideți capacul din față.
"""
PASSWORD = "---\nid: KB-18\ntitle: Reset your password\nkeywords: [sign in, locked]\n---\nOpen the portal and choose *Forgot password*.\n"
VPN = "---\nid: KB-19\ntitle: Renew the certificate of the VPN gateway\nteam: network\naudience: agents\n---\nRun renew-gateway.\n"
START = "---\nid: KB-1\ntitle: Where to start\nstart: true\n---\nWrite to us.\n"
FILES = {"knowledge/a.md": SENSOR, "knowledge/b.md": PASSWORD, "knowledge/c.md": VPN, "knowledge/d.md": START}


def base() -> Knowledge:
    found, problems = articles(FILES, "en", teams=("network",))
    assert problems == ()
    return built(found, language="en")


@pytest.mark.parametrize("text", ["a" * 65_536, "a1" * 32_768, "a-" * 32_768])
def test_a_text_without_blanks_is_read_once(text: str) -> None:
    """A stranger's mail of one long word must not hold the worker: it took minutes where each of its letters began the search anew."""
    began = time.process_time()
    terms(text, "en")
    assert time.process_time() - began < 5


def suggested(
    text: str, language: str = "en", *, readers: ArticleAudience = ArticleAudience.CUSTOMERS, team: str | None = None
) -> list[int]:
    known = base()
    return [fit.article.number for fit in known.fits(text, language, readers=readers, team=team, least=known.minimum)]


def test_an_article_is_read_with_its_front_matter() -> None:
    article = next(one for one in base().articles if one.number == 17)

    assert article.title == "Eroarea E-52: curățați senzorul de înregistrare"
    assert (article.language, article.keywords, article.audience) == ("ro", ("imprimantă", "tipărește"), ArticleAudience.CUSTOMERS)
    assert (article.videos, article.name, article.line) == (("https://video.acme.example/17",), "KB-17", 8)
    assert article.text == "Deschideți capacul din față."


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    found, problems = articles({"knowledge/a.md": "\ufeff" + PASSWORD.replace("\n", "\r\n")}, "en")

    assert problems == ()
    assert found[0].title == "Reset your password"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("Reset your password\n", (1, 1), "no front matter"),
        ("---\nid: KB-18\ntitle: x\n", (1, 1), "no front matter"),
        ("---\n---\nText\n", (1, 1), "the front matter is empty"),
        ("---\nid: 18\ntitle: x\n---\nText\n", (2, 5), '"18" is not a number of an article'),
        ("---\nid: KB-18\n---\nText\n", (2, 1), 'the front matter of an article needs "title"'),
        ("---\nid: KB-18\ntitle: x\nkeyword: y\n---\nText\n", (4, 1), 'unknown key "keyword" in the front matter of an article'),
        ("---\nid: KB-18\ntitle: x\nlanguage: English\n---\nText\n", (4, 11), '"English" is no language'),
        ("---\nid: KB-18\ntitle: x\nteam: netwrk\n---\nText\n", (4, 7), 'unknown team "netwrk"'),
        ("---\nid: KB-18\ntitle: x\naudience: all\n---\nText\n", (4, 11), 'unknown audience "all"'),
        ("---\nid: KB-18\ntitle: x\nvideos: ftp://x\n---\nText\n", (4, 9), '"ftp://x" is not a web address'),
        ("---\nid: KB-18\ntitle: x\n---\n\n", (5, 1), "there is no text below the front matter"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_others_stay(text: str, place: tuple[int, int], message: str) -> None:
    found, problems = articles({"knowledge/a.md": text, "knowledge/b.md": PASSWORD.replace("18", "20")}, "en", teams=("network",))

    assert [(problem.file, problem.line, problem.column, problem.message) for problem in problems] == [("knowledge/a.md", *place, message)]
    assert [one.number for one in found] == [20]


def test_a_number_stands_once_in_each_language() -> None:
    files = {"knowledge/a.md": PASSWORD, "knowledge/b.md": PASSWORD, "knowledge/c.md": PASSWORD.replace("title", "language: ro\ntitle")}

    found, problems = articles(files, "en")

    assert [(one.number, one.language) for one in found] == [(18, "en"), (18, "ro")]
    assert [(p.file, p.message, p.hint) for p in problems] == [
        ("knowledge/b.md", "a second KB-18 in en", "the first one is knowledge/a.md")
    ]


def test_articles_beyond_the_limit_are_told_and_left_out() -> None:
    files = {f"knowledge/{n:05}.md": f"---\nid: KB-{n}\ntitle: T\n---\nText\n" for n in range(1, MOST_ARTICLES + 2)}

    found, problems = articles(files, "en")

    assert len(found) == MOST_ARTICLES
    assert [(p.file, p.message) for p in problems] == [(f"knowledge/{MOST_ARTICLES + 1:05}.md", "more than 5,000 articles")]


@pytest.mark.parametrize("text", ["KB-17", "kb-17", "KB17", "[KB-17]", "kb 17."])
def test_numbers_are_read_as_people_write_them(text: str) -> None:
    assert article_number(text) == 17


@pytest.mark.parametrize("text", ["17", "KB-0", "KB-", "MB-17", "KB-17a", "KB-1234567", "KB-１７"])
def test_what_is_no_number_of_an_article(text: str) -> None:
    assert article_number(text) is None


def test_what_a_customer_writes_finds_the_article() -> None:
    assert suggested("Imprimanta nu merge\nDe azi nu mai tipărește nimic. Eroarea E-52 pe ecran.", "ro") == [17]
    assert suggested("I forgot the password and want to reset it") == [18]
    assert suggested("Cannot sign in, my account is locked") == [18]


def test_diacritics_and_endings_do_not_matter() -> None:
    assert suggested("senzor de inregistrare, curatati, imprimantele", "ro") == [17]


def test_silence_where_little_fits() -> None:
    assert suggested("imprimanta", "ro") == []
    assert suggested("Please send me the invoice of May") == []
    assert suggested("We want to start the project on Monday") == []
    assert suggested("") == []


def test_a_customer_gets_no_other_language_no_article_of_agents_and_none_of_another_team() -> None:
    renew = "How do I renew the certificate of the VPN gateway?"

    assert suggested("Eroarea E-52, senzorul de înregistrare", "de") == []
    assert suggested(renew) == []
    assert suggested(renew, readers=ArticleAudience.AGENTS, team="network") == [19]
    assert suggested(renew, readers=ArticleAudience.AGENTS, team="billing") == []


def test_agents_get_each_article_once_in_their_language() -> None:
    english = SENSOR.replace("language: ro", "language: en").replace("Eroarea E-52: curățați senzorul de înregistrare", "Error E-52")
    found, _ = articles(FILES | {"knowledge/e.md": english}, "en")

    fits = built(found).fits_for_agents("Eroarea E-52, senzorul", "en", None)

    assert [(fit.article.number, fit.article.language) for fit in fits] == [(17, "en")]


def test_an_article_is_shown_in_the_readers_language_else_the_desks() -> None:
    def article(language: str) -> Article:
        return Article(number=5, title=language, language=language, text="x")

    known = built([article("de"), article("ro")], language="ro")

    assert [known.article(5, language).title for language in ("de", "ro", "fr")] == ["de", "ro", "ro"]  # type: ignore[union-attr]
    assert known.article(6, "de") is None


def test_who_writes_first_is_offered_where_to_start_in_the_own_language() -> None:
    assert [one.number for one in base().starts("en", "support")] == [1]
    assert base().starts("ro", "support") == ()


def test_russian_words_are_stemmed_with_their_own_letters() -> None:
    assert terms("новый принтера пароля ёлка", "ru") == terms("нового принтер пароль елка", "ru")


def test_codes_are_one_term_and_function_words_none() -> None:
    assert terms("The error E-52 of 2026-11-30, and 52", "en") == ["error", "2026", "e52"]


def test_the_order_of_the_texts_does_not_change_a_score() -> None:
    texts = [
        IndexedText(title=["printer", "offline"], body=["cable"]),
        IndexedText(title=["invoice"], body=["printer"]),
        IndexedText(title=["phone"]),
    ]
    forward = {hit.place: hit.score for hit in TextIndex(texts).search(["printer", "cable"], most=5)}
    backward = {2 - hit.place: hit.score for hit in TextIndex(texts[::-1]).search(["printer", "cable"], most=5)}

    assert list(forward) == [0, 1]
    assert forward == pytest.approx(backward)


def test_a_term_in_most_texts_says_nothing() -> None:
    texts = [IndexedText(title=["printer", str(n)]) for n in range(20)]

    assert TextIndex(texts).search(["printer"], most=5) == []


def test_bm25_is_what_the_formula_says() -> None:
    """N = 2, the term in one text, once in its body; both texts have one term: log(1 + 1.5 / 1.5) * 2.2 / (1 + 1.2)."""
    (hit,) = TextIndex([IndexedText(title=[], body=["alpha"]), IndexedText(title=[], body=["beta"])]).search(["alpha"], most=1)

    assert hit.score == pytest.approx(0.6931471805599453)


def test_an_answer_has_known_and_asked_fields() -> None:
    front = "---\nname: visit\nfields:\n  day: ''\n  hour: in the morning\n---\n"
    text = front + "{{ customer.name }}: {{day}}, {{ hour }}\n{{ dya }} {% if x %}\n"

    found, problems = answers({"answers/a.md": text}, "en")

    assert found == ()
    assert [(p.line, p.column, p.length, p.message) for p in problems] == [
        (8, 1, 9, 'unknown field "dya"'),
        (8, 11, 2, '"{%" belongs to no field'),
        (8, 19, 2, '"%}" belongs to no field'),
    ]
    found, problems = answers({"answers/a.md": text.rpartition("{{ dya")[0]}, "en")
    assert problems == ()
    assert found[0].asked == (("day", None), ("hour", "in the morning"))


def test_what_a_value_says_is_text() -> None:
    assert filled("Dear {{ customer.name }}", {"customer.name": "{{ agent.name }}", "agent.name": "Ana"}) == "Dear {{ agent.name }}"


def test_markdown_becomes_safe_html_and_faithful_text() -> None:
    markdown = """## Steps

1. Open [the portal](https://a.example/x)
   - *with* your `name`
2. <script>alert(1)</script>

> Only **once**.

```
renew  now
```

![shot](https://a.example/p.png) and https://b.example
"""
    html = to_html(markdown)

    assert "<script" not in html
    assert "<img" not in html
    assert '<a href="https://a.example/x"' in html
    assert (
        to_plain(markdown)
        == """Steps

1. Open the portal (https://a.example/x)
   - with your name
2. <script>alert(1)</script>

> Only once.

    renew  now

[shot] and https://b.example"""
    )


def test_an_article_begins_with_its_first_paragraph() -> None:
    assert first_paragraph("# Title\n\nOpen the *cover*\nand look.\n\nThen more.\n", 100) == "Open the cover and look."
    assert first_paragraph("1. Open the cover\n2. Look\n", 20) == "1. Open the cover…"
