"""Wording of bounces by mail servers, as data: `message.bounce` searches for it where there is no RFC 3464 report.

It is matched on at most 64 kB.  Repetitions are bounded or possessive (`*+`), so matching takes linear time also on hostile text.
"""

from __future__ import annotations

import re

from mailbridge.message.phrases import PhraseSet, whole

ADDRESS = r"[^\s<>()\[\]:;,\"'@|=]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,254}[A-Za-z0-9]"
LOOSE_ADDRESS = re.compile(ADDRESS)

# --- senders of bounces

# Only mail servers use these names.
DAEMON = re.compile(r"(?:^|[<\s\"'])(?:mailer[-_. ]?daemon(?:@|\b)|(?:double-bounce|mail\.delivery\.system|mdaemon)@)", re.I)
NOBODY = re.compile(r"\s*<>\s*")  # a server that writes From: <> gives no address in Return-Path
# People use these names too, so a bounce needs another sign.
POSTMASTER = re.compile(
    r"(?:^|[<\s\"'])(?:"
    r"po+st[-_]?master\\?@|system[-_ ]administrator\b|mail(?:[-_ ]?(?:system|delivery|administrator))?@"
    r"|mail[-_ ]?deliver(?:y)?[-_ ]?(?:sub)?system\b|smtp[-_ ]?gateways?\b|interscan[^<>@\n]{0,20}"
    r")|antivirus[^<>@\n]{0,40}@",
    re.I,
)
# More often used by people than by servers: title and words must both match.
OFFICE = re.compile(r"(?:^|[<\s\"'])(?:admin(?:istrator)?|root|no-?reply|[a-z]{1,40}-admin)@", re.I)

# --- subjects

# Subjects that programs write word for word; the whole subject must match.
TITLES = whole(
    (
        "delivery failure notification",
        "delivery notification: delivery has failed",
        "delayed mail (still being retried)",
        "delivery status notification",
        "delivery status notification (delay)",
        "delivery status notification (failure)",
        "delivery status notification: error",
        "delivery status notification: failure",
        "delivery status notification: warning",
        "failure notice",
        "mail delivery failed: returning message to sender",
        "mail failure - malformed recipient address",
        "mail system error - returned mail",
        "postfix smtp server: errors from...",
        "postmaster notify: ...",
        "returned mail: ...",
        "undeliverable: ...",
        "undelivered mail returned to sender",
        "warning: could not send message for past...",
        "warning: message...delayed...",
    )
)
# Subjects that a person may write too, for example "mail delivery failed".
HINTS = PhraseSet(
    (
        "address unknown",
        "bounced mail",
        "cannot be delivered",
        "cannot deliver",
        "could not be delivered",
        "could not deliver",
        "could not send",
        "delayed mail",
        "deliver message",
        "delivery delayed",
        "delivery error",
        "delivery fail",
        "delivery final failure",
        "delivery has failed",
        "delivery notification",
        "delivery problem",
        "delivery report",
        "delivery status",
        "delivery subsystem",
        "delivery warning",
        "error mail",
        "error sending your mail",
        "failed mail",
        "failure delivery",
        "failure notice",
        "host unknown",
        "loop alert",
        "mail error",
        "mail failed",
        "mail failure",
        "mail system error",
        "mailer error",
        "message delayed",
        "message delivery has failed",
        "message not delivered",
        "message was not delivered",
        "non delivery",
        "not delivered",
        "processing error",
        "recipient unknown",
        "returned mail",
        "returned message",
        "returned to sender",
        "returning mail",
        "returning message to sender",
        "returning to sender",
        "unable to deliver",
        "undeliver",
        "user unknown",
    ),
    ("unzustellbar", "nicht zustellbar", "nicht zugestellt", "zustellung...fehlgeschlagen", "rückläufer", "übermittlungsstatus"),
    ("non remis", "non distribu", "non délivré", "échec de remise", "échec de la remise", "échec de distribution", "n'a pas pu être"),
    ("no se pudo entregar", "no se ha podido entregar", "no entregado", "devuelto", "error de entrega", "mensaje no enviado"),
    ("mancata consegna", "non consegnato", "non recapitabile", "impossibile recapitare"),
    ("não entregue", "não foi entregue", "não foi possível entregar", "falha na entrega"),
    ("onbestelbaar", "niet bezorgd", "niet afgeleverd", "kan niet worden bezorgd"),
    ("nie można dostarczyć", "nie dostarczono", "niedoręcz", "zwrot wiadomości"),
    ("nepodařilo se doručit", "nedoručen", "nedoručiteln"),
    ("kunde inte levereras", "olevererbar", "kunne ikke leveres", "kan ikke leveres", "ikke levert"),
    ("ei voitu toimittaa", "toimitus epäonnistui", "kézbesíthetetlen", "nem kézbesíthető"),
    ("teslim edilemedi", "iletilemedi", "gönderilemedi", "δεν παραδόθηκε", "αδύνατη η παράδοση"),
    ("nu a putut fi livrat", "nu a fi livrat", "nelivrat", "livrare eșuată"),
    ("не доставлен", "недоставлен", "не удалось доставить", "возвращен", "возвращён", "не вдалося доставити", "не може бути доставлен"),
    ("לא נמסר", "تعذر التسليم", "لم يتم التسليم"),
    ("配信不能", "配信できません", "配信エラー", "配信に失敗", "届けられません", "送信失敗", "送信エラー", "不達"),
    ("退信", "系统退信", "未送达", "投递失败", "无法投递", "无法送达", "無法投遞", "無法傳遞", "無法送達"),
    ("반송", "배달 실패", "전송 실패"),
)
# An answer to a bounce, or a forwarded bounce, is a person's mail.
ANSWERED = re.compile(r"\s*(?:re|aw|sv|vs|antw|fw|fwd|wg|tr|rv|odp|ynt|отв)\s*(?:\[\d+\])?\s*:", re.I)

# --- wording

PHRASES = PhraseSet(
    (
        "account disabled",
        "account inactive",
        "account is disabled",
        "account is inactive",
        "could not be delivered to",
        "could not be reached",
        "delivery attempts failed",
        "delivery attempts will continue",
        "delivery failed",
        "delivery to the following recipient",
        "did not reach the following recipient",
        "does not exist",
        "duplicated message id in",
        "error was detected while processing",
        "exceed...quota",
        "failed to deliver",
        "failure reasons",
        "has been postponed due",
        "has been refused",
        "has been rejected",
        "has not been delivered",
        "invalid final delivery userid",
        "invalid mailbox",
        "invalid recipient",
        "invalid user address",
        "mailbox full",
        "mailbox is full",
        "mailbox not found",
        "mailbox unavailable",
        "message could not be delivered",
        "no such address",
        "no such mailbox",
        "no such recipient",
        "no such user",
        "not able to deliver your message",
        "original message follows",
        "original message is included",
        "original message was received",
        "over quota",
        "permanent fatal errors",
        "recipient address...rejected",
        "recipient addresses...incorrectly",
        "recipient name is not recognized",
        "returned because it encountered an error",
        "returned permanent errors",
        "sent <<< rcpt to",
        "the following address had",
        "the following addresses had",
        "the following addresses failed",
        "the following address(es) failed",
        "the following address failed",
        "transcript of session follows",
        "trouble delivering your message",
        "unable to deliver message to",
        "unable to deliver your message to",
        "undelivered message",
        "unknown address",
        "unknown local part",
        "unknown recipient",
        "user unknown",
        "was not delivered to",
        "wasn't able to deliver your message",
    ),
    ("konnte nicht zugestellt", "konnte nicht übermittelt", "n'a pas pu être délivré", "n'a pas pu etre delivre", "n'a pas pu être remis"),
    ("no pudo ser entregado", "não pôde ser entregue", "nao pode ser enviada", "не может быть доставлено", "не удалось доставить"),
    ("配信できません", "存在しない", "無法投遞", "不存在"),
)
# First words of a bounce from a server with a person's name.  A person who reports a bounce begins with own words.
OPENING = PhraseSet(
    (
        "delivery to the following recipient",
        "non delivery",
        "the e-mail below could not be",
        "the following address",
        "the following message",
        "the following recipient",
        "this is a machine",
        "this is an automatic",
        "this is an auto generated",
        "unable to deliver message",
        "unable to deliver your message",
        "your e-mail...could not be delivered",
        "your message...cannot be delivered",
        "your message...could not be delivered",
        "your message...has not been delivered",
        "your message...was not delivered",
    ),
    ("ihre nachricht...nicht zugestellt", "ihre nachricht...nicht übermittelt", "ihre e-mail...nicht zugestellt"),
    ("votre message n'a pas pu", "su mensaje no pudo", "su mensaje no ha podido", "il tuo messaggio non", "il suo messaggio non"),
    ("sua mensagem não", "sua mensagem nao", "uw bericht is niet", "uw bericht kon niet", "twoja wiadomość nie"),
    ("ваше сообщение не", "ваше письмо не"),
)

# --- beginning of the returned mail

END = re.compile(
    r"^[ \t>]*+(?:"
    r"-{2,}+[^\n]{0,60}\b(?:copy of (?:the|your) (?:message|mail)|below this line|next line is a copy|attachment is|header"
    r"|(?:original|returned|forwarded|undelivered|unsent) (?:message|mail)|message (?:text|header|body|headers)|mensaje original|исходн)"
    r"|\|-{4,}+[^\n]{0,20}message text follows"
    r"|(?:the )?(?:first \d+ lines of (?:your )?)?original (?:message|mail)(?: headers?)?"
    r"(?: (?:follows|as follows|is attached|below))?\s*[:.]"
    r"|old message:|included is a copy of|below is a copy of|a summary of the undelivered message|content of the (?:original|returned)"
    r"|content-type:[ \t]*message/rfc822|received:[ \t]?(?:from|by|\()|return-path:[ \t]?<|-{6,}+ (?:start|begin)"
    r")",
    re.I | re.M,
)

# --- position of the address, best first: all matches of the first pattern with a match are taken

RECIPIENTS = (
    # <kim@firm.test>:
    re.compile(rf"^[ \t]*+<({ADDRESS})>\s?:", re.M),
    # "Kim" <kim@firm.test> (unrecoverable error)
    re.compile(rf"^[ \t]*+(?:[\"'][^\"'\n]{{0,100}}[\"'][ \t]*+)?[<\"']({ADDRESS})[>\"'][ \t]*+(?:\([^\n]{{0,200}}\))?[ \t]*+\r?$", re.M),
    # kim@firm.test on Mon, 2 Nov 2026
    re.compile(rf"^[ \t]*+({ADDRESS})[ \t]+on[ \t]+\w{{3}}, \d", re.M),
    re.compile(rf"dda:SMTP=({ADDRESS});", re.I),
    # the address alone on its line
    re.compile(rf"^[ \t]*+({ADDRESS})[ \t]*+:?[ \t]*+\r?$", re.M),
    # 550 5.1.1 <kim@firm.test>... User unknown
    re.compile(rf"^(?:[45]\d\d[ -](?:[45]\.\d{{1,3}}\.\d{{1,3}} )?|>>> ?rcpt to: ?)<({ADDRESS})>", re.M | re.I),
    # kim@firm.test - no such user here
    re.compile(rf"^[ \t]*+<?({ADDRESS})>?[ \t]*+(?:\.\.\.|[-:(]|invalid|unknown|is not|no such|rejected|failed|user )", re.M | re.I),
    re.compile(rf"(?:rcpt to|error-for)[ \t]*+:?[ \t]*+<?({ADDRESS})", re.I),
    # user unknown: kim@firm.test
    re.compile(
        rf"\b(?:recipients?|users?|userid|address(?:es)?|mailbox|account|attempts|errors|message|deliver(?:ed|ing)?|delivery|mail|to|for)"
        rf"(?:\(s\)|\(es\))?[ \t:=<\"']++({ADDRESS})",
        re.I,
    ),
)

# --- severity

ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
REPLY_CODE = re.compile(r"(?<![\d.:/-])([45]\d\d)(?=[ -][^\d])")
SOFT = PhraseSet(
    (
        "connect to...failed",
        "connection lost",
        "connection refused",
        "connection reset",
        "connection timed out",
        "deferred:",
        "delivery...deferred",
        "delivery...postponed",
        "delivery attempts will continue",
        "further attempts",
        "has been delayed",
        "host name lookup failure",
        "is being delayed",
        "keep trying",
        "no action is required",
        "no route to host",
        "not yet been delivered",
        "not yet delivered",
        "operation timed out",
        "retry timeout exceeded",
        "still being retried",
        "still trying",
        "temporarily unavailable",
        "temporary error",
        "temporary failure",
        "this message has been queued",
        "try again later",
        "warning message only",
        "was delayed",
        "will be retried",
        "will continue to try",
        "will retry",
        "your message has been queued",
        "your message is queued",
    ),
    ("sera retenté", "wird weiter versucht", "повторная попыт", "повторные попыт"),
)
HARD = PhraseSet(
    (
        "given up",
        "giving up",
        "no further attempts",
        "no further delivery attempts",
        "permanent error",
        "permanent failure",
        "permanent fatal error",
        "permanently failed",
        "permanently rejected",
    )
)
