"""Cases on disk: the corpus (a JSON file beside each mail) and the hostile mails (one manifest)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailbridge.cli.mail_files import mails_of_mbox
from mailbridge.message.model import ReadingPolicy
from mailbridge.message.profiles import Expected, Profile
from tests.asked import asked

ROOT = Path(__file__).resolve().parents[2]

# What the hostile mails ask to be replaced before they are fed; here, where nothing is sent, by shapes that match nothing.
PLACEHOLDERS = {
    b"@@REPLY_ADDRESS@@": b"support+1.c.AAAAAAAAAAAAAAAAAAAAAAAAAAAA@example.test",
    b"@@REPLY_ADDRESS_BITFLIP@@": b"support+1.c.BAAAAAAAAAAAAAAAAAAAAAAAAAAA@example.test",
    b"@@REPLY_ADDRESS_TICKET2@@": b"support+2.c.AAAAAAAAAAAAAAAAAAAAAAAAAAAA@example.test",
    b"@@REPLY_ADDRESS_TICKET2_VALID@@": b"support+2.c.CAAAAAAAAAAAAAAAAAAAAAAAAAAA@example.test",
    b"@@AGENT_REPLY_ADDRESS@@": b"support+1.a.DAAAAAAAAAAAAAAAAAAAAAAAAAAA@example.test",
    b"@@REPLY_TOKEN@@": b"1.c.AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    b"@@OUR_MESSAGE_ID@@": b"<1.c.AAAAAAAAAAAAAAAAAAAAAAAAAAAA@example.test>",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One mail or mailbox with what is expected of it."""

    suite: str
    name: str
    want: dict[str, Any]
    mails: tuple[bytes, ...]

    @property
    def id(self) -> str:
        return f"{self.suite}/{self.name}"

    @property
    def noted(self) -> bool:
        """Whether upstream's answer is a policy of its own."""
        return "disputed" in self.want or "upstream_note" in self.want

    def unconfirmed(self, key: str) -> bool:
        return key in self.want.get("unconfirmed", ())


def default_corpus() -> Path:
    return Path(asked("MAILBRIDGE_CORPUS") or ROOT.parent / "shared" / "corpus")


def default_cases() -> Path:
    return Path(asked("MAILBRIDGE_CASES") or ROOT.parent / "shared" / "cases")


def corpus(folder: Path) -> list[Case]:
    """All cases below `folder`, by name."""
    return list(cases_of(folder))


def cases_of(folder: Path) -> Iterator[Case]:
    for file in sorted(folder.glob("*/*.json")):
        want = json.loads(file.read_text("utf-8", "surrogateescape"))
        mail, box = file.with_suffix(".eml"), file.with_suffix(".mbox")
        yield Case(file.parent.name, file.stem, want, (mail.read_bytes(),) if mail.exists() else mails_of(box))


def mails_of(box: Path) -> tuple[bytes, ...]:
    """The mails of an mbox; a case without a mail beside it is an error."""
    return tuple(part.read() for part in mails_of_mbox(box))


def hostile_profile(folder: Path) -> tuple[ReadingPolicy, Expected, str]:
    """The desk the hostile mails are written for, what it believes, and its agent."""
    profile = json.loads((folder / "manifest.json").read_text("utf-8"))["profile"]
    believes = Expected(profile=Profile.OWN, authserv_ids=(profile["authserv_id"],))
    return ReadingPolicy(own_addresses=(profile["support"],)), believes, profile["agent"]


def hostile(folder: Path) -> list[Case]:
    """The hostile mails; `want` is the manifest's entry, the suite its class."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    return [Case(entry["class"], entry["name"], entry, (filled(found(folder, entry["file"]).read_bytes()),)) for entry in manifest["mails"]]


def found(folder: Path, file: str) -> Path:
    """The manifest names its files by a folder of its author's; ours is `mails`."""
    return next((path for path in (folder / file, folder / "mails" / Path(file).name) if path.exists()), folder / file)


def filled(raw: bytes) -> bytes:
    for placeholder, value in PLACEHOLDERS.items():
        raw = raw.replace(placeholder, value)
    return raw
