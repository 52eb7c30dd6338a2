"""Support mail made up from two numbers, with the truth about each mail.

    python -m benchmarks.generator --n 1000 --seed 42 --out DIR

Writes DIR/000000.eml ... in the order of arrival, and DIR/manifest.jsonl with one object a mail: idx, file, kind (new, reply, auto,
bounce, bulk), msgid, root and parent (idx of the thread's first mail and of the one answered), sender, subject, fresh (a word that
stands in what was written now), probe (a sentence whose characters were read right when it is there), attachments (name, size,
sha256).  The same two numbers give the same bytes.

Six of ten mails open a thread; the others answer one, by the requester or a colleague of the same company, who refer to the customers'
own Message-IDs as people do who press "reply all" before the desk has said a word.  A few are robots': vacation replies, delivery
reports, newsletters.  The mails are put together by hand: a generator that used a mail library would share its idea of a mail.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import quopri
import random
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

DESK = "support@desk.example"
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
SHARE_NEW = 0.6
KINDS = ("reply",) * 92 + ("auto",) * 4 + ("bounce",) * 3 + ("bulk",)
SHARE_WITH_FILES = 0.16
LARGEST = 2 << 20


# What people write


@dataclass(frozen=True, slots=True)
class Language:
    """How one country writes: names, sentences, the line above a quote, and the character sets its mail programs use."""

    names: tuple[str, ...]
    subjects: tuple[str, ...]
    sentences: tuple[str, ...]
    greeting: str
    farewell: str
    wrote: str
    probe: str
    charsets: tuple[str, ...]
    file: str
    weight: int


LANGUAGES = (
    Language(
        names=("Hannah Osborne", "Miles Tanner", "Priya Nair", "Owen Gallagher", "Ruth Adler", "Seth Marlow"),
        subjects=("Scanner on floor {n} jams", "No access to folder {n}", "Login loop since update {n}", "Question about invoice {n}"),
        sentences=(
            "Since this morning the scanner stops after every third page and shows a red light.",
            "We switched it off and on again, and our electrician had a look at the socket.",
            "Two colleagues next door have the same trouble with theirs.",
            "Could somebody call us before noon? The auditors are here until Friday.",
            "I looked at the manual you sent last year and tried all of chapter four.",
        ),
        greeting="Hello,",
        farewell="Kind regards",
        wrote="On {date}, {name} <{address}> wrote:",
        probe="The café’s “menu” costs 5 € – naïve, isn’t it? ({n})",
        charsets=("utf-8", "windows-1252"),
        file="screenshot {n}.png",
        weight=5,
    ),
    Language(
        names=("Jörg Häußler", "Anke Löwe", "Mirjam Groß", "Götz Krämer", "Ute Weiß"),
        subjects=("Drucker im {n}. Stock druckt schief", "Kein Zugriff auf Laufwerk {n}", "Rückfrage zur Rechnung {n}", "Störung {n}"),
        sentences=(
            "Seit heute früh bleibt das Gerät nach jeder dritten Seite stehen.",
            "Wir haben es bereits aus- und wieder eingeschaltet, leider ohne Erfolg.",
            "Könnten Sie bitte vor Mittag zurückrufen, die Prüfer sind im Haus.",
            "Die Kolleginnen in der Buchhaltung haben dasselbe Problem.",
        ),
        greeting="Guten Tag,",
        farewell="Mit freundlichen Grüßen",
        wrote="Am {date} schrieb {name} <{address}>:",
        probe="Größe, Übermaß und Straßenfeger: {n} Stück zu je 5 Ä",
        charsets=("utf-8", "iso-8859-1", "windows-1252"),
        file="Übersicht {n}.pdf",
        weight=4,
    ),
    Language(
        names=("Élodie Garçon", "Benoît Lefèvre", "Chloé Noël", "François Hébert"),
        subjects=("Imprimante {n} bloquée", "Accès refusé au dossier {n}", "Facture {n} erronée"),
        sentences=(
            "Depuis ce matin, l'appareil s'arrête toutes les trois pages.",
            "Nous l'avons éteint puis rallumé, sans résultat.",
            "Pourriez-vous nous rappeler avant midi, s'il vous plaît ?",
            "Les collègues du premier étage ont le même souci.",
        ),
        greeting="Bonjour,",
        farewell="Cordialement",
        wrote="Le {date}, {name} <{address}> a écrit :",
        probe="Où ça coûte {n} cœurs brisés, à l'évêché déjà fermé",
        charsets=("utf-8", "windows-1252", "iso-8859-15"),
        file="relevé {n}.pdf",
        weight=3,
    ),
    Language(
        names=("Ștefan Țăranu", "Ioana Bălan", "Mihăiță Șerban"),
        subjects=("Imprimanta {n} nu mai merge", "Nu mă pot conecta la {n}", "Întrebare despre factura {n}"),
        sentences=(
            "De azi dimineață aparatul se oprește după fiecare a treia pagină.",
            "L-am oprit și l-am pornit din nou, fără niciun rezultat.",
            "Vă rugăm să ne sunați înainte de prânz.",
        ),
        greeting="Bună ziua,",
        farewell="Cu stimă",
        wrote="Pe {date}, {name} <{address}> a scris:",
        probe="Șase țânțari își împart {n} mălaiuri, câte unul de căciulă",
        charsets=("utf-8", "iso-8859-16"),
        file="situație {n}.xlsx",
        weight=3,
    ),
    Language(
        names=("Łukasz Wójcik", "Małgorzata Żak", "Grażyna Dąbrowska"),
        subjects=("Drukarka {n} nie działa", "Brak dostępu do katalogu {n}"),
        sentences=(
            "Od rana urządzenie zatrzymuje się po co trzeciej stronie.",
            "Wyłączyliśmy je i włączyliśmy ponownie, bez skutku.",
            "Proszę o telefon przed południem, mamy kontrolę.",
        ),
        greeting="Dzień dobry,",
        farewell="Z poważaniem",
        wrote="W dniu {date} {name} <{address}> napisał(a):",
        probe="Zażółć gęślą jaźń, {n} razy",
        charsets=("utf-8", "iso-8859-2", "windows-1250"),
        file="zestawienie {n}.pdf",
        weight=2,
    ),
    Language(
        names=("Ирина Лебедева", "Павел Жуков", "Ольга Щукина"),
        subjects=("Не работает сканер {n}", "Нет доступа к папке {n}"),
        sentences=(
            "С сегодняшнего утра устройство останавливается после каждой третьей страницы.",
            "Мы уже выключали и включали его, не помогло.",
            "Перезвоните нам, пожалуйста, до обеда.",
        ),
        greeting="Здравствуйте,",
        farewell="С уважением",
        wrote="{date}, {name} <{address}> написал(а):",
        probe="Съешь ещё {n} мягких французских булок",
        charsets=("utf-8", "koi8-r", "windows-1251"),
        file="отчёт {n}.docx",
        weight=2,
    ),
    Language(
        names=("佐藤 健", "鈴木 美咲", "高橋 直子"),
        subjects=("プリンター{n}が動きません", "フォルダー{n}に入れません"),
        sentences=(
            "今朝から三枚ごとに機械が止まり、赤いランプがつきます。",
            "電源を入れ直しましたが、変わりませんでした。",
            "お昼までにお電話をいただけると助かります。",
        ),
        greeting="お世話になっております。",
        farewell="よろしくお願いいたします。",
        wrote="{date} {name} <{address}>:",
        probe="文字化けの確認：請求書{n}号、消費税込み",
        charsets=("utf-8", "iso-2022-jp", "shift_jis"),
        file="見積書{n}.pdf",
        weight=1,
    ),
)
COMPANIES = ("northgate", "brightmill", "harbourline", "ostwald", "ferrand", "valora", "kestrel", "lindqvist", "sakura", "polmet")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    address: str
    language: Language


@dataclass(slots=True)
class Written:
    """One mail with everything a reply needs to know of it; `truth` is its line of the manifest."""

    truth: dict[str, Any]
    raw: bytes
    author: Person
    text: str
    at: datetime
    thread: list[str] = field(default_factory=list)  # Message-IDs from the first to this one


# The stream


class Stream:
    """Makes one mail after the other; what was said before is what later ones answer."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._now = START
        self._written: list[Written] = []
        self._people = [self._person(number) for number in range(60)]

    def next(self) -> Written:
        chance = self._chance
        self._now += timedelta(seconds=chance.randint(5, 90))
        threads = [one for one in self._written if one.truth["kind"] in {"new", "reply"}]
        kind = "new" if not threads or chance.random() < SHARE_NEW else chance.choice(KINDS)
        match kind:
            case "new":
                mail = self._request()
            case "reply":
                mail = self._reply(chance.choice(threads[-200:]))
            case _:
                mail = self._robot(kind)
        self._written.append(mail)
        return mail

    def _person(self, number: int) -> Person:
        language = self._chance.choices(LANGUAGES, [one.weight for one in LANGUAGES])[0]
        company = COMPANIES[number % len(COMPANIES)]
        return Person(self._chance.choice(language.names), f"person{number}@{company}.example", language)

    def _request(self) -> Written:
        author = self._chance.choice(self._people)
        subject = self._chance.choice(author.language.subjects).format(n=self._chance.randint(1, 9999))
        return self._human("new", author, subject, None)

    def _reply(self, parent: Written) -> Written:
        company = parent.author.address.partition("@")[2]
        colleagues = [one for one in self._people if one.address.endswith("@" + company)]
        author = parent.author if self._chance.random() < 0.65 else self._chance.choice(colleagues)
        subject = parent.truth["subject"]
        return self._human("reply", author, subject if subject.startswith("Re: ") else f"Re: {subject}", parent)

    def _human(self, kind: str, author: Person, subject: str, parent: Written | None) -> Written:
        chance, language = self._chance, author.language
        idx = len(self._written)
        fresh = f"NB{idx:06d}{chance.getrandbits(24):06x}"
        probe = language.probe.format(n=idx)
        body = [*chance.choices(language.sentences, k=chance.randint(2, 12)), probe]
        chance.shuffle(body)
        own = "\n\n".join((language.greeting, f"{fresh} {' '.join(body)}", f"{language.farewell}\n{author.name}"))
        # A customer's program may know no other characters than those of its country; what it quotes has to fit in.
        text = own if parent is None else f"{own}\n\n{_quote(parent, language)}"
        charset = chance.choice([one for one in language.charsets if _fits(text, one)] or ["utf-8"])
        files = self._files(language, idx)
        msgid = f"<{chance.getrandbits(80):020x}.{idx}@{author.address.partition('@')[2]}>"
        refs = _references(chance, parent)
        head = [*_envelope(author, self._now, msgid), ("Subject", _words(subject, charset, chance)), *refs]
        raw = _mail(head, _body(chance, text, charset, files, rich=chance.random() < 0.6))
        return self._as_written(kind, raw, author, own, subject, msgid, parent, fresh=fresh, probe=probe, files=files)

    def _robot(self, kind: str) -> Written:
        chance, author, idx = self._chance, self._chance.choice(self._people), len(self._written)
        company = author.address.partition("@")[2]
        msgid = f"<{chance.getrandbits(80):020x}.{idx}@{company}>"
        subject, extra, body = ROBOTS[kind](author, company, f"{chance.getrandbits(64):x}")
        sender = Person("Mail Delivery System", f"mailer-daemon@{company}", author.language) if kind == "bounce" else author
        head = [*_envelope(sender, self._now, msgid, null=kind == "bounce"), ("Subject", _words(subject, "utf-8", chance)), *extra]
        return self._as_written(kind, _mail(head, body), sender, "", subject, msgid, None)

    def _files(self, language: Language, idx: int) -> list[tuple[str, bytes]]:
        if self._chance.random() >= SHARE_WITH_FILES:
            return []
        sizes = [min(int(self._chance.lognormvariate(11, 1.5)), LARGEST) for _ in range(self._chance.randint(1, 3))]
        return [(language.file.format(n=f"{idx}-{number}"), self._chance.randbytes(size)) for number, size in enumerate(sizes)]

    def _as_written(
        self, kind: str, raw: bytes, author: Person, text: str, subject: str, msgid: str, parent: Written | None,
        *, fresh: str = "", probe: str = "", files: Sequence[tuple[str, bytes]] = (),
    ) -> Written:  # fmt: skip
        idx = len(self._written)
        truth = {
            "idx": idx,
            "file": f"{idx:06d}.eml",
            "kind": kind,
            "msgid": msgid,
            "root": parent.truth["root"] if parent else idx,
            "parent": parent.truth["idx"] if parent else None,
            "sender": author.address,
            "subject": subject,
            "fresh": fresh or None,
            "probe": probe or None,
            "attachments": [
                {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files
            ],
        }
        return Written(truth, raw, author, text, self._now, [*(parent.thread if parent else ()), msgid])


# How it looks on the wire


Field = tuple[str, str]
Part = tuple[list[Field], bytes]  # a body with the header fields that say what it is


def _envelope(author: Person, at: datetime, msgid: str, *, null: bool = False) -> list[Field]:
    """The fields every mail has, with the trace of its way: our server writes its verdict above its own Received."""
    domain, date = author.address.partition("@")[2], format_datetime(at)
    return [
        ("Return-Path", "<>" if null else f"<{author.address}>"),
        ("Authentication-Results", f"mx.desk.example; dmarc=pass header.from={domain}"),
        ("Received", f"from out.{domain} (out.{domain} [192.0.2.25])\r\n\tby mx.desk.example with ESMTPS for <{DESK}>; {date}"),
        ("Received", f"from [10.1.2.3] (unknown [10.1.2.3])\r\n\tby out.{domain} with ESMTPSA; {date}"),
        ("Date", date),
        ("From", f"{_name(author.name)} <{author.address}>"),
        ("To", f"Support <{DESK}>"),
        ("Message-ID", msgid),
        ("MIME-Version", "1.0"),
    ]


def _references(chance: random.Random, parent: Written | None) -> list[Field]:
    """What a reply refers to: most programs write both fields, some one of them, some only the ends of a long thread."""
    if parent is None:
        return []
    known = parent.thread if len(parent.thread) < 12 else [parent.thread[0], *parent.thread[-10:]]
    both = [("In-Reply-To", known[-1]), ("References", "\r\n ".join(known))]
    return chance.choices([both, both[:1], both[1:]], [8, 1, 1])[0]


def _quote(parent: Written, language: Language) -> str:
    intro = language.wrote.format(date=parent.at.strftime("%d.%m.%Y %H:%M"), name=parent.author.name, address=parent.author.address)
    return "\n".join([intro, *(f"> {line}".rstrip() for line in _wrapped(parent.text).splitlines())])


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.fill(line, 74, break_long_words=False, break_on_hyphens=False) for line in text.splitlines())


def _fits(text: str, charset: str) -> bool:
    try:
        return text.encode(charset).decode(charset) == text
    except UnicodeError:
        return False


def _words(text: str, charset: str, chance: random.Random) -> str:
    """A subject as RFC 2047 wants it: words that fit in a line each."""
    if text.isascii():
        return text
    used = charset if _fits(text, charset) else "utf-8"
    form = "b" if used in {"iso-2022-jp", "shift_jis"} else chance.choice("bq")
    parts = [text[start : start + 12] for start in range(0, len(text), 12)]
    return "\r\n ".join(_word(part, used, form) for part in parts)


def _name(text: str) -> str:
    return f'"{text}"' if text.isascii() else _word(text, "utf-8", "b")


def _word(text: str, charset: str, form: str) -> str:
    data = text.encode(charset)
    if form == "b":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?Q?" + "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"={byte:02X}" for byte in data) + "?="


def _body(chance: random.Random, text: str, charset: str, files: Sequence[tuple[str, bytes]], *, rich: bool) -> Part:
    """The body's own header fields and its bytes: plain, HTML alone, both, and files around them."""
    body = _text_part(chance, _wrapped(text), "plain", charset)
    if rich:
        page = _text_part(chance, _as_html(text, charset), "html", charset)
        body = page if chance.random() < 0.15 else _multipart(chance, "alternative", [body, page])
    return _multipart(chance, "mixed", [body, *(_file_part(chance, *file) for file in files)]) if files else body


def _as_html(text: str, charset: str) -> str:
    """A page as mail programs make it, the quote in a blockquote."""
    own, _, quoted = text.partition("\n> ")
    intro = ""
    if quoted:
        own, _, intro = own.rpartition("\n")
        lines = [line.removeprefix(">").removeprefix(" ") for line in quoted.splitlines()]
        quoted = f'<div class="gmail_quote"><div class="gmail_attr">{html.escape(intro)}<br></div><blockquote class="gmail_quote">' + (
            "<br>\n".join(map(html.escape, lines)) + "</blockquote></div>"
        )
    paragraphs = "".join(f'<div style="font-family:Calibri">{html.escape(part)}</div>\n<div><br></div>\n' for part in own.split("\n\n"))
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    return f"<html><head>{meta}<style>p {{margin:0}}</style></head><body>\n{paragraphs}{quoted}</body></html>\n"


def _text_part(chance: random.Random, text: str, subtype: str, charset: str) -> Part:
    data = text.replace("\n", "\r\n").encode(charset)
    encoding = chance.choice(("quoted-printable", "base64", "8bit"))
    if charset == "iso-2022-jp":
        encoding = "7bit"
    if any(len(line) > 900 for line in data.splitlines()) and encoding != "base64":
        encoding = "quoted-printable"
    fields = [("Content-Type", f'text/{subtype}; charset="{charset}"'), ("Content-Transfer-Encoding", encoding)]
    return fields, _encoded(data, encoding)


def _encoded(data: bytes, encoding: str) -> bytes:
    match encoding:
        case "base64":
            return base64.encodebytes(data).replace(b"\n", b"\r\n")
        case "quoted-printable":
            return quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return data


def _file_part(chance: random.Random, name: str, content: bytes) -> Part:
    """A file, its name as RFC 2231 has it or, as many programs do, as an encoded word."""
    plain = name if name.isascii() else _word(name, "utf-8", "b")
    said = f"filename*=utf-8''{quote(name)}" if chance.random() < 0.5 else f'filename="{plain}"'
    fields = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", f"attachment; {said}"),
        ("Content-Transfer-Encoding", "base64"),
    ]
    return fields, _encoded(content, "base64")


def _multipart(chance: random.Random, subtype: str, parts: Sequence[Part], more: str = "") -> Part:
    boundary = f"----=_Part_{chance.getrandbits(64):016x}"
    pieces = [f"--{boundary}\r\n".encode() + _mail([], part) + b"\r\n" for part in parts]
    return [("Content-Type", f'multipart/{subtype};{more} boundary="{boundary}"')], b"".join(pieces) + f"--{boundary}--\r\n".encode()


def _mail(head: Sequence[Field], body: Part) -> bytes:
    """Header fields, those of the body among them, and the body."""
    own, data = body
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*head, *own))
    return lines.encode() + b"\r\n" + data


# Robots


def _vacation(author: Person, _company: str, word: str) -> tuple[str, list[Field], Part]:
    text = f"I am out of the office until Monday and read no mail. ({word})\r\n"
    fields = [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"), ("In-Reply-To", f"<{word}@desk.example>")]
    return f"Out of office: {author.name}", fields, ([("Content-Type", "text/plain; charset=utf-8")], text.encode())


def _bounce(author: Person, company: str, word: str) -> tuple[str, list[Field], Part]:
    gone = f"gone.{word}@{company}"
    report = f"Reporting-MTA: dns; mx.{company}\r\n\r\nFinal-Recipient: rfc822; {gone}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    returned = f"From: {DESK}\r\nTo: {gone}\r\nSubject: hello\r\nMessage-ID: <{word}@elsewhere.example>\r\n"
    parts = [
        ([("Content-Type", "text/plain; charset=us-ascii")], f"<{gone}>: there is no such mailbox here\r\n".encode()),
        ([("Content-Type", "message/delivery-status")], report.encode()),
        ([("Content-Type", "text/rfc822-headers")], returned.encode()),
    ]
    body = _multipart(random.Random(word), "report", parts, more=" report-type=delivery-status;")
    return "Undelivered Mail Returned to Sender", [("Auto-Submitted", "auto-replied")], body


def _newsletter(_author: Person, company: str, word: str) -> tuple[str, list[Field], Part]:
    fields = [
        ("Precedence", "bulk"),
        ("List-Id", f"News <news.{company}>"),
        ("List-Unsubscribe", f"<mailto:leave-{word}@{company}>"),
    ]
    text = f"Our spring offers are here, have a look.\r\n{word}\r\n"
    return "News of the month", fields, ([("Content-Type", "text/plain; charset=utf-8")], text.encode())


ROBOTS = {"auto": _vacation, "bounce": _bounce, "bulk": _newsletter}


def write(folder: Path, count: int, seed: int) -> None:
    """`count` mails and their manifest are in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    stream = Stream(seed)
    with (folder / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for _ in range(count):
            mail = stream.next()
            (folder / mail.truth["file"]).write_bytes(mail.raw)
            manifest.write(json.dumps(mail.truth, ensure_ascii=False, sort_keys=True) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    write(asked.out, asked.n, asked.seed)


if __name__ == "__main__":
    main()
