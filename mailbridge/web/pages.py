"""The HTML of the pages: Jinja2 templates in templates/web, with the sentences of the catalogues of mails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mailbridge.config import shipped
from mailbridge.delivery.render.catalogues import Catalogues
from mailbridge.delivery.render.filters import FILTERS
from mailbridge.delivery.render.translation import Translation
from mailbridge.execution.desk import Desk
from mailbridge.organisation.availability import zone_of

STATIC = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Pages:
    """Renders pages.  Threads may share it.  `own`: the desk's folder of templates, whose catalogues may change sentences."""

    def __init__(self, own: Path) -> None:
        self._catalogues = Catalogues((own,))
        self._jinja = Environment(
            loader=FileSystemLoader(shipped.templates() / "web"),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._jinja.filters |= FILTERS
        self._jinja.globals["static"] = self.address
        self._files = {file.name: file.read_bytes() for file in sorted(STATIC.iterdir()) if file.suffix in _TYPES}

    @property
    def languages(self) -> tuple[str, ...]:
        return self._catalogues.languages()

    def html(self, template: str, language: str, values: Mapping[str, object], *, now: datetime, desk: Desk, reader: str) -> bytes:
        """The page in this language, with times on the clock of the agent with the name `reader` ('': UTC)."""
        catalogue = self._catalogues.of(language)
        functions = Translation(catalogue, escapes=True).functions()
        zone = zone_of(reader, desk.organisation) if reader else "UTC"
        shown = {"now": now, "zone": zone, "language": language, "words": catalogue.words()}
        return self._jinja.get_template(template).render({**functions, **shown, **values}).encode("utf-8")

    def address(self, name: str) -> str:
        """The address of a file that comes along; it changes with the content, so browsers keep the file for good."""
        return f"/static/{sha256(self._files[name]).hexdigest()[:12]}/{name}"

    def file(self, name: str) -> tuple[bytes, str] | None:
        """Content and type of a file that comes along."""
        content = self._files.get(name)
        return None if content is None else (content, _TYPES[Path(name).suffix])
