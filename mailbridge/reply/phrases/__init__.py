"""Set phrases by language, as data: one file for each language.  The order of the languages decides ties."""

from __future__ import annotations

from mailbridge.reply.phrases.ar import AR
from mailbridge.reply.phrases.bg import BG
from mailbridge.reply.phrases.ca import CA
from mailbridge.reply.phrases.cs import CS
from mailbridge.reply.phrases.da import DA
from mailbridge.reply.phrases.de import DE
from mailbridge.reply.phrases.el import EL
from mailbridge.reply.phrases.en import EN
from mailbridge.reply.phrases.es import ES
from mailbridge.reply.phrases.et import ET
from mailbridge.reply.phrases.eu import EU
from mailbridge.reply.phrases.fa import FA
from mailbridge.reply.phrases.fi import FI
from mailbridge.reply.phrases.fr import FR
from mailbridge.reply.phrases.he import HE
from mailbridge.reply.phrases.hi import HI
from mailbridge.reply.phrases.hr import HR
from mailbridge.reply.phrases.hu import HU
from mailbridge.reply.phrases.id import ID
from mailbridge.reply.phrases.it import IT
from mailbridge.reply.phrases.ja import JA
from mailbridge.reply.phrases.ka import KA
from mailbridge.reply.phrases.ko import KO
from mailbridge.reply.phrases.lt import LT
from mailbridge.reply.phrases.lv import LV
from mailbridge.reply.phrases.mk import MK
from mailbridge.reply.phrases.model import LanguagePhrases
from mailbridge.reply.phrases.nl import NL
from mailbridge.reply.phrases.no import NO
from mailbridge.reply.phrases.pl import PL
from mailbridge.reply.phrases.pt import PT
from mailbridge.reply.phrases.ro import RO
from mailbridge.reply.phrases.ru import RU
from mailbridge.reply.phrases.sk import SK
from mailbridge.reply.phrases.sl import SL
from mailbridge.reply.phrases.sr import SR
from mailbridge.reply.phrases.sv import SV
from mailbridge.reply.phrases.th import TH
from mailbridge.reply.phrases.tr import TR
from mailbridge.reply.phrases.uk import UK
from mailbridge.reply.phrases.vi import VI
from mailbridge.reply.phrases.zh import ZH

LANGUAGES: tuple[LanguagePhrases, ...] = (
    EN, DE, FR, ES, IT, PT, NL, PL, RO, RU, UK, CS, SK, SV, DA, NO, FI, TR, EL, HU, JA, ZH, KO,
    VI, ID, CA, HR, SL, BG, LT, LV, ET, HE, AR, SR, MK, EU, FA, HI, TH, KA,
)  # fmt: skip

__all__ = ["LANGUAGES", "LanguagePhrases"]
