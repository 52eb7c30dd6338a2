"""Dutch."""

from __future__ import annotations

from mailbridge.reply.phrases.model import LanguagePhrases

NL = LanguagePhrases(
    code="nl",
    attribution=(
        "Op {when} schreef {who}",
        "Op {when} heeft {who} geschreven",
        "Op {when} heeft {who} het volgende geschreven",
        "Op {when} {who} schreef",
        "Op {when} {who} het volgende geschreven",
        "Op {when} {who} geschreven",
        "{when} schreef {who}",
        "{when} {who} schreef",
        "{who} schreef op {when}",
        "{who} schreef het volgende op {when}",
        "{who} schreef",
        "{who} heeft geschreven",
    ),
    sender=("van", "afzender"),
    date=("verzonden", "datum", "verstuurd", "verzonden op", "datum verzonden", "verzenddatum", "datum/tijd"),
    to=("aan", "naar"),
    cc=("cc", "bcc", "kopie"),
    subject=("onderwerp",),
    original=(
        "oorspronkelijk bericht", "origineel bericht", "originele bericht", "oorspronkelijke bericht",
        "oorspronkelijke mail", "oorspronkelijke afspraak", "oorspronkelijk e-mailbericht", "oorspronkelijke e-mail",
    ),
    forwarded=(
        "doorgestuurd bericht", "begin doorgestuurd bericht", "doorgezonden bericht",
        "begin van doorgestuurd bericht", "doorgestuurde mail", "doorgestuurd door", "doorgestuurde e-mail",
    ),
    mobile=(
        "verstuurd vanaf mijn {thing}",
        "verzonden vanaf mijn {thing}",
        "verstuurd vanaf {thing}",
        "verzonden vanaf {thing}",
        "verstuurd vanuit {thing}",
        "verzonden vanuit {thing}",
        "verzonden met {thing}",
        "verstuurd met {thing}",
        "verzonden via {thing}",
        "verstuurd via {thing}",
        "outlook voor {thing} downloaden",
        "download outlook voor {thing}",
        "virusvrij {thing}",
        "excuses voor de beknoptheid",
        "haal outlook voor {thing}",
    ),
    sign_offs=(
        "met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groeten", "vriendelijke groet", "groeten",
        "groet", "groetjes", "mvg", "hartelijke groet", "hartelijke groeten", "met hartelijke groet", "met groet",
        "beste groeten", "hoogachtend", "alvast bedankt", "bij voorbaat dank", "met beste groeten", "fijne dag",
        "veel groeten", "bvd", "alvast bedankt en groet",
    ),
    thanks=("gr", "bedankt", "dank u wel", "dank je wel", "dank alvast"),
    disclaimers=(
        "dit bericht is vertrouwelijk", "deze e-mail is vertrouwelijk", "de informatie verzonden met",
        "vertrouwelijke informatie", "indien u niet de geadresseerde", "uitsluitend bestemd voor",
        "denk aan het milieu", "virusvrij", "dit e-mailbericht", "ten onrechte hebt ontvangen",
        "niet de beoogde ontvanger", "vertrouwelijke of", "kan vertrouwelijke", "niet de bedoelde ontvanger",
        "verzoeken wij u", "abusievelijk", "alleen bestemd voor", "uitsluitend bedoeld voor",
    ),
    months=(
        "januari jan", "februari feb", "maart mrt", "april apr", "mei", "juni jun", "juli jul", "augustus aug",
        "september sep", "oktober okt", "november nov", "december dec",
    ),
    other=("antwoord aan", "bijlage", "bijlagen", "urgentie", "prioriteit"),
    reply_prefixes=("antw", "betr"),
    forward_prefixes=("doorst", "dg"),
    prose=("onze", "ons", "mijn", "een", "maar", "ik"),
)
