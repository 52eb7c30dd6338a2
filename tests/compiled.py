"""Templates of mails are compiled once for all tests of a process; one that a test has changed is another template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from mailbridge.delivery.render import render
from mailbridge.delivery.render.render import Renderer, TemplateEnvironment, shipped_templates
from mailbridge.delivery.render.template_files import BodyPart


class CompiledTemplates(BytecodeCache):
    """By the file's path and the template's text."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


# For each part of a mail its own: the same template is another program where everything is escaped.
_COMPILED: Mapping[BodyPart, CompiledTemplates] = {part: CompiledTemplates() for part in BodyPart}
_as_shipped = render.environment


def compile_once() -> None:
    """From now on, for every Renderer of this process."""
    render.environment = _with_compiled


def _with_compiled(folders: Sequence[Path], kind: BodyPart) -> TemplateEnvironment:
    jinja = _as_shipped(folders, kind)
    jinja.bytecode_cache = _COMPILED[kind]
    return jinja


# For tests that change no file: it looks at the files once, where a desk's renderer does for each mail.
SHIPPED = Renderer([shipped_templates()], look_every=86400.0)
