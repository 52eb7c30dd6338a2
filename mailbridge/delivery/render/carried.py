"""The files that go along with a message, and which of them are pictures that its HTML shows in their places (RFC 2392)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from mailbridge.delivery.render.inert import inert
from mailbridge.delivery.render.rich.rich import Rich
from mailbridge.delivery.render.rich.write import CarriedPicture
from mailbridge.message.model import Attachment
from mailbridge.notifications.model import Audience, Notification
from mailbridge.store.mails import StoredAttachment

CARRYING = frozenset(
    {"new", "assigned", "customer_replied", "colleague_answered", "meeting_answered", "message"}
)  # news to agents that bring the files along
FILES_TO_AGENT = 5 << 20  # bytes; each member of a team gets a mail of its own.  An agent's answer takes all its files to the customer
MOST_PICTURES = 20
LARGEST_PICTURE = 3 << 20  # bytes; a larger one goes along as a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """`files`: what goes along, `left_out`: the names of those that are too big to.  `pictures`: by the sender's Content-ID what stands in
    the place of each; None where nothing does."""

    files: tuple[Attachment, ...] = ()
    left_out: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    pictures: dict[str, CarriedPicture | None]


def carried(
    notification: Notification, stored: Sequence[StoredAttachment], rich: Rich | None, load: Callable[[StoredAttachment], Attachment]
) -> Carried:
    """What of the stored files of the message that is carried goes along with this notification."""
    answer = notification.audience is Audience.CUSTOMER and not notification.automatic
    news = notification.audience is Audience.AGENT and notification.event in CARRYING
    # What was found inside a container (winmail.dat, a nested mail) goes along in its container.
    outer = [file for file in stored if not file.inside]
    chosen, left_out = _chosen(outer, rich, answer=answer, news=news)
    loaded = [load(file) for file in chosen]
    shown = _shown(loaded, rich) if answer or news else {}
    files = [shown.get(file.part) or (file if answer else inert(file)) for file in loaded]
    files = [file if file.part in shown else _as_file(file) for file in files]
    embedded = _embedded(rich) if rich and (answer or news) else {}
    return Carried(
        files=(*files, *embedded.values()),
        left_out=tuple(file.name for file in left_out),
        renamed=tuple(sent.name for sent, file in zip(files, chosen, strict=True) if sent.name != file.name),
        pictures=_places(outer, files, embedded, rich),
    )


def _chosen(
    files: Sequence[StoredAttachment], rich: Rich | None, *, answer: bool, news: bool
) -> tuple[list[StoredAttachment], list[StoredAttachment]]:
    """The files that go along, and those that are too big to."""
    if answer:
        return [file for file in files if not _is_of_others(file, rich)], []
    return _that_fit([file for file in files if not file.hidden], rich) if news else ([], [])


def _is_of_others(file: StoredAttachment, rich: Rich | None) -> bool:
    """Whether an agent's program sent it along because it stands in the quote or the signature, which the customer does not get."""
    return rich is not None and file.content_type.startswith("image/") and file.content_id in rich.others


def _that_fit(files: Sequence[StoredAttachment], rich: Rich | None) -> tuple[list[StoredAttachment], list[StoredAttachment]]:
    """The files that there is room for, pictures in the text first and then the small ones, and the others."""
    room, fitting = FILES_TO_AGENT, []
    for file in sorted(files, key=lambda file: (not (rich and file.content_id in rich.pictures), file.size)):
        if file.size <= room:
            room -= file.size
            fitting.append(file)
    return [file for file in files if file in fitting], [file for file in files if file not in fitting]


def _shown(files: Sequence[Attachment], rich: Rich | None) -> dict[str, Attachment]:
    """The pictures that the HTML shows, by their part, under Content-IDs of ours.  Only what is a picture by its content."""
    shown: dict[str, Attachment] = {}
    for file in files:
        picture = inert(replace(file, disposition="inline"))
        small = file.size <= LARGEST_PICTURE and len(shown) < MOST_PICTURES
        if rich and file.content_id in rich.pictures and small and picture.disposition == "inline":
            shown[file.part] = replace(picture, content_id=_content_id(file))
    return shown


def _as_file(file: Attachment) -> Attachment:
    """A picture that no HTML shows in its place, so that programs list it."""
    return replace(file, disposition="attachment", content_id="") if file.disposition == "inline" else file


def _content_id(file: Attachment) -> str:
    return f"{sha256(f'{file.part} {file.sha256}'.encode()).hexdigest()[:20]}@mailbridge"


def _embedded(rich: Rich) -> dict[str, Attachment]:
    """The pictures that the HTML itself holds, as files: mail programs show no others (RFC 2397 is for pages)."""
    found: dict[str, Attachment] = {}
    for cid, (kind, encoded) in rich.page.embedded.items():
        if cid not in rich.pictures or len(encoded) > LARGEST_PICTURE * 4 // 3 or len(found) == MOST_PICTURES:
            continue
        try:
            content = b64decode("".join(encoded.split()), validate=True)
        except binascii.Error:
            continue
        digest = sha256(content).hexdigest()
        file = inert(
            Attachment(
                part=cid, name=cid, content_type=f"image/{kind}", size=len(content), sha256=digest, content=content, disposition="inline"
            )
        )
        if file.disposition == "inline":
            found[cid] = replace(file, content_id=_content_id(file))
    return found


def _places(
    stored: Sequence[StoredAttachment], files: Sequence[Attachment], embedded: dict[str, Attachment], rich: Rich | None
) -> dict[str, CarriedPicture | None]:
    if rich is None:
        return {}
    shown = {file.part: file.content_id for file in files if file.disposition == "inline"}
    places: dict[str, CarriedPicture | None] = {
        file.content_id: None if file.hidden else CarriedPicture(cid=shown.get(file.part, ""), name=file.name)
        for file in stored
        if file.content_id
    }
    return places | {cid: CarriedPicture(cid=file.content_id, name=file.name) for cid, file in embedded.items()}
