"""The words of commands by language: data, one file a language.  A language that is added here is understood everywhere."""

from __future__ import annotations

from mailbridge.desk.language.tongues.en import EN
from mailbridge.desk.language.tongues.model import Tongue as Tongue
from mailbridge.desk.language.tongues.model import Word as Word
from mailbridge.desk.language.tongues.ro import RO
from mailbridge.desk.language.tongues.ru import RU

TONGUES: dict[str, Tongue] = {tongue.code: tongue for tongue in (EN, RO, RU)}
