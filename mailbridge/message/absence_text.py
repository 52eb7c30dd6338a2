"""Whether a text says that its writer is away: evidence for a subject that is a topic among people as well ("Absence: Meier").

Sentences in the first person, in the languages of `auto_reply_markers.TOPICS`; "Mr Meier is absent" is what a person reports.
"""

from __future__ import annotations

import re

_NEAR = r"\b(?:[^.!?]|(?<=[0-9])\.){0,80}?"  # within the sentence; a point behind a number ends none
_SENTENCES = (
    rf"\b(?:i am|i'm|i’m|i will be|i'll be|i’ll be|we are){_NEAR}\b(?:out of (?:the )?office|away|on (?:vacation|leave|holidays?)|absent"
    r"|not available|unavailable|not in the office)\b",
    rf"\bich{_NEAR}\b(?:abwesend|nicht (?:im (?:büro|haus)|erreichbar|da)|im urlaub|außer haus"
    r"|wieder (?:da|erreichbar|im (?:büro|haus)))\b",
    r"\b(?:mails?|nachrichten?)\b[^.!?\n]{0,60}?\bnicht (?:weitergeleitet|gelesen|bearbeitet)\b",
    rf"\bje (?:suis|serai){_NEAR}\b(?:absente?|en (?:congés?|vacances)|hors du bureau)\b",
    rf"\b(?:estoy|estar[eé]|me encuentro){_NEAR}\b(?:ausente|fuera de|de vacaciones)\b",
    rf"\b(?:estou|estarei|encontro-me){_NEAR}\b(?:ausente|fora do|de f[eé]rias)\b",
    rf"\b(?:sono|sar[oò]){_NEAR}\b(?:assente|fuori (?:ufficio|sede)|in ferie)\b",
    rf"\bik{_NEAR}\b(?:afwezig|niet aanwezig|(?:op|met) vakantie|met verlof)\b",
    rf"\bjag{_NEAR}\b(?:frånvarande|på semester|ledig|inte på kontoret|borta)\b",
    rf"\bolen{_NEAR}\b(?:poissa|lomalla)\b",
    rf"\b(?:jestem|będę|przebywam){_NEAR}\b(?:nieobecn\w*|na urlopie|poza biurem)\b",
    rf"\b(?:jsem|budu){_NEAR}\b(?:nepřítom\w*|na dovolené|mimo kancelář)\b",
    r"\b(?:szabadságon|távol|házon kívül) (?:vagyok|leszek)\b",
    rf"\b(?:я|нахожусь|буду){_NEAR}\b(?:в отпуске|отсутств\w*|вне офиса|не на работе)\b",
    rf"\bsaya{_NEAR}\b(?:cuti|tidak di kantor)\b",
    rf"\besmu{_NEAR}\b(?:prombūtnē|atvaļinājumā)\b",
    r"\b(?:oporretan|kanpoan) (?:nago|egongo naiz)\b",
    r"در مرخصی (?:هستم|می‌باشم|میباشم)",
)
_AWAY = re.compile("|".join(_SENTENCES), re.IGNORECASE)
_LOOKED_AT = 2_000  # characters: a vacation reply says it at its beginning


def says_away(text: str) -> bool:
    """Whether the beginning of the text says in the first person that the writer is away."""
    return _AWAY.search(" ".join(text[:_LOOKED_AT].split())) is not None
