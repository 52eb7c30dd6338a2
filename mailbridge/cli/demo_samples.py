"""The sample mails of the demo, the mails that they reply to, and the expected results.  The data is in samples/samples.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from mailbridge.errors import Permanent

FOLDER = Path(__file__).with_name("samples")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One mail to send.  `answers`: ticket and event of our mail that it replies to."""

    file: str
    is_: str
    expect: Mapping[str, Any]
    answers: tuple[str, str] | None = None
    null_sender: bool = False
    dmarc: str = "pass"  # the DMARC result of the mail server before the desk: pass, fail, none


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """The header fields of our mail from which a mail program makes a reply (RFC 5322 3.6.4)."""

    recipient: str
    reply_to: str
    message_id: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMail:
    """A sample ready to be sent."""

    mail_from: str
    recipients: tuple[str, ...]
    raw: bytes
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOutcome:
    """The result of a mail, as far as samples.toml can expect it."""

    outcome: str
    ticket: str = ""
    kind: str = ""
    language: str = ""
    team: str = ""
    priority: str = ""
    status: str = ""
    assignee: str = ""
    placed: str = ""
    follows: str = ""
    rules: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def samples() -> tuple[Sample, ...]:
    """All samples in the order in which they are sent."""
    data = tomllib.loads((FOLDER / "samples.toml").read_text(encoding="utf-8"))
    return tuple(_sample(table) for table in data["sample"])


def _sample(table: Mapping[str, Any]) -> Sample:
    known = {field.name for field in fields(SampleOutcome)}
    if unknown := set(table["expect"]) - known:
        raise Permanent(f"{table['file']} expects something unknown: {', '.join(sorted(unknown))}")
    answers = table.get("answers")
    return Sample(
        file=table["file"],
        is_=table["is"],
        expect=table["expect"],
        answers=(answers["ticket"], answers["event"]) if answers else None,
        null_sender=table.get("null_sender", False),
        dmarc=table.get("dmarc", "pass"),
    )


def sample_mail(sample: Sample, answered: Ours | None) -> SampleMail:
    """The sample with its placeholders filled from the mail that it replies to, and with CRLF line ends (RFC 5321 2.3.8)."""
    text = (FOLDER / sample.file).read_text(encoding="utf-8")
    if answered is not None:
        places = {
            "REPLY_TO": answered.reply_to,
            "MESSAGE_ID": answered.message_id,
            "SUBJECT": answered.subject,
            "AGENT": answered.recipient,
            "RECIPIENT": answered.recipient,
        }
        text = re.sub(r"%([A-Z_]+)%", lambda match: places[match.group(1)], text)
    header = BytesHeaderParser().parsebytes(text.encode("utf-8"))
    raw = (results(sample.dmarc, _addresses(header["From"])[0].rpartition("@")[2]) + text).replace("\n", "\r\n").encode("utf-8")
    return SampleMail(
        mail_from="" if sample.null_sender else _addresses(header["From"])[0],
        recipients=_addresses(header["To"]),
        raw=raw,
        message_id=str(header["Message-ID"]).strip().strip("<>"),
    )


def results(dmarc: str, domain: str) -> str:
    """The Authentication-Results and Received fields that the mail server before the desk adds (RFC 8601, RFC 5321 4.4)."""
    policy = "" if dmarc == "none" else " (p=reject)"
    verdict = f"dmarc={dmarc}{policy} header.from={domain}"
    return (
        f"Authentication-Results: mx.demo.example;\n {verdict}\n"
        f"Received: from mail.{domain} (mail.{domain} [192.0.2.25])\n by mx.demo.example with ESMTPS; Fri, 20 Nov 2026 08:00:00 +0000\n"
    )


def read_ours(raw: bytes) -> Ours:
    """The header fields of a mail that we sent, unfolded, with encoded words left encoded."""
    header = BytesHeaderParser().parsebytes(raw)
    return Ours(
        recipient=_addresses(header["To"])[0],
        reply_to=_addresses(header["Reply-To"] or header["From"])[0],
        message_id=str(header["Message-ID"]).strip(),
        subject=re.sub(r"\r?\n[ \t]+", " ", str(header["Subject"])).strip(),
    )


def subject_of(raw: bytes) -> str:
    """The subject, decoded (RFC 2047)."""
    return str(make_header(decode_header(str(BytesHeaderParser().parsebytes(raw)["Subject"])))).replace("\n", "")


def differences(sample: Sample, seen: SampleOutcome) -> list[str]:
    """A sentence for each difference between the actual and the expected result; empty where there is none."""
    return [
        f"{sample.file}: {key} is {_shown(getattr(seen, key))}, expected {_shown(wanted)}"
        for key, wanted in sample.expect.items()
        if getattr(seen, key) != (tuple(wanted) if isinstance(wanted, list) else wanted)
    ]


def _shown(value: str | Sequence[str]) -> str:
    return f'"{value}"' if isinstance(value, str) else ", ".join(value) or "nothing"


def _addresses(header: object) -> tuple[str, ...]:
    return tuple(address for _, address in getaddresses([str(header)]) if address)
