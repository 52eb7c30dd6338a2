"""Czech."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

CS = LanguagePhrases(
    code="cs",
    attribution=(
        "Dne {when} {who} napsal",
        "Dne {when} {who} napsala",
        "Dne {when} {who} napsal(a)",
        "Dne {when} napsal {who}",
        "Dne {when} napsal(a) {who}",
        "Dne {when} odesílatel {who} napsal",
        "Dne {when} uživatel {who} napsal",
        "V {when} {who} napsal",
        "{when} odesílatel {who} napsal",
        "{when} {who} napsal",
        "{when} {who} napsal(a)",
        "{who} napsal dne {when}",
        "{who} napsal(a) dne {when}",
        "{who} píše",
        "{who} napsal",
        "{who} napsal(a)",
    ),
    sender=("od", "odesílatel", "odesilatel"),
    date=("odesláno", "datum", "odeslané", "odesláno dne", "datum odeslání"),
    to=("komu", "příjemce", "pro"),
    cc=("kopie", "kopia", "skrytá kopie", "cc"),
    subject=("předmět", "věc",),
    original=(
        "původní zpráva", "původní e-mail", "původní email", "originální zpráva", "puvodni zprava", "původní schůzka",
    ),
    forwarded=(
        "přeposlaná zpráva", "přeposlaný e-mail", "začátek přeposílané zprávy", "přeposlaný email",
        "začátek přeposlané zprávy", "předaná zpráva", "postoupená zpráva",
    ),
    mobile=(
        "odesláno z {thing}",
        "odesláno z mého {thing}",
        "odesláno ze {thing}",
        "posláno z {thing}",
        "odesláno pomocí {thing}",
        "odesláno přes {thing}",
        "získat outlook pro {thing}",
        "získejte outlook pro {thing}",
        "stáhnout outlook pro {thing}",
        "bez virů {thing}",
        "omluvte stručnost",
    ),
    sign_offs=(
        "s pozdravem", "s přátelským pozdravem", "s úctou", "předem děkuji", "hezký den", "s přáním hezkého dne",
        "srdečně", "zdravím", "pěkný den",
        "s pozdravem a přáním hezkého dne", "přeji hezký den", "mějte se hezky", "s úctou a pozdravem", "děkuji a přeji hezký den",
    ),
    thanks=("děkuji", "díky", "děkujeme", "děkuji předem"),
    disclaimers=(
        "tento e-mail je důvěrný", "tato zpráva je důvěrná", "důvěrné informace", "pokud nejste adresátem",
        "výhradně pro potřebu", "bez virů",
        "nejste-li zamýšleným příjemcem", "nejste adresátem", "nejste-li", "určena výhradně", "určen výhradně",
        "je důvěrná",
    ),
    months=(
        "ledna leden led", "února únor úno", "března březen bře",
        "dubna duben dub", "května květen kvě", "června červen čvn",
        "července červenec čvc", "srpna srpen srp", "září zář",
        "října říjen říj", "listopadu listopad lis",
        "prosince prosinec pro",
    ),
    other=("přílohy", "důležitost", "odpovědět komu", "příloha"),
    reply_prefixes=("odp",),
    forward_prefixes=("předáno", "fw", "přep",),
    prose=("náš", "naše", "můj", "moje", "ale", "byl", "byla", "já"),
)
