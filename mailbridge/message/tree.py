"""The structure of a mail: header fields, containers and leaves, each leaf decoded to bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailbridge.message import charsets


@dataclass(frozen=True, slots=True)
class Field:
    """One header field.  `key` is its name in lower case, `raw` the unfolded bytes, `value` the decoded text."""

    name: str
    key: str
    raw: bytes
    value: str


class Fields:
    """Look-ups for all classes with header fields."""

    __slots__ = ()

    headers: tuple[Field, ...]

    def get(self, name: str) -> str | None:
        """The decoded value of the first field called `name`, None where there is none."""
        found = self.fields(name)
        return found[0].value if found else None

    def get_all(self, name: str) -> tuple[str, ...]:
        """The decoded values of all fields called `name`, in the order of the mail."""
        return tuple(field.value for field in self.fields(name))

    def fields(self, name: str) -> tuple[Field, ...]:
        """All fields called `name`, in the order of the mail."""
        key = name.lower()
        return tuple(header for header in self.headers if header.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf(Fields):
    """A part without subparts.  `content` has its transfer encoding removed; message/* parts are leaves too.

    `path` is the IMAP part number ('1', '2.1'); `inside` is the path of the leaf's container ('' is the mail itself).  `filename` is the
    decoded name from the mail, unchanged: see `attachments.safe_name`.
    """

    path: str
    content_type: str
    content: bytes = b""
    params: tuple[tuple[str, str], ...] = ()
    disposition: str = ""  # lower case: '', 'inline', 'attachment', ...
    filename: str = ""
    content_id: str = ""
    charset: str = ""  # as declared, lower case
    encoding: str = ""  # the transfer encoding as declared, lower case
    inside: str = ""
    headers: tuple[Field, ...] = ()

    @property
    def is_text(self) -> bool:
        return self.content_type.startswith("text/") or self.content_type == "text"

    @property
    def is_message(self) -> bool:
        return self.content_type in {"message/rfc822", "message/global"}

    @property
    def is_unopened(self) -> bool:
        """Whether this is a container in which no parts were found: its boundary is missing, or it is nested too deeply."""
        return self.content_type.startswith("multipart/")

    def param(self, name: str) -> str:
        """The Content-Type parameter `name` (lower case), '' where there is none."""
        return next((value for key, value in self.params if key == name), "")

    def text(self) -> str:
        """The content as text, in its declared charset or the likeliest other one.  Never raises."""
        return charsets.decode(self.content, self.charset).text


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A multipart node.  The path of the mail's outermost node is ''."""

    path: str
    content_type: str
    params: tuple[tuple[str, str], ...] = ()
    disposition: str = ""

    def param(self, name: str) -> str:
        """The Content-Type parameter `name` (lower case), '' where there is none."""
        return next((value for key, value in self.params if key == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree(Fields):
    """A whole mail.  `leaves` and `containers` are in the order of the mail; a nested message is one leaf, not parsed.

    `header_bytes` is the raw header block, `body_at` the offset of the body in the raw mail.
    """

    headers: tuple[Field, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    containers: tuple[Container, ...] = ()
    content_type: str = "text/plain"
    header_bytes: bytes = b""
    body_at: int = 0
    defects: tuple[str, ...] = ()
    _by_key: dict[str, tuple[Field, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # An index: about fifty look-ups by name for each mail.
        by_key: dict[str, tuple[Field, ...]] = {}
        for header in self.headers:
            by_key[header.key] = (*by_key.get(header.key, ()), header)
        object.__setattr__(self, "_by_key", by_key)

    def fields(self, name: str) -> tuple[Field, ...]:
        """All fields called `name`, in the order of the mail."""
        return self._by_key.get(name.lower(), ())

    def leaf(self, path: str) -> Leaf | None:
        """The leaf at `path`."""
        return next((leaf for leaf in self.leaves if leaf.path == path), None)

    def of_type(self, content_type: str) -> tuple[Leaf, ...]:
        """The leaves of one content type, in the order of the mail."""
        return tuple(leaf for leaf in self.leaves if leaf.content_type == content_type)
