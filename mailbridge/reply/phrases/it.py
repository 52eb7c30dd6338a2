"""Italian."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

IT = LanguagePhrases(
    code="it",
    attribution=(
        "Il {when} {who} ha scritto",
        "Il {when} {who} scrive",
        "Il {when} {who} scriveva",
        "Il {when} ha scritto {who}",
        "Il giorno {when} {who} ha scritto",
        "In data {when} {who} ha scritto",
        "Alle {when} {who} ha scritto",
        "{when} {who} ha scritto",
        "{who} ha scritto il {when}",
        "{who} ha scritto in data {when}",
        "{who} ha scritto",
        "{who} scrive",
        "{who} scriveva",
    ),
    sender=("da", "mittente"),
    date=("inviato", "data", "inviato il", "data invio", "inviata"),
    to=("a", "destinatario", "per"),
    cc=("cc", "ccn", "copia", "p.c", "cc:"),
    subject=("oggetto",),
    original=(
        "messaggio originale", "messaggio originario", "mail originale", "e-mail originale", "messaggio di origine",
        "messaggio iniziale", "messaggio precedente",
    ),
    forwarded=(
        "messaggio inoltrato", "inizio messaggio inoltrato", "inizio del messaggio inoltrato", "mail inoltrata",
        "inoltrato da", "messaggio inoltrato da", "e-mail inoltrata",
    ),
    mobile=(
        "inviato da {thing}",
        "inviato dal mio {thing}",
        "inviato da mio {thing}",
        "inviato con {thing}",
        "inviato tramite {thing}",
        "inviato dalla {thing}",
        "inviata dal mio {thing}",
        "ottieni outlook per {thing}",
        "scarica outlook per {thing}",
        "privo di virus {thing}",
        "scusate la brevità",
        "perdonate la brevità",
        "si prega di scusare la brevità",
        "inviato dal {thing}",
        "inviato dallo {thing}",
        "inviata da {thing}",
    ),
    sign_offs=(
        "saluti", "cordiali saluti", "distinti saluti", "un saluto", "cordialmente", "un cordiale saluto",
        "i migliori saluti", "tanti saluti", "a presto", "in fede", "buona giornata", "buon lavoro",
        "con i migliori saluti", "saluti cordiali", "con cordialità", "ringraziando anticipatamente", "buona serata",
        "porgo distinti saluti", "porgo cordiali saluti",
    ),
    thanks=(
        "grazie", "grazie mille", "grazie in anticipo", "grazie e saluti", "grazie e cordiali saluti", "ciao",
        "molte grazie",
    ),
    disclaimers=(
        "le informazioni contenute", "questo messaggio è riservato", "questo messaggio e i suoi allegati",
        "informazioni riservate", "qualora non foste i destinatari", "se non siete i destinatari", "ai sensi del",
        "prima di stampare", "privo di virus", "questo messaggio e' stato analizzato",
        "ricevuto questo messaggio per errore", "esclusivamente al destinatario", "riservate e destinate",
        "informazioni confidenziali", "destinatario indicato", "non siete i destinatari", "strettamente riservate",
        "uso esclusivo", "comunicazione è riservata",
    ),
    months=(
        "gennaio gen", "febbraio feb", "marzo mar", "aprile apr", "maggio mag", "giugno giu", "luglio lug",
        "agosto ago", "settembre set sett", "ottobre ott", "novembre nov", "dicembre dic",
    ),
    other=("risposta", "rispondi a", "allegati", "allegato", "priorità", "importanza"),
    reply_prefixes=("r", "ris", "rif"),
    forward_prefixes=("i", "inoltra", "inoltro"),
    prose=("nostro", "nostra", "nostri", "mio", "suo", "che", "hanno", "io"),
)
