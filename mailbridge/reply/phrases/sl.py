"""Slovenian."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

SL = LanguagePhrases(
    code="sl",
    attribution=(
        "V {when} je oseba {who} napisala",
        "{when} je oseba {who} napisala",
        "Dne {when} je {who} napisal",
        "Dne {when} je {who} napisal(a)",
        "Dne {when} {who} je napisal",
        "{when} je {who} napisal(a)",
        "{when} je {who} napisal/-a",
        "{who} je {when} napisal",
        "{who} je napisal",
        "{who} je napisala",
    ),
    sender=("od", "pošiljatelj"),
    date=("poslano", "datum"),
    to=("za", "prejemnik", "komu"),
    cc=("kopija", "kp", "cc"),
    subject=("zadeva",),
    original=("izvirno sporočilo", "originalno sporočilo"),
    forwarded=("posredovano sporočilo", "začetek posredovanega sporočila"),
    mobile=(
        "poslano iz mojega {thing}",
        "poslano iz {thing}",
        "poslano z mojega {thing}",
        "poslano z {thing}",
        "prenesite outlook za {thing}",
    ),
    sign_offs=(
        "lep pozdrav", "lepo pozdravljeni", "s spoštovanjem", "hvala in lep pozdrav", "prijazen pozdrav",
        "lepe pozdrave",
    ),
    thanks=("lp", "hvala", "pozdrav", "hvala vnaprej"),
    disclaimers=("to sporočilo je zaupno", "zaupne informacije"),
    months=(
        "januarja januar jan", "februarja februar feb", "marca marec mar", "aprila april apr", "maja maj",
        "junija junij jun", "julija julij jul", "avgusta avgust avg", "septembra september sep", "oktobra oktober okt",
        "novembra november nov", "decembra december dec",
    ),
    reply_prefixes=("odg",),
    forward_prefixes=("posr",),
)
