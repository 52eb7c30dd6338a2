"""Estonian."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

ET = LanguagePhrases(
    code="et",
    attribution=(
        "Kontakt {who} kirjutas kuupäeval {when}",
        "{who} kirjutas {when}",
        "{when} kirjutas {who}",
        "{when} {who} kirjutas",
        "{who} kirjutas",
    ),
    sender=("saatja", "kellelt"),
    date=("saadetud", "kuupäev"),
    to=("adressaat", "saaja", "kellele"),
    cc=("koopia", "cc"),
    subject=("teema",),
    original=("algne teade", "algne sõnum", "algne kiri", "originaalkiri"),
    forwarded=("edastatud kiri", "edastatud sõnum", "edasi saadetud kiri", "edastatud teade"),
    mobile=("saadetud minu {thing}", "saadetud {thing} kaudu", "saadetud {thing}"),
    sign_offs=("lugupidamisega", "parimate soovidega", "tervitades", "tervitustega", "heade soovidega"),
    thanks=("tänan", "aitäh", "ette tänades"),
    disclaimers=("see kiri on konfidentsiaalne", "konfidentsiaalne teave"),
    months=(
        "jaanuar jaan", "veebruar veebr", "märts", "aprill apr", "mai", "juuni", "juuli", "august aug",
        "september sept", "oktoober okt", "november nov", "detsember dets",
    ),
    reply_prefixes=("vs",),
    forward_prefixes=("ed",),
)
