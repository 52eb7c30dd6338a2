"""`make catalogues`: brings the catalogues of mails up to the templates, and compiles all catalogues.

A message that is new has an empty translation afterwards, one that nothing says any more is gone.  Nothing is guessed: a sentence that
changed is a new message.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from mailbridge.delivery.render.catalogues import DOMAIN
from mailbridge.delivery.render.messages import SourceMessage, shipped_messages
from mailbridge.delivery.render.render import shipped_templates
from mailbridge.delivery.render.sentences import DOMAIN as EVENTS
from mailbridge.delivery.render.sentences import LOCALES

HEADER = """\
# The words of mailbridge's mails.  Edit the translations, then run: make catalogues
msgid ""
msgstr ""
"Project-Id-Version: mailbridge\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""


def updated(catalogue: Catalog, messages: Iterable[SourceMessage]) -> Catalog:
    """A catalogue of these messages with the translations that this one has."""
    new = Catalog(locale=catalogue.locale, project="mailbridge", fuzzy=False)
    for source in messages:
        known = catalogue.get(source.id, source.context or None)
        key = (source.id, source.plural) if source.plural else source.id
        fits = known is not None and bool(known.pluralizable) == bool(source.plural)
        new.add(
            key,
            known.string if fits and known is not None else None,
            locations=[(source.file, 0)],
            flags=(known.flags & {"fuzzy"}) if fits and known is not None else (),
            context=source.context or None,
        )
    return new


def written(catalogue: Catalog) -> bytes:
    """As a file whose bytes depend on the messages alone."""
    file = BytesIO()
    write_po(file, catalogue, width=120, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return HEADER.format(language=catalogue.locale_identifier, plural=catalogue.plural_forms).encode() + file.getvalue()


def compiled(file: Path, locale: str) -> bytes:
    """What programs read, without messages that are fuzzy or not translated."""
    with file.open("rb") as source:
        catalogue = read_po(source, locale=locale, abort_invalid=True)
    target = BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def main() -> int:
    messages = shipped_messages(shipped_templates())
    for file in sorted(LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        with file.open("rb") as source:
            catalogue = read_po(source, locale=file.parent.parent.name, abort_invalid=True)
        file.write_bytes(written(updated(catalogue, messages)))
    for file in sorted((*LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"), *LOCALES.glob(f"*/LC_MESSAGES/{EVENTS}.po"))):
        file.with_suffix(".mo").write_bytes(compiled(file, file.parent.parent.name))
        print(file.with_suffix(".mo").relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file.with_suffix(".mo"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
