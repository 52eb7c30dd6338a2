"""Parses bytes into a Tree: header fields, containers and leaves, by offsets in the raw mail.  Never raises, bounded, no recursion.

The standard library's feed parser reads every line and nests one generator for each level: a large mail costs several times its size, a
deep one the stack.  Here a container is split by a search for its boundary, and only the leaves are copied (RFC 2046 section 5.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailbridge.message import limits, transfer
from mailbridge.message.header_text import printable
from mailbridge.message.header_values import Typed, typed
from mailbridge.message.headers import HeaderBlock, header_at, read_block
from mailbridge.message.tree import Container, Field, Leaf, Tree


@dataclass(frozen=True, slots=True)
class _Entity:
    """A part that is not read yet: `start` and `end` are offsets in the raw mail, `default` is its type if it names none."""

    start: int
    end: int
    path: str
    depth: int
    default: str = "text/plain"


@dataclass(slots=True)
class _Reader:
    raw: bytes
    room: int = limits.PARTS
    lookalikes: int = limits.LOOKALIKES
    scannable: int = limits.SCANNED_BYTES
    leaves: list[Leaf] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


def read_tree(raw: bytes) -> Tree:
    """The structure of `raw` for any content.  `defects` lists what is malformed."""
    defects: list[str] = []
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
        defects.append("lines end with a bare CR")
    at = header_at(raw)
    if at:
        defects.append("empty lines above the header")
    block = read_block(raw, start=at, whole=True)
    reader = _Reader(raw, defects=[*defects, *block.defects])
    content_type = _read_all(reader, block, at)
    return Tree(
        headers=block.fields,
        leaves=tuple(reader.leaves),
        containers=tuple(reader.containers),
        content_type=content_type,
        header_bytes=raw[at : at + min(block.size, limits.HEADER_BYTES)],
        body_at=at + block.size,
        defects=tuple(reader.defects),
    )


def _read_all(reader: _Reader, block: HeaderBlock, start: int) -> str:
    """Reads all entities in the order of the mail.  Returns the content type of the outermost one."""
    root = _Entity(start, len(reader.raw), "", 0)
    todo = _read(reader, root, block)
    todo.reverse()
    while todo:
        entity = todo.pop()
        inner = read_block(reader.raw, start=entity.start, end=entity.end)
        reader.defects += [f"part {entity.path}: {defect}" for defect in inner.defects]
        todo += reversed(_read(reader, entity, inner))
    return reader.containers[0].content_type if _is_multipart(reader) else reader.leaves[0].content_type


def _is_multipart(reader: _Reader) -> bool:
    return bool(reader.containers) and reader.containers[0].path == ""


def _read(reader: _Reader, entity: _Entity, block: HeaderBlock) -> list[_Entity]:
    """Reads one entity.  A leaf is stored; for a container the entities inside it are returned."""
    kind = typed(_first(block.fields, "content-type"))
    disposition = typed(_first(block.fields, "content-disposition"))
    content_type = _type_of(kind, disposition, entity.default)
    at = min(entity.start + block.size, entity.end)
    inside = _cut(reader, entity, at, content_type, kind) if content_type.startswith("multipart/") else []
    if not inside:
        _add_leaf(reader, entity, block, at, content_type, kind, disposition)
        return []
    reader.containers.append(Container(path=entity.path, content_type=content_type, params=kind.params, disposition=disposition.value))
    return inside


def _type_of(kind: Typed, disposition: Typed, default: str) -> str:
    """The content type.  For an invalid one ('pdf', 'unknown') a named part is bytes, any other has the default type."""
    if _is_type(kind.value):
        return kind.value
    named = kind.param("name") or disposition.param("filename")
    return "application/octet-stream" if named and (kind.value or kind.params) else default


def _is_type(value: str) -> bool:
    main, slash, sub = value.partition("/")
    # RFC 1049 had types without a subtype; only "text" still occurs.
    return bool(main and slash and sub) or value == "text"


def _first(fields: tuple[Field, ...], key: str) -> bytes:
    return next((one.raw for one in fields if one.key == key), b"")


def _cut(reader: _Reader, entity: _Entity, at: int, content_type: str, kind: Typed) -> list[_Entity]:
    """The entities inside a container; none if its boundary is missing or it is nested too deeply."""
    where = f"part {entity.path}: " if entity.path else ""
    boundary = kind.param("boundary").rstrip().encode("utf-8", "replace")
    if not boundary or len(boundary) > limits.BOUNDARY_BYTES:
        reader.defects.append(f"{where}multipart without a boundary")
        boundary = b""
    if entity.depth >= limits.DEPTH or reader.scannable < entity.end - at:
        reader.defects.append(f"{where}too many containers in containers")
        return []
    reader.scannable -= entity.end - at
    regions, closed = _regions(reader, at, entity.end, b"--" + boundary) if boundary else ([], False)
    if boundary and not (regions and closed):
        regions, closed = _lenient_regions(reader, at, entity.end, b"--" + boundary, regions)
    if not regions:
        if boundary:
            reader.defects.append(f"{where}boundary never comes")
        regions, closed = _guessed_regions(reader, at, entity.end)
    if not regions:
        return []
    if not closed:
        reader.defects.append(f"{where}multipart is not closed")
    reader.room -= len(regions)
    if reader.room <= 0:
        reader.defects.append(f"more than {limits.PARTS} parts")
    default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
    prefix = f"{entity.path}." if entity.path else ""
    return [_Entity(start, end, f"{prefix}{number}", entity.depth + 1, default) for number, (start, end) in enumerate(regions, start=1)]


Regions = list[tuple[int, int]]


def _lenient_regions(reader: _Reader, start: int, end: int, delimiter: bytes, strict: Regions) -> tuple[Regions, bool]:
    """The parts if words may follow a delimiter after a space; `strict`, the parts without such words, if that finds no more."""
    regions, closed = _regions(reader, start, end, delimiter, words=True)
    return (regions, closed) if regions and (closed or not strict) else (strict, False)


def _guessed_regions(reader: _Reader, start: int, end: int) -> tuple[Regions, bool]:
    """The parts by the first line that looks like a delimiter before a part's header, where the declared boundary is missing or wrong."""
    guess = _DELIMITER.search(reader.raw, start, end)
    if guess is None or reader.raw.find(guess[1], guess.end(), end) < 0:
        return [], False
    return _regions(reader, start, end, guess[1])


_DELIMITER = re.compile(rb"(?<![^\n])(--[!-~][^\r\n]{0,200}?)[ \t]*\r?\n(?=content-[a-z-]{2,30}[ \t]*:)", re.IGNORECASE)


def _regions(reader: _Reader, start: int, end: int, delimiter: bytes, *, words: bool = False) -> tuple[Regions, bool]:
    """The offsets of the parts between the delimiter lines, up to the limit, and whether the last part is closed.

    `words`: other text may follow a delimiter after a space.
    """
    raw, room = reader.raw, reader.room
    regions: list[tuple[int, int]] = []
    begun: int | None = None
    at = raw.find(delimiter, start, end)
    while at >= 0 and len(regions) < room and reader.lookalikes:
        reader.lookalikes -= 1
        after = at + len(delimiter)
        line_end = raw.find(b"\n", after, end)
        line_end = end if line_end < 0 else line_end
        closing = raw.startswith(b"--", after, line_end)
        rest = raw[after + 2 * closing : line_end]
        if (at == start or raw[at - 1] in b"\r\n") and (not rest.strip(b" \t\r") or (words and rest[:1] in b" \t")):
            if begun is not None:
                regions.append((begun, max(begun, _line_break_before(raw, at))))
            begun = None if closing else min(line_end + 1, end)
            if closing:
                return regions, True
            after = max(after, line_end)
        at = raw.find(delimiter, after, end)
    if begun is not None and len(regions) < room:
        regions.append((begun, end))
    return regions, False


def _line_break_before(raw: bytes, at: int) -> int:
    """The offset of the line break before a delimiter, which belongs to the delimiter (RFC 2046 5.1.1)."""
    if raw.endswith(b"\r\n", 0, at):
        return at - 2
    return at - 1


def _filename(filename: str, name: str) -> str:
    """The file name: `filename`, unless it is `name` with question marks in place of non-ASCII letters."""
    if "?" in filename and len(filename) == len(name) and all(one in {other, "?"} for one, other in zip(filename, name, strict=True)):
        return name
    return filename or name


def _add_leaf(reader: _Reader, entity: _Entity, block: HeaderBlock, at: int, content_type: str, kind: Typed, disposition: Typed) -> None:
    encoding = transfer.encoding_of(typed(_first(block.fields, "content-transfer-encoding")).value)
    content, defect = transfer.undo(encoding, reader.raw, at, entity.end)
    if encoding == "base64" and content_type.startswith("text/") and transfer.is_not_base64(content, reader.raw, at, entity.end):
        content, defect = reader.raw[at : entity.end], "text that is called base64"
    path = entity.path or "1"
    if defect:
        reader.defects.append(f"part {path}: {defect}")
    reader.leaves.append(
        Leaf(
            path=path,
            content_type=content_type,
            content=content,
            params=kind.params,
            disposition=disposition.value,
            filename=_filename(disposition.param("filename"), kind.param("name")) or disposition.param("name"),
            content_id=printable(_first(block.fields, "content-id").decode("utf-8", "replace")).strip(" <>"),
            charset=kind.param("charset").lower(),
            encoding=encoding,
            inside=entity.path.rpartition(".")[0],
            headers=block.fields,
        )
    )
