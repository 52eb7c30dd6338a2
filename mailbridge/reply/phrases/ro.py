"""Romanian, with and without diacritics, comma and cedilla."""

from __future__ import annotations

from mailbridge.reply.phrases.model import Phrases

RO = Phrases(
    code="ro",
    attribution=(
        "Pe {when} {who} a scris",
        "Pe {when} a scris {who}",
        "În {when} {who} a scris",
        "In {when} {who} a scris",
        "În data de {when} {who} a scris",
        "In data de {when} {who} a scris",
        "În ziua de {when} {who} a scris",
        "La data de {when} {who} a scris",
        "La {when} {who} a scris",
        "{when} {who} a scris",
        "{who} a scris la {when}",
        "{who} a scris pe {when}",
        "{who} a scris în {when}",
        "{who} a scris",
        "{who} scrie",
    ),
    sender=("de la", "expeditor", "din partea", "de la:"),
    date=("trimis", "data", "trimis la", "data trimiterii", "trimisă", "dată", "expediat", "trimise", "trimis pe"),
    to=("către", "catre", "la", "pentru", "destinatar", "destinatari"),
    cc=("cc", "copie", "cci", "copie la"),
    subject=("subiect", "subiectul"),
    original=(
        "mesaj original", "mesajul original", "mesaj inițial", "mesaj initial", "mesajul inițial", "e-mail original",
        "mesaj iniţial", "mesaj anterior",
    ),
    forwarded=(
        "mesaj redirecționat", "mesaj redirectionat", "mesaj redirecţionat", "mesaj retransmis",
        "începutul mesajului redirecționat", "început mesaj redirecționat", "mesaj transmis mai departe",
        "începe mesajul redirecționat", "începutul mesajului transmis mai departe", "mesajul redirecționat",
        "mesaj înaintat", "mesaj transmis", "mesaj retrimis",
    ),
    mobile=(
        "trimis de pe {thing}",
        "trimis de pe {thing} meu",
        "trimis din {thing}",
        "trimis de la {thing}",
        "trimis cu {thing}",
        "trimis prin {thing}",
        "trimis folosind {thing}",
        "trimis utilizând {thing}",
        "expediat de pe {thing}",
        "obțineți outlook pentru {thing}",
        "obţineţi outlook pentru {thing}",
        "obtineti outlook pentru {thing}",
        "descărcați outlook pentru {thing}",
        "fără viruși {thing}",
        "vă rog să scuzați concizia",
        "trimisă de pe {thing}",
    ),
    sign_offs=(
        "cu stimă", "cu stima", "cu respect", "cu deosebită considerație", "cu deosebita consideratie",
        "cu considerație", "cu consideratie", "toate cele bune", "cele bune", "numai bine", "o zi bună", "o zi buna",
        "o zi frumoasă", "o zi frumoasa", "vă mulțumesc", "va multumesc", "cu prietenie", "salutări", "salutari",
        "cu drag", "al dumneavoastră", "vă mulțumim", "cu mulțumiri", "cu multumiri", "o seară bună",
        "cu stimă și respect", "cu aleasă considerație", "spor la treabă",
    ),
    thanks=(
        "mulțumesc", "multumesc", "mulţumesc", "mulțumesc anticipat", "multumesc anticipat", "mulțumim", "multumim",
        "mulțumesc frumos", "multumesc frumos",
    ),
    disclaimers=(
        "acest mesaj este confidențial", "acest mesaj este confidential", "acest e-mail este confidențial",
        "informații confidențiale", "informatii confidentiale", "dacă nu sunteți destinatarul",
        "daca nu sunteti destinatarul", "este destinat exclusiv", "gândiți-vă la mediu", "înainte de a tipări",
        "inainte de a tipari", "acest mesaj și orice", "ați primit acest mesaj din greșeală",
        "ati primit acest mesaj din greseala",
    ),
    months=(
        "ianuarie ian", "februarie feb febr", "martie mar", "aprilie apr", "mai", "iunie iun", "iulie iul",
        "august aug", "septembrie sept sep", "octombrie oct", "noiembrie nov noi", "decembrie dec",
    ),
    other=("răspunde la", "raspunde la", "atașamente", "atasamente", "importanță", "prioritate", "atașări"),
    reply_prefixes=("răsp", "rasp", "ra"),
    forward_prefixes=("redir", "fwd"),
)
