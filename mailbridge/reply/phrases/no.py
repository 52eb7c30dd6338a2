"""Norwegian, Bokmål and Nynorsk."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

NO = LanguagePhrases(
    code="no",
    attribution=(
        "Den {when} skrev {who}",
        "Den {when} {who} skrev",
        "{when} skrev {who}",
        "{when} {who} skrev",
        "På {when} skrev {who}",
        "På {when} {who} skrev",
        "{who} skrev den {when}",
        "{who} skrev følgende den {when}",
        "{who} skrev",
        "{who} skreiv",
        "Den {when} skreiv {who}",
    ),
    sender=("fra", "avsender", "frå"),
    date=("sendt", "dato", "sendt den"),
    to=("til", "mottaker"),
    cc=("kopi", "cc", "blindkopi"),
    subject=("emne",),
    original=(
        "opprinnelig melding", "original melding", "originalmelding", "opprinnelig e-post", "opprinneleg melding",
        "opprinnelig mail", "opprinnelig e-postmelding",
    ),
    forwarded=(
        "videresendt melding", "videresendt e-post", "start på videresendt melding", "videresendt beskjed",
        "vidaresend melding", "begynnelse på videresendt melding", "starten på videresendt melding",
        "videresendt e-postmelding",
    ),
    mobile=(
        "sendt fra min {thing}",
        "sendt fra {thing}",
        "sendt via {thing}",
        "sendt frå {thing}",
        "sendt med {thing}",
        "få outlook for {thing}",
        "last ned outlook for {thing}",
        "skaff deg outlook for {thing}",
        "hent outlook for {thing}",
        "sendt fra en {thing}",
        "sendt fra mobil",
        "beklager kort svar",
    ),
    sign_offs=(
        "med vennlig hilsen", "vennlig hilsen", "mvh", "hilsen", "beste hilsen", "med venleg helsing", "venleg helsing",
        "helsing", "på forhånd takk", "med beste hilsen", "ha en fin dag", "vh", "vennlige hilsener",
        "beste hilsener",
        "hilsener",
        "med vennlige hilsener",
    ),
    thanks=("takk", "tusen takk", "mange takk", "takk på forhånd"),
    disclaimers=(
        "denne e-posten er konfidensiell", "denne meldingen er konfidensiell", "konfidensiell informasjon",
        "taushetsbelagt informasjon", "dersom du ikke er rett mottaker", "hvis du ikke er rett mottaker",
        "tenk på miljøet", "ikke er rett mottaker", "rette mottaker", "ved en feil", "kun beregnet på",
    ),
    months=(
        "januar jan", "februar feb", "mars mar", "april apr", "mai", "juni jun", "juli jul", "august aug",
        "september sep sept", "oktober okt", "november nov", "desember des",
    ),
    other=("svar til", "vedlegg", "prioritet", "viktighet"),
    reply_prefixes=("sv",),
    forward_prefixes=("vs", "vid"),
    date_marks=(
        r"\d\. mars\b|\bmai\b|\bdes",
        r"klokken",
        r"(?:^|\W)(?:tir|tor|lør|søn|lørdag|søndag|mandag|tirsdag)(?:\W|$)",
        r"^(?:man|tir|ons|tor|fre|lør|søn)\w*\.?,? \d",
        r"\d\. (?:jan|feb|mar|apr|mai|jun|jul|aug|sep|okt|nov|des)[^ ]* \d{4},? kl\.? \d\d?:\d\d",
    ),
    prose=("vår", "vårt", "men", "jeg"),
)
