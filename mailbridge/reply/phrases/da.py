"""Danish."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

DA = LanguagePhrases(
    code="da",
    attribution=(
        "Den {when} skrev {who}",
        "Den {when} {who} skrev",
        "D. {when} skrev {who}",
        "Den {when} har {who} skrevet",
        "{when} skrev {who}",
        "{when} {who} skrev",
        "{who} skrev den {when}",
        "{who} skrev følgende den {when}",
        "{who} skrev",
        "På {when} skrev {who}",
    ),
    sender=("fra", "afsender"),
    date=("sendt", "dato", "sendt den"),
    to=("til", "modtager"),
    cc=("cc", "kopi", "bcc"),
    subject=("emne",),
    original=(
        "oprindelig meddelelse", "original meddelelse", "oprindelig besked", "original besked", "oprindelig mail",
        "oprindelig e-mail", "original mail", "oprindelig e-mailmeddelelse",
    ),
    forwarded=(
        "videresendt meddelelse", "videresendt besked", "start på videresendt besked",
        "begyndelsen af videresendt besked", "videresendt mail", "videresendt e-mail",
        "start på videresendt meddelelse",
    ),
    mobile=(
        "sendt fra min {thing}",
        "sendt fra {thing}",
        "sendt via {thing}",
        "sendt med {thing}",
        "hent outlook til {thing}",
        "få outlook til {thing}",
        "download outlook til {thing}",
        "virusfri {thing}",
        "sendt fra en {thing}",
        "sendt fra mobil",
        "undskyld kortheden",
    ),
    sign_offs=(
        "med venlig hilsen", "venlig hilsen", "mvh", "hilsen", "de bedste hilsner", "bedste hilsner",
        "med venlige hilsner", "mange hilsner", "venligst", "på forhånd tak", "kærlig hilsen", "bedste hilsen", "vh",
        "kh", "god dag", "tak på forhånd", "hilsner", "venlige hilsner", "med hilsen",
    ),
    thanks=("tak", "mange tak"),
    disclaimers=(
        "denne e-mail er fortrolig", "denne meddelelse er fortrolig", "fortrolige oplysninger",
        "fortrolig information", "hvis du ikke er den rette modtager", "ikke er den tiltænkte modtager",
        "tænk på miljøet", "ikke er rette modtager", "rette modtager", "ved en fejl", "udelukkende beregnet til",
    ),
    months=(
        "januar jan", "februar feb", "marts mar", "april apr", "maj", "juni jun", "juli jul", "august aug",
        "september sep sept", "oktober okt", "november nov", "december dec",
    ),
    other=("svar til", "vedhæftede filer", "vedhæftet", "prioritet"),
    reply_prefixes=("sv", "svar"),
    forward_prefixes=("vs", "vid", "videresendt"),
    date_marks=(
        r"\b(?:marts|maj)\b",
        r"kl\.? \d\d?\.\d\d",
        r"(?:dag|man\.|tirs\.|ons\.|tors\.|fre\.|lør\.|søn\.) den \d",
        r"(?:^|\W)(?:tirs|tors|lør|søn|lørdag|søndag|mandag|tirsdag)(?:\W|$)",
        r"\d\d?[/-]\d\d?[/-]\d{2,4}",
        r"^den (?:man|tir|ons|tor|fre|lør|søn)",
        r"\d\. (?:jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec)",
    ),
    prose=("vores", "men", "jeg"),
)
