"""Hungarian."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

HU = LanguagePhrases(
    code="hu",
    attribution=(
        "{who} ezt írta (időpont: {when})",
        "{who} ezt írta (időpont: {when}",
        "{who} ezt írta {when}",
        "{who} írta {when}",
        "{when} keltezéssel {who} írta",
        "{when} {who} ezt írta",
        "{when} {who} írta",
        "{when} írta {who}",
        "{when} dátummal {who} ezt írta",
        "{who} ezt írta",
        "{who} írta",
        "{when} időpontban {who} ezt írta",
    ),
    sender=("feladó", "küldő", "felado"),
    date=("küldve", "dátum", "elküldve", "küldés dátuma", "küldés ideje", "küldés időpontja"),
    to=("címzett", "címzettek"),
    cc=("másolatot kap", "másolat", "titkos másolat"),
    subject=("tárgy",),
    original=("eredeti üzenet", "eredeti levél", "eredeti e-mail", "eredeti uzenet", "eredeti e-mail üzenet"),
    forwarded=(
        "továbbított üzenet", "továbbított levél", "továbbított üzenet kezdete", "a továbbított üzenet kezdete",
        "továbbított e-mail",
    ),
    mobile=(
        "elküldve az {thing}",
        "elküldve {thing}",
        "küldve {thing}",
        "az {thing}-omról küldve",
        "{thing}-ról küldve",
        "az outlook beszerzése {thing}",
        "az outlook {thing} letöltése",
        "szerezze be az outlookot {thing}",
        "vírusmentes {thing}",
        "{thing} küldve",
        "küldve: {thing}",
        "letöltés: {thing}",
        "elküldve a {thing}",
    ),
    sign_offs=(
        "üdvözlettel", "tisztelettel", "előre is köszönöm", "üdv", "szívélyes üdvözlettel", "barátsággal", "szép napot",
        "további szép napot", "baráti üdvözlettel", "kellemes napot", "maradok tisztelettel", "legjobb üdvözlettel",
    ),
    thanks=("köszönettel", "köszönöm", "köszönöm szépen", "köszönöm előre is", "köszönjük"),
    disclaimers=(
        "ez az e-mail bizalmas", "ez az üzenet bizalmas", "bizalmas információ", "amennyiben nem ön a címzett",
        "vírusmentes", "kizárólag a címzett", "bizalmas információkat", "nem ön a címzett", "tévedésből",
    ),
    months=(
        "január jan", "február febr feb", "március márc már", "április ápr", "május máj", "június jún", "július júl",
        "augusztus aug", "szeptember szept", "október okt", "november nov", "december dec",
    ),
    other=("válaszcím", "mellékletek", "melléklet", "fontosság"),
    reply_prefixes=("vá", "válasz"),
    forward_prefixes=("továbbítás", "tov", "tovább"),
    prose=("azonban", "én"),
)
