"""Slovak."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

SK = LanguagePhrases(
    code="sk",
    attribution=(
        "Dňa {when} {who} napísal",
        "Dňa {when} {who} napísal(a)",
        "Dňa {when} {who} napísala",
        "Dňa {when} používateľ {who} napísal",
        "{when} {who} napísal",
        "{when} {who} napísal(a)",
        "{who} napísal",
        "{who} napísal(a)",
        "{who} píše",
        "{when} používateľ {who} napísal",
        "{when} používateľ {who} napísal(a)",
    ),
    sender=(
        "odosielateľ",
        "od",
    ),
    date=(
        "odoslané",
        "dátum",
        "odoslal",
    ),
    to=(
        "pre",
        "príjemca",
        "komu",
    ),
    cc=(
        "kópia",
        "kopia",
        "cc",
    ),
    subject=(
        "predmet",
        "vec",
    ),
    original=(
        "pôvodná správa",
        "pôvodný e-mail",
    ),
    forwarded=(
        "preposlaná správa",
        "začiatok preposielanej správy",
        "začiatok preposlanej správy",
        "preposielaná správa",
    ),
    mobile=(
        "odoslané z {thing}",
        "odoslané z môjho {thing}",
        "získať outlook pre {thing}",
        "odoslané zo {thing}",
        "odoslané z mojej {thing}",
        "odoslané pomocou {thing}",
        "odoslané cez {thing}",
        "prevziať outlook pre {thing}",
        "odoslané zo zariadenia {thing}",
    ),
    sign_offs=(
        "s pozdravom",
        "s priateľským pozdravom",
        "vopred ďakujem",
        "pekný deň",
        "s prianím pekného dňa",
        "s úctou",
        "zdravím",
        "srdečný pozdrav",
        "prajem pekný deň",
        "s pozdravom a prianím pekného dňa",
    ),
    thanks=(
        "ďakujem",
        "vďaka",
        "ďakujeme",
    ),
    disclaimers=(
        "dôverné informácie",
        "ak nie ste adresátom",
        "tento e-mail je dôverný",
        "táto správa je dôverná",
    ),
    months=(
        "január januára jan",
        "február februára feb",
        "marec marca mar",
        "apríl apríla apr",
        "máj mája",
        "jún júna",
        "júl júla",
        "august augusta aug",
        "september septembra sep",
        "október októbra okt",
        "november novembra nov",
        "december decembra dec",
    ),
    other=(
        "prílohy",
    ),
    reply_prefixes=(
        "odpoveď",
        "odp",
    ),
    forward_prefixes=(
        "prep",
    ),
    prose=(
        "náš",
        "naše",
        "môj",
        "moje",
        "ale",
        "bol",
        "bola",
        "ja",
    ),
)
