"""The words of commands by language: data, one file for each language."""

from __future__ import annotations

from mailbridge.mail_commands.locales.en import EN
from mailbridge.mail_commands.locales.model import Locale as Locale
from mailbridge.mail_commands.locales.model import Word as Word
from mailbridge.mail_commands.locales.ro import RO
from mailbridge.mail_commands.locales.ru import RU

LOCALES: dict[str, Locale] = {locale.code: locale for locale in (EN, RO, RU)}
