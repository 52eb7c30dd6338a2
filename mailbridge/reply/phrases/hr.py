"""Croatian, Bosnian and Serbian, in both scripts."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

HR = LanguagePhrases(
    code="hr",
    attribution=(
        "Dana {when} {who} je napisao/la",
        "Dana {when} {who} je napisao",
        "Dana {when} {who} je napisala",
        "Dana {when} {who} napisao je",
        "{when} {who} napisao je",
        "{when} {who} napisala je",
        "{when} {who} je napisao/la",
        "{when} {who} je napisao",
        "{when} {who} је написао/ла",
        "{when} {who} је написао",
        "Дана {when} {who} је написао/ла",
        "U {when} {who} je napisao",
        "{who} je napisao {when}",
        "{who} je napisao/la",
        "{who} piše",
        "{who} је написао",
    ),
    sender=("od", "šalje", "pošiljatelj", "pošiljalac", "од", "шаље"),
    date=("poslano", "poslato", "datum", "datum slanja", "послато", "датум"),
    to=("za", "prima", "primatelj", "за", "прима", "do"),
    cc=("kopija", "cc", "копија"),
    subject=("predmet", "naslov", "tema", "предмет", "наслов"),
    original=(
        "izvorna poruka", "originalna poruka", "izvorna poruka e-pošte", "оригинална порука", "изворна порука",
    ),
    forwarded=(
        "proslijeđena poruka", "prosleđena poruka", "početak proslijeđene poruke", "početak prosleđene poruke",
        "прослеђена порука",
    ),
    mobile=(
        "poslano s mog {thing}",
        "poslano sa mog {thing}",
        "poslato sa mog {thing}",
        "poslano iz {thing}",
        "poslato iz {thing}",
        "poslano s {thing}",
        "послато са мог {thing}",
        "preuzmite outlook za {thing}",
        "nabavite outlook za {thing}",
    ),
    sign_offs=(
        "srdačan pozdrav", "lijep pozdrav", "lijepi pozdrav", "s poštovanjem", "lep pozdrav", "hvala i lijep pozdrav",
        "sa poštovanjem", "с поштовањем", "срдачан поздрав", "srdačno",
    ),
    thanks=(
        "pozdrav", "hvala", "unaprijed hvala", "lp", "поздрав", "хвала", "hvala unaprijed", "puno hvala",
    ),
    disclaimers=("ova poruka je povjerljiva", "povjerljive informacije", "ako niste primatelj"),
    months=(
        "siječnja siječanj sij januar januara јануар", "veljače veljača velj februar februara фебруар",
        "ožujka ožujak ožu mart marta март", "travnja travanj tra april aprila април апр",
        "svibnja svibanj svi maj maja мај", "lipnja lipanj lip jun juna јун", "srpnja srpanj srp jul jula јул",
        "kolovoza kolovoz kol avgust avgusta август", "rujna rujan ruj septembar septembra септембар",
        "listopada listopad lis oktobar oktobra октобар", "studenoga studeni stu novembar novembra новембар",
        "prosinca prosinac pro decembar decembra децембар",
    ),
    reply_prefixes=("odg",),
    forward_prefixes=("proslijeđeno", "prosl"),
)
