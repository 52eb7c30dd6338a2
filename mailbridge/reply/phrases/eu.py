"""Basque."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

EU = LanguagePhrases(
    code="eu",
    attribution=(
        "{when}(e)an, {who} erabiltzaileak idatzi zuen",
        "{when}(e)an, {who}(e)k idatzi zuen",
        "{who} igorleak hau idatzi zuen ({when})",
        "{who} erabiltzaileak hau idatzi du ({when})",
        "{when} {who} idatzi du",
        "{when} {who} idatzi zuen",
        "{who}(e)k hau idatzi du",
        "{when} egunean, {who} erabiltzaileak idatzi du",
        "{who} idatzi zuen",
    ),
    sender=(
        "nork",
        "igorlea",
        "bidaltzailea",
    ),
    date=(
        "bidalia",
        "data",
        "bidaltze-data",
        "noiz",
    ),
    to=(
        "nori",
        "hartzailea",
        "norentzat",
    ),
    cc=(
        "cc",
        "kopia",
    ),
    subject=("gaia",),
    original=("jatorrizko mezua",),
    forwarded=(
        "birbidalitako mezua",
        "berbidalitako mezua",
        "birbidalitako mezuaren hasiera",
    ),
    mobile=(
        "nire {thing} bidalita",
        "nire {thing} bidalia",
        "{thing} bidalita",
        "{thing} bidalia",
        "lortu outlook {thing}",
        "eskuratu outlook {thing}",
    ),
    sign_offs=(
        "agur bero bat",
        "ondo izan",
        "adeitasunez",
        "begirunez",
        "agurtzen zaitut",
        "agur bat",
    ),
    thanks=(
        "eskerrik asko",
        "mila esker",
        "agur",
        "milesker",
    ),
    disclaimers=(
        "mezu hau konfidentziala",
        "isilpeko informazioa",
    ),
    months=(
        "urtarrila urtarrilak urtarrilaren urt",
        "otsaila otsailak otsailaren ots",
        "martxoa martxoak martxoaren",
        "apirila apirilak apirilaren api",
        "maiatza maiatzak maiatzaren mai",
        "ekaina ekainak ekainaren eka",
        "uztaila uztailak uztailaren uzt",
        "abuztua abuztuak abuztuaren abu",
        "iraila irailak irailaren ira",
        "urria urriak urriaren urr",
        "azaroa azaroak azaroaren aza",
        "abendua abenduak abenduaren abe",
    ),
    reply_prefixes=("er",),
    forward_prefixes=(
        "bir",
        "br",
    ),
)
