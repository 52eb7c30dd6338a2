"""What templates say their sentences with: `_`, `gettext`, `ngettext` and `pgettext`, in one language and for text or HTML.

The values of a sentence stand in it by name, `%(number)s`.  In HTML the sentence and each value are escaped; a value that a part made,
such as `b(ticket.number)`, is HTML already and stays.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup, escape

from mailbridge.delivery.render.catalogues import Catalogue


class Translation:
    """The sentences of one language."""

    def __init__(self, catalogue: Catalogue, *, escapes: bool) -> None:
        self._catalogue, self._escapes = catalogue, escapes

    def functions(self) -> dict[str, Callable[..., str]]:
        """As templates know them."""
        return {"_": self.gettext, "gettext": self.gettext, "ngettext": self.ngettext, "pgettext": self.pgettext}

    def gettext(self, message: str, /, **values: object) -> str:
        return self._filled(self._catalogue.text(message), message, values)

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        return self._filled(self._catalogue.text(message, context), message, values)

    def ngettext(self, one: str, many: str, count: object, /, **values: object) -> str:
        """In the form of the number, which the sentence shows as `%(num)s`; `count` may be a text, as many values of mails are."""
        number = whole_number(count)
        return self._filled(self._catalogue.plural(one, many, number), one if number == 1 else many, {"num": count, **values})

    def _filled(self, said: str, message: str, values: dict[str, object]) -> str:
        try:
            return self._marked(said) % values
        except (KeyError, TypeError, ValueError):
            return self._marked(message) % values  # a slip of a translator, which `templates check` names, holds no mail back

    def _marked(self, said: str) -> str:
        return Markup(escape(said)) if self._escapes else said  # noqa: S704  (escaped here)


def whole_number(count: object) -> int:
    """0 for what is no number."""
    text = str(count)
    return int(text) if text.isascii() and text.isdigit() else 0
