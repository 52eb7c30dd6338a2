"""Lithuanian."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

LT = LanguagePhrases(
    code="lt",
    attribution=(
        "{when} {who} rašė",
        "{when} {who} parašė",
        "{when} naudotojas {who} rašė",
        "{who} rašė {when}",
        "{who} rašė",
        "{when} vartotojas {who} parašė",
    ),
    sender=("nuo", "siuntėjas"),
    date=("išsiųsta", "data", "siųsta"),
    to=("kam", "gavėjas"),
    cc=("kopija", "cc"),
    subject=("tema",),
    original=("originalus laiškas", "pirminė žinutė", "originali žinutė", "originalus pranešimas"),
    forwarded=("persiųsta žinutė", "persiunčiamas laiškas", "persiųstas laiškas", "persiunčiama žinutė"),
    mobile=(
        "išsiųsta iš mano {thing}",
        "siųsta iš mano {thing}",
        "siunčiama iš {thing}",
        "išsiųsta iš {thing}",
    ),
    sign_offs=("pagarbiai", "su pagarba", "geros dienos", "linkėjimai", "pagarbiai jūsų"),
    thanks=("ačiū", "iš anksto dėkoju", "dėkoju"),
    disclaimers=("šis pranešimas yra konfidencialus", "konfidenciali informacija"),
    months=(
        "sausio sausis saus", "vasario vasaris vas", "kovo kovas kov", "balandžio balandis bal", "gegužės gegužė geg",
        "birželio birželis birž", "liepos liepa liep", "rugpjūčio rugpjūtis rugp", "rugsėjo rugsėjis rugs",
        "spalio spalis spal", "lapkričio lapkritis lapkr", "gruodžio gruodis gruod",
    ),
    reply_prefixes=("ats",),
    forward_prefixes=("prs",),
)
