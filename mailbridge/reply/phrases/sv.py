"""Swedish."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

SV = LanguagePhrases(
    code="sv",
    attribution=(
        "Den {when} skrev {who}",
        "Den {when} {who} skrev",
        "Den {when} har {who} skrivit",
        "Den {when} {who} skrev följande",
        "{when} skrev {who}",
        "{when} {who} skrev",
        "{who} skrev den {when}",
        "{who} skrev följande den {when}",
        "{who} skrev",
        "{who} skrev så här",
        "På {when} skrev {who}",
    ),
    sender=("från", "avsändare", "fran"),
    date=("skickat", "datum", "skickades", "skickat den"),
    to=("till", "mottagare"),
    cc=("kopia", "cc", "dold kopia"),
    subject=("ämne", "amne", "rubrik"),
    original=(
        "ursprungligt meddelande", "originalmeddelande", "ursprungsmeddelande", "ursprungligt mail",
        "ursprungligt mejl", "orginalmeddelande", "ursprungligt e-postmeddelande",
    ),
    forwarded=(
        "vidarebefordrat meddelande", "vidarebefordrat brev", "påbörjat vidarebefordrat meddelande",
        "vidarebefordrat mejl", "början på vidarebefordrat meddelande", "vidarebefordrat mail",
        "vidare befordrat meddelande", "början av vidarebefordrat meddelande", "vidarebefordrat e-postmeddelande",
    ),
    mobile=(
        "skickat från min {thing}",
        "skickat från mitt {thing}",
        "skickat från {thing}",
        "skickades från {thing}",
        "skickat med {thing}",
        "skickat via {thing}",
        "sänt från min {thing}",
        "hämta outlook för {thing}",
        "ladda ned outlook för {thing}",
        "virusfri {thing}",
        "skaffa outlook för {thing}",
        "skickat ifrån {thing}",
        "sänt från {thing}",
        "skickad från {thing}",
        "ursäkta min kortfattadhet",
    ),
    sign_offs=(
        "med vänlig hälsning", "med vänliga hälsningar", "vänliga hälsningar", "vänlig hälsning", "mvh", "hälsningar",
        "bästa hälsningar", "vänligen", "hälsar", "allt gott", "med bästa hälsningar", "varma hälsningar", "vh",
        "ha en bra dag", "hälsning", "med varm hälsning", "kram", "stort tack", "trevlig helg",
    ),
    thanks=("tack", "tack på förhand", "tack så mycket"),
    disclaimers=(
        "detta meddelande är konfidentiellt", "konfidentiell information", "om du inte är avsedd mottagare",
        "detta e-postmeddelande", "endast avsett för", "tänk på miljön", "virusfri",
        "har fått detta meddelande av misstag", "konfidentiella uppgifter", "avsedda mottagaren",
        "inte är rätt mottagare", "fått detta meddelande av misstag", "sekretessbelagd",
    ),
    months=(
        "januari jan", "februari feb febr", "mars mar", "april apr", "maj", "juni jun", "juli jul", "augusti aug",
        "september sep sept", "oktober okt", "november nov", "december dec",
    ),
    other=("svara till", "bifogade filer", "prioritet", "angelägenhetsgrad"),
    reply_prefixes=("sv", "ang"),
    forward_prefixes=("vb", "vs"),
    date_marks=(
        r"(?:^|\W)(?:mån|tis|tors|lör|sön|måndag|tisdag|lördag|söndag)(?:\W|$)",
        r"\d (?:jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec)",
        r"januari|februari|augusti|\d{4}-\d\d-\d\d",
        r"kl\.? \d\d?:\d\d",
    ),
    prose=("vår", "våra", "vårt", "mitt", "men", "jag"),
)
