"""Signs of automatic mail, as data: header fields, and the beginnings of subjects in many languages."""

from __future__ import annotations

import re
from functools import lru_cache

from mailbridge.message.phrases import PhraseSet, alternatives

# --- header fields

# Field names written only by programs that answer for a person: X-Autoreply, X-Auto-Response-Id, X-Firm-Vacation ...
ANSWERING_NAME = re.compile(
    r"(?:x-)?(?:[a-z0-9]{1,30}-){0,3}"
    r"(?:(?:mail)?auto-?repl(?:y|ied)|md-?autoreply|auto-?respon(?:d|der|se)|holiday-?reply|vacation|out-?of-?office)"
    r"(?:-(?:by|domain|from|id|to|type))?"
)
# Field names of programs that send without a request: X-Auto-Generated, X-FC-MachineGenerated ...
# X-MS-Exchange-Inbox-Rules-Loop and "Mailbox Rules Agent" are not listed: Exchange writes them on every mail that an inbox rule redirects,
# also on mail from people.
GENERATED_NAME = re.compile(r"(?:x-)?(?:[a-z0-9]{1,30}-){0,3}(?:auto|machine)-?generated")
GENERATED_FIELDS = frozenset(
    (
        "x-amazon-mail-relay-type",
        "x-cron-env",
        "x-github-reason",
        "x-gitlab-project",
        "x-icinga",
        "x-jira-fingerprint",
        "x-nagios",
        "x-redmine-host",
        "x-sentry-project",
        "x-zabbix",
    )
)
# A mark by which a program recognises a mail that it has handled: "X-Loop", "X-Something-Loop", "X-Something-Loop-Prevention". Forwarders
# put it on mail from people too.
LOOP_MARK = re.compile(r"x-(?:[a-z0-9]{1,30}-){0,3}loop(?:-(?:prevention|detection|check|guard))?")


@lru_cache(maxsize=4096)
def mark_of(name: str) -> str:
    """The kind of program that writes a field of this name (lower case): answering, generated, loop, or ''.

    Cached, because field names repeat from mail to mail.
    """
    if ANSWERING_NAME.fullmatch(name):
        return "answering"
    if name in GENERATED_FIELDS or GENERATED_NAME.fullmatch(name):
        return "generated"
    return "loop" if LOOP_MARK.fullmatch(name) else ""


# Field, and what its value must contain.
ANSWERING_VALUES = (
    ("precedence", re.compile(r"auto[-_ ]?reply", re.I)),
    ("x-precedence", re.compile(r"auto[-_ ]?reply", re.I)),
    ("preference", re.compile(r"auto[-_ ]?reply", re.I)),
    ("x-post-messageclass", re.compile(r"9; ?autoresponder", re.I)),
    ("delivered-to", re.compile(r"autoresponder$", re.I)),
    ("x-mailer", re.compile(r"vacation|autorespond|autoreply|out ?of ?office", re.I)),
    ("user-agent", re.compile(r"vacation|autorespond|autoreply", re.I)),
    ("x-apple-action", re.compile(r"vacation", re.I)),
    ("x-auto-submitted", re.compile(r"auto-replied", re.I)),
)
# RFC 3834, 2: bulk mail, also without list fields.
BULK = re.compile(r"\s*(?:bulk|junk|list)\b", re.I)
LIST_FIELDS = ("list-id", "list-post", "x-mailing-list", "mailing-list", "x-mailman-version", "x-beenthere", "x-list", "list-unsubscribe")
# Sent by a mass mailing service.  The mail may be from a person, but nobody there reads an automatic answer.
MASS_FIELDS = ("feedback-id", "x-campaign", "x-campaignid", "x-mailgun-tag", "x-mc-user", "x-csa-complaints", "x-bulkmail")
# Exchange: the automatic answers that the sender does not want.
SUPPRESSED = re.compile(r"\b(?:all|autoreply|oof)\b", re.I)
# Complaints without an RFC 5965 report.
COMPLAINT_FIELDS = ("x-apple-unsubscribe", "x-hmxmroriginalrecipient", "x-aol-complaint")
COMPLAINT_SUBJECT = re.compile(r"complaint about message from \[?[0-9a-f.:]{3,45}\]?\s*$", re.I)

# The daily reports about a domain: "Report Domain: x Submitter: y Report-ID: z", with a file "y!x!from!to.xml.gz" (RFC 7489, 7.2.1.1).
AGGREGATE_SUBJECT = re.compile(r"\s*(?:\[[^\]\n]{1,40}\]\s*)?report domain:\s*\S{1,253}\s+submitter:", re.I)
AGGREGATE_FILE = re.compile(r"[^!\s]{1,253}![^!\s]{1,253}!\d{1,20}!\d{1,20}(?:![^!\s]{1,100})?\.(?:xml|xml\.gz|zip|gz|json\.gz)", re.I)

# --- addresses that nobody reads

NO_REPLY = re.compile(
    r"(?:no|not|do[-_.]?not|don'?t|never|ne[-_.]?pas)[-_.]?(?:reply|respond|repondre|response|answer)"
    r"|nicht[-_.]?antworten|nepas?repondre|no[-_.]?responder|nao[-_.]?responda"
    r"|bounces?|notifications?|mailer|auto(?:mat|mailer|reply|responder)?",
    re.I,
)

# --- beginnings of subjects of vacation replies

# These words are sufficient.
VACATION = {
    "en": (
        "vacation reply", "vacation message", "vacation response", "vacation notice", "automatic reply from",
        "ooo:", "auto:", "away until", "away from my mail", "away from the office", "out until", "absent until",
        "currently away", "currently out of",
    ),
    "de": (
        "automatische antwort", "automatische abwesenheit", "automatische abwesenheitsnotiz", "abwesenheitsnotiz",
        "abwesenheitsbenachrichtigung", "abwesenheitsmeldung", "abwesenheitsassistent", "abwesenheitsagent",
        "abwesenheitsinfo", "urlaubsbenachrichtigung", "urlaubsnotiz",
    ),
    "fr": (
        "réponse automatique", "reponse automatique", "message d'absence", "notification d'absence",
        "avis d'absence", "absence du bureau", "absent du bureau", "absente du bureau",
    ),
    "es": (
        "respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina",
        "ausente de la oficina", "mensaje de ausencia",
    ),
    "pt": (
        "resposta automática", "resposta automatica", "fora do escritório", "ausência temporária",
        "mensagem de ausência",
    ),
    "it": ("risposta automatica", "risposta non al computer", "messaggio di assenza", "assenza dall'ufficio"),
    "ca": ("resposta automàtica",),
    "nl": (
        "automatisch antwoord", "automatische beantwoording", "afwezigheidsbericht", "afwezigheidsmelding",
        "afwezigheidsassistent",
    ),
    "da": ("autosvar", "automatisk svar", "fraværsbesked", "fraværsmeddelelse", "feriebesked", "feriesvar"),
    "no": ("fraværsmelding", "fraværsassistent", "fraværssvar"),
    "sv": ("automatiskt svar", "frånvaromeddelande", "frånvarobesked"),
    "fi": ("automaattinen vastaus", "poissaoloviesti", "lomavastaus"),
    "pl": ("odpowiedź automatyczna", "automatyczna odpowiedź", "autoodpowiedź", "nieobecność w biurze"),
    "cs": ("automatická odpověď", "mimo kancelář"),
    "sk": ("automatická odpoveď", "mimo kancelárie"),
    "hu": ("automatikus válasz", "házon kívül"),
    "ro": ("răspuns automat", "raspuns automat", "în afara biroului", "plecat din birou", "mesaj de absență"),
    "hr": ("automatski odgovor", "izvan ureda"),
    "sl": ("samodejni odgovor",),
    "tr": ("otomatik yanıt", "otomatik cevap"),
    "el": ("αυτόματη απάντηση", "εκτός γραφείου"),
    "he": ("מענה אוטומטי", "תשובה אוטומטית", "מחוץ למשרד"),
    "ar": ("رد تلقائي", "الرد التلقائي", "خارج المكتب"),
    "ru": ("автоматический ответ", "автоответ:", "автоответчик:", "вне офиса"),
    "uk": ("автоматична відповідь", "автовідповідь", "поза офісом"),
    "bg": ("автоматичен отговор", "извън офиса"),
    "sr": ("аутоматски одговор",),
    "et": ("automaatvastus",),
    "lt": ("automatinis atsakymas",),
    "lv": ("automātiska atbilde", "automātiskā atbilde", "ārpus biroja"),
    "eu": ("erantzun automatikoa", "bulegotik kanpo"),
    "fa": ("پاسخ خودکار", "پاسخ اتوماتیک", "خارج از دفتر"),
    "hi": ("स्वचालित उत्तर", "स्वचालित जवाब", "स्वतः उत्तर", "स्वत: उत्तर", "कार्यालय से बाहर"),
    "id": ("balasan otomatis", "jawaban otomatis", "di luar kantor"),
    "ms": ("balasan automatik",),
    "ka": ("ავტომატური პასუხი", "ავტოპასუხი", "ოფისის გარეთ"),
    "th": ("ตอบกลับอัตโนมัติ", "การตอบกลับอัตโนมัติ", "ข้อความตอบกลับอัตโนมัติ", "ไม่อยู่ที่สำนักงาน", "ไม่อยู่ในสำนักงาน"),
    "is": ("sjálfvirkt svar",),
    "sq": ("përgjigje automatike",),
    "mk": ("автоматски одговор",),
    "be": ("аўтаматычны адказ",),
    "hy": ("ավտոմատ պատասխան",),
    "az": ("avtomatik cavab",),
    "bn": ("স্বয়ংক্রিয় উত্তর",),
    "ur": ("خودکار جواب",),
    "af": ("outomatiese antwoord",),
    "ja": ("自動応答", "自動返信", "自動回答", "不在通知", "不在連絡", "不在です", "不在届", "【自動返信", "【自動応答"),
    "zh": ("自动回复", "自动答复", "自動回覆", "自動答覆", "外出通知", "外出自动回复", "不在办公室", "休假自动回复", "休假通知"),
    "ko": ("자동 회신", "자동 응답", "자동 답장", "부재 중"),
    "vi": ("trả lời tự động",),
}  # fmt: skip
# People may continue after these words, so a colon, a bracket or the end must follow.
VACATION_ENDED = {
    "en": (
        "automatic reply", "automatic response", "auto reply", "auto response", "auto answer", "auto responder",
        "automated reply", "automated response", "automatically generated reply", "out of office",
        "out of the office", "out of office reply", "out of office auto reply", "out of office message",
        "out of office notification", "on vacation", "i am on vacation", "i'm on vacation",
        "i am out of the office", "i'm out of the office", "ooo",
    ),
    "de": (
        "abwesenheit", "nicht im büro", "bin nicht im büro", "nicht im haus", "außer haus", "im urlaub",
        "bin im urlaub",
    ),
    "fr": ("absent", "absente", "absence"),
    "es": ("ausencia",),
    "pt": ("ausência",),
    "it": ("fuori ufficio", "fuori sede", "assenza"),
    "nl": ("afwezig", "niet aanwezig"),
    "da": ("ikke til stede",),
    "sv": ("frånvaro",),
    "fi": ("poissa", "poissa toimistosta"),
    "pl": ("poza biurem", "nieobecność"),
    "cs": ("nepřítomnost",),
    "hu": ("távollét",),
    "tr": ("ofis dışında",),
    "ru": ("нет на работе", "в отпуске", "я в отпуске", "автоответ", "автоответчик"),
    "eu": ("oporretan", "kanpoan"),
    "fa": ("در مرخصی", "مرخصی"),
    "hi": ("छुट्टी पर", "अवकाश पर"),
    "id": ("sedang cuti", "cuti"),
    "ka": ("შვებულებაში",),
    "lv": ("prombūtnē", "prombūtne", "atvaļinājumā"),
    "th": ("ลาพักร้อน", "ลาหยุด"),
}  # fmt: skip
# Of these the words that are a topic among people as well: behind the prefix of an answer ("Re: absence") they are no sign.
TOPICS = frozenset(
    (
        "abwesenheit", "absent", "absente", "absence", "ausencia", "ausência", "assenza", "afwezig", "frånvaro", "poissa", "nieobecność",
        "nepřítomnost", "távollét", "on vacation", "ooo", "в отпуске", "مرخصی", "cuti", "prombūtne", "oporretan",
    )
)  # fmt: skip
END = r"\s*(?:[:：\]\)\-–—(\[]|re:|$)"


def every(table: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The phrases of all languages."""
    return tuple(phrase for phrases in table.values() for phrase in phrases)


# Prefixes that programs (answer, forward) and desks (tag, number) put before the words.
PREFIXES = (
    "re", "aw", "antw", "antwort", "sv", "vs", "vb", "fw", "fwd", "wg", "tr", "rv", "r", "i", "rif", "res", "enc", "odp", "pd",
    "ynt", "ilt", "atb", "sz", "vá", "απ", "σχετ", "на", "ha", "отг", "від", "відп", "回复", "答复", "回覆", "转发", "轉寄", "返信", "転送",
    "답장", "전달",
)  # fmt: skip
_MARK = rf"(?:{'|'.join(PREFIXES)})(?:\[\d{{1,3}}\])?\s?[:：]"
BEFORE = rf"(?:\s{{0,3}}(?:{_MARK}|\[[^\[\]\n]{{1,60}}\]|\(#?\d{{1,12}}\)|#\d{{1,12}}:?)){{0,5}}"
VACATION_REASON = "vacation subject"
_VACATION_SUBJECT = re.compile(
    rf"{BEFORE}\W{{0,3}}(?:{alternatives(every(VACATION))}|{alternatives(every(VACATION_ENDED))}{END})", re.I
)


_TOPIC = re.compile(rf"(?P<before>{BEFORE})\W{{0,3}}(?:{alternatives(sorted(TOPICS))}){END}", re.I)
_ANSWER_MARK = re.compile(_MARK, re.I)


def _is_answered_topic(subject: str) -> bool:
    """Whether the prefix of an answer stands before a word that is a topic as well; behind it ("OOO: Re: x") it says nothing."""
    found = _TOPIC.match(subject)
    return found is not None and _ANSWER_MARK.search(found["before"]) is not None


_ALONE = re.compile(rf"{BEFORE}\W{{0,3}}(?:{alternatives(sorted(TOPICS - {'ooo'}))}){END}", re.I)


def is_topic(subject: str) -> bool:
    """Whether the subject begins with no more than a word that people use as a topic ("Abwesenheit: Meier"), which alone proves nothing."""
    return _ALONE.match(subject[:300]) is not None


def is_vacation(subject: str) -> bool:
    """Whether the subject, without prefixes and tags, begins as vacation replies do.  A mail from a person about such replies may match."""
    return _VACATION_SUBJECT.match(subject[:300]) is not None and not _is_answered_topic(subject[:300])

# --- programs that send the content of a web form

FORM_SENDER = re.compile(
    r"(?:word-?press|www-?data|www|web|web-?(?:site|server|form|mail|master|app|shop)|apache|nginx|httpd|nobody|php"
    r"|(?:contact|kontakt|contacto|contatto|inquiry|enquiry|anfrage)?-?(?:form|forms|formular|formulaire|formulario))",
    re.I,
)
FORM_FIELDS = ("x-php-originating-script", "x-php-script", "x-wp-mailer", "x-wpcf7-content-type", "x-form-id", "x-contact-form")
FORM_MAILER = re.compile(r"php/|wordpress|wpforms|contact form|formmail|webform", re.I)

# --- acknowledgements of other desks, by the beginning of the subject after a number in brackets

# People use these words too, so a match only suppresses our acknowledgement.  This prevents a loop between two desks.
THANKS = {
    "en": (
        "we received your", "we have received your", "we've received your", "we got your",
        "your request...has been", "your ticket...has been", "your message...has been received",
        "your e-mail...has been received", "your enquiry...has been", "your inquiry...has been",
        "your case...has been", "ticket received", "ticket created", "ticket opened", "request received",
        "case created", "case received", "thank you for contacting", "thanks for contacting",
        "thank you for your message", "thank you for your request", "thank you for your inquiry",
        "thank you for your e-mail",
    ),
    "de": (
        "wir haben ihre", "ihre anfrage...eingegangen", "ihre anfrage...erhalten", "ihre nachricht...eingegangen",
        "ihr ticket...eröffnet", "ihr ticket...erstellt", "eingangsbestätigung", "empfangsbestätigung",
    ),
    "fr": (
        "nous avons bien reçu votre", "nous avons reçu votre", "votre demande...enregistrée",
        "votre demande...reçue", "accusé de réception",
    ),
    "es": ("hemos recibido su", "su solicitud...recibida", "su solicitud...registrada", "acuse de recibo"),
    "it": ("abbiamo ricevuto", "conferma di ricezione"),
    "pt": ("recebemos a sua", "recebemos sua", "recebemos o seu", "recebemos seu"),
    "nl": ("we hebben uw...ontvangen", "wij hebben uw...ontvangen", "ontvangstbevestiging"),
    "pl": ("otrzymaliśmy", "potwierdzenie otrzymania"),
    "ro": ("am primit", "cererea dumneavoastră", "solicitarea dumneavoastră"),
    "ru": ("мы получили ваш", "ваша заявка", "ваш запрос...принят", "ваш запрос...зарегистрирован", "ваше обращение"),
    "uk": ("ми отримали ваш", "вашу заявку"),
    "ja": ("お問い合わせを受け付け", "お問い合わせありがとう"),
    "zh": ("我们已收到您", "我們已收到您"),
    "ko": ("문의가 접수",),
}  # fmt: skip
NUMBERED = r"\s*(?:(?:re|aw|sv|antw)\s*:\s*)?(?:[\[(#][^\])\n]{1,60}[\])]?\s*[:\-–]?\s*)?"
ACKNOWLEDGEMENT = re.compile(NUMBERED + alternatives(every(THANKS)), re.I)

# --- challenge-response robots: a title and typical words

CHALLENGE_FIELDS = ("x-tmda-confirm", "x-challenge", "x-spamarrest", "x-boxbe", "x-mailblocks", "x-ask-version", "x-challenge-response")
CHALLENGE_SUBJECT = PhraseSet(
    (
        "confirm your e-mail",
        "confirm your message",
        "confirm your mail",
        "confirm your identity",
        "confirm your address",
        "verify your e-mail",
        "verify your message",
        "verify your identity",
        "confirm that you sent",
        "e-mail verification",
        "sender verification",
        "address verification",
        "message verification",
        "action required",
        "verification required",
        "confirmation required",
        "your message is waiting",
        "your message is on hold",
        "your message has been held",
        "your e-mail requires",
        "your message requires",
        "anti spam...confirm",
        "challenge response",
    )
)
CHALLENGE_WORDS = PhraseSet(
    (
        "prove...human",
        "prove...person",
        "prove...not a robot",
        "you are human",
        "you are a human",
        "you are a person",
        "you are a real person",
        "you are not a robot",
        "you are not a spammer",
        "confirm that you sent",
        "verify that you sent",
        "confirm you sent",
        "click...your message will be delivered",
        "click...release your message",
        "reply...your message will be delivered",
        "reply...release your message",
        "reply...deliver your message",
        "your message is being held",
        "your message has been held",
        "your message will be held",
        "your message has been quarantined",
        "challenge response",
        "approved senders list",
        "approved guest list",
        "added to my whitelist",
        "add you to my whitelist",
        "one-time confirmation",
    )
)
