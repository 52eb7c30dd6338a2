"""Answers by each mail program in each language, also in languages that no table knows: the words above the quote are all that is left."""

from __future__ import annotations

import random

import pytest

from mailbridge.reply.extract import extract
from tests.unit.reply.header_words import WORDS
from tests.unit.reply.introduction_pieces import PIECES
from tests.unit.reply.test_unknown_languages import DESK, TONGUES

SAMPLES = 4
SUBJECT = "[MB-17] Printer"
SAID = ("The number is 4711.", "It still fails.\n\nCould you come on Tuesday?", "4711")
ASKED = "Dear customer,\n\nplease tell us the number.\n\nKind regards\nSupport team"
# Verbs of writing of languages that no table knows; what stands around them is date, time, name and address in some order.
VERBS = {
    "sq": "shkroi", "hy": "գրել է", "sw": "aliandika", "kk": "жазды", "uz": "yozdi", "az": "yazdı", "bn": "লিখেছেন", "ta": "எழுதினார்",
    "km": "បានសរសេរ", "my": "ရေးခဲ့သည်", "is": "skrifaði", "ga": "scríobh", "cy": "ysgrifennodd", "mn": "бичсэн", "ne": "लेख्नुभयो",
    "ms": "menulis", "gl": "escribiu", "af": "het geskryf",
}  # fmt: skip
FRAMES = ("{d}, {t} {n} {v}:", "{d} {t}, {n} {v}:", "{n} {v} ({d} {t}):", "{d} {t} {v} {n}:")


def introduction(chance: random.Random, code: str) -> str:
    name = chance.choice((f"Support <{DESK}>", f'"Support" <{DESK}>', f"Support <{DESK}>"))
    if code in VERBS:
        date, time = chance.choice(("10.06.2025", "2025-06-10", "10 / 06 / 2025")), chance.choice(("15:12", "15:12:33"))
        return chance.choice(FRAMES).format(d=date, t=time, n=name, v=VERBS[code])
    pieces = PIECES[code]
    times = [time for time in pieces.times if time]
    return " ".join(
        chance.choice(pieces.frames)
        .format(w=chance.choice(pieces.days), d=chance.choice(pieces.dates), t=chance.choice(times), n=name)
        .replace(" ,", ",")
        .split()
    )


def headers(chance: random.Random, code: str, label: str, joint: str) -> str:
    """Copied headers; `label` shows a word and a value."""
    if code in TONGUES:
        words, date = TONGUES[code].headers, "10.06.2025 15:12"
    else:
        known = WORDS[code]
        words, date = (known.sender[0], known.date[0], known.to[0], known.subject[0]), chance.choice(known.dates)
    values = (f"Support &lt;{DESK}&gt;" if "<" in label else f"Support <{DESK}>", date, "Ann", f"Re: {SUBJECT}")
    return joint.join(label.format(word, value) for word, value in zip(words, values, strict=True))


def as_html(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")


def gmail(said: str, above: str) -> str:
    return (
        f'<div dir="ltr">{said}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{above}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;padding-left:1ex">{as_html(ASKED)}</blockquote></div>'
    )


def phone(said: str, above: str) -> str:
    return (
        f'<html><body dir="auto">{said}<div dir="ltr"><br><blockquote type="cite">{above}<br><br></blockquote></div>'
        f'<blockquote type="cite"><div dir="ltr">{as_html(ASKED)}</div></blockquote></body></html>'
    )


def thunderbird(said: str, above: str) -> str:
    return (
        f'<p>{said}</p><p><br></p><div class="moz-cite-prefix">{above}<br></div>'
        f'<blockquote type="cite" cite="mid:5@example.org">{as_html(ASKED)}</blockquote>'
    )


def roundcube(said: str, above: str) -> str:
    return f'<p>{said}</p><p id="reply-intro">{above}</p><blockquote type="cite" style="padding: 0 0.4em">{as_html(ASKED)}</blockquote>'


def unmarked(said: str, above: str) -> str:
    return f"<div>{said}</div><div><br></div><div>{above}</div><blockquote><div>{as_html(ASKED)}</div></blockquote>"


def plain(said: str, above: str) -> str:
    quoted = "\n".join(f"> {line}".rstrip() for line in ASKED.split("\n"))
    return f"{said}\n\n{above}\n\n{quoted}\n"


def outlook_web(said: str, fields: str) -> str:
    return (
        f'<div class="elementToProof">{said}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri" style="font-size:11pt">{fields}</font></div><div>{as_html(ASKED)}</div>'
    )


def outlook(said: str, fields: str) -> str:
    return (
        f'<p class="MsoNormal">{said}</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        f'<p class="MsoNormal">{fields}</p></div><p class="MsoNormal">{as_html(ASKED)}</p>'
    )


def samsung(said: str, fields: str) -> str:
    return f"<div>{said}</div><div><br></div><div>-------- X --------</div><div>{fields}</div><div><br></div><div>{as_html(ASKED)}</div>"


HTML = {"gmail": gmail, "phone": phone, "thunderbird": thunderbird, "roundcube": roundcube, "unmarked": unmarked}
BLOCKS = {"outlook-web": outlook_web, "outlook": outlook, "samsung": samsung}
LANGUAGES = sorted({*PIECES, *VERBS})


def left(text: str, html: str) -> str:
    found = extract(text, html, subject=f"Re: {SUBJECT}", answering=True, author="Ann", recipients=frozenset({DESK}))
    return " ".join(found.fresh.split())


@pytest.mark.parametrize("code", LANGUAGES)
def test_introduced_quotes(code: str) -> None:
    chance, wrong, tried = random.Random(f"clients in {code}"), [], 0
    for _ in range(SAMPLES):
        said, above = chance.choice(SAID), introduction(chance, code)
        whole = plain(said, above)
        for name, client in HTML.items():
            html = client(as_html(said), as_html(above))
            for text in ("", whole):
                tried += 1
                if left(text, html) != " ".join(said.split()):
                    wrong.append(f"{name} {'both' if text else 'html'}: {above}")
        tried += 1
        if left(whole, "") != " ".join(said.split()):
            wrong.append(f"plain: {above}")

    assert len(wrong) <= tried // 100, "\n".join(wrong)


@pytest.mark.parametrize("code", sorted({*WORDS, *TONGUES}))
def test_copied_headers_in_html(code: str) -> None:
    chance = random.Random(f"blocks in {code}")
    for _ in range(SAMPLES):
        said = chance.choice(SAID)
        for name, client in BLOCKS.items():
            html = client(as_html(said), headers(chance, code, "<b>{}:</b> {}", "<br>"))
            assert left("", html) == " ".join(said.split()), (name, html)
        whole = f"{said}\n\n________________________________\n{headers(chance, code, '{}: {}', chr(10))}\n\n{ASKED}\n"
        assert left(whole, "") == " ".join(said.split()), whole
