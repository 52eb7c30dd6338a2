"""Latvian."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

LV = LanguagePhrases(
    code="lv",
    attribution=(
        "{when} {who} rakstīja",
        "{when} lietotājs {who} rakstīja",
        "{who} rakstīja {when}",
        "{who} rakstīja",
    ),
    sender=("no", "sūtītājs"),
    date=("nosūtīts", "datums", "sūtīts"),
    to=("kam", "saņēmējs"),
    cc=("kopija", "cc"),
    subject=("tēma", "temats"),
    original=("sākotnējais ziņojums", "oriģinālais ziņojums", "sākotnējā vēstule"),
    forwarded=("pārsūtīts ziņojums", "pārsūtītā vēstule", "pārsūtītais ziņojums", "pārsūtīta vēstule"),
    mobile=(
        "nosūtīts no mana {thing}",
        "nosūtīts no {thing}",
        "sūtīts no {thing}",
        "sūtīts no mana {thing}",
    ),
    sign_offs=("ar cieņu", "labu dienu vēlot", "cieņā", "sveicieni", "lai jauka diena"),
    thanks=("paldies", "jau iepriekš paldies"),
    disclaimers=("šis e-pasts ir konfidenciāls", "konfidenciāla informācija"),
    months=(
        "janvāris janv", "februāris febr", "marts", "aprīlis apr", "maijs", "jūnijs jūn", "jūlijs jūl", "augusts aug",
        "septembris sept", "oktobris okt", "novembris nov", "decembris dec",
    ),
    reply_prefixes=("atb",),
    forward_prefixes=("pārs",),
)
