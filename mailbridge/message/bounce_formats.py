"""How mail servers word their bounces, as data: what `message.bounce` looks for where there is no RFC 3464 report.

All patterns are matched on at most 64 kB and hold no nested repeats, so a hostile text costs time in proportion to its length.
"""

from __future__ import annotations

import re

ADDRESS = r"[^\s<>()\[\]:;,\"'@|=]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,254}[A-Za-z0-9]"
# The X.400 and EX forms of Exchange hold an SMTP address somewhere inside.
LOOSE_ADDRESS = re.compile(ADDRESS)

# --- who sends bounces

# Nobody but a mail server writes under these names.
DAEMON = re.compile(r"(?:^|[<\s\"'])(?:mailer[-_. ]?daemon(?:@|\b)|(?:double-bounce|mail\.delivery\.system|mdaemon)@)|^\s*<>\s*$", re.I)
# People write under these as well: a bounce needs another sign.
POSTMASTER = re.compile(
    r"(?:^|[<\s\"'])(?:po+st[-_]?master\\?@|system[-_ ]administrator\b|mail(?:[-_ ]?(?:system|delivery|administrator))?@"
    r"|smtp[-_ ]?gateways?\b|mail[-_ ]?deliver(?:y)?[-_ ]?(?:sub)?system\b|interscan[^<>@\n]{0,20})|antivirus[^<>@\n]{0,40}@",
    re.I,
)
# People's more often than servers': title and words must both be a bounce's.
OFFICE = re.compile(r"(?:^|[<\s\"'])(?:admin(?:istrator)?|root|no-?reply|[a-z]{1,40}-admin)@", re.I)

# --- how they title them

# Titles a program makes word for word; a person's subject is never exactly this.
TITLES = re.compile(
    r"(?:undelivered mail returned to sender|mail delivery failed: returning message to sender"
    r"|returned mail: see transcript for details|returned mail: (?:user|host) unknown|failure notice|delivery failure notification"
    r"|delivery status notification \((?:failure|delay)\)|delivery status notification: (?:error|warning|failure)"
    r"|delivery notification: delivery has failed|warning: could not send message for past \d+ (?:hours?|days?)"
    r"|mail system error - returned mail|returned mail: .{0,80}|mail failure - malformed recipient address"
    r"|postfix smtp server: errors from .{1,200}|postmaster notify: .{0,80}"
    r"|warning: message .{1,60} delayed .{1,40}|delayed mail \(still being retried\))",
    re.I,
)
# Titles that a person may write too ("mail delivery failed" is a fine subject for a support mail).
HINTS = re.compile(
    r"deliver(?:y|ed)?\W{1,3}(?:\w+\W{1,3}){0,3}(?:fail|problem|error|warning|delay|report|status|notification|subsystem)"
    r"|(?:fail\w*|unable|could not|cannot|can't|not|un-?)\W{0,3}(?:\w+\W{1,3}){0,2}(?:be )?deliver"
    r"|undeliver|un-?deliverable|non[- ]?deliver|returned (?:mail|to sender|message)|returning (?:mail|message|to sender)|bounced? mail"
    r"|mail (?:failed|failure)|failure notice|mail(?:er)? ?error|processing error|(?:^|[:-] ?)(?:user|host|recipient|address) unknown"
    r"|loop alert|delayed mail|error sending your mail|message not delivered|failed mail|delivery has failed|delivery final failure"
    r"|unzustellbar|nicht zustellbar|zustellung .{0,40}fehlgeschlagen|rückläufer|konnte nicht zugestellt"
    r"|non remis|non distribu|échec de (?:la )?(?:remise|distribution)|message non délivré|n'a pas pu être"
    r"|no se (?:pudo|ha podido) entregar|devuelto|error de entrega|no entregado|mensaje no enviado"
    r"|mancata consegna|non recapitabile|impossibile recapitare|messaggio non consegnato"
    r"|não (?:foi )?entregue|falha na entrega|não foi possível entregar|mensagem não entregue"
    r"|onbestelbaar|niet (?:worden )?(?:bezorgd|afgeleverd)|kan niet worden bezorgd"
    r"|nie (?:można )?dostarcz|niedoręcz|zwrot wiadomości|nepodařilo se doručit|nedoručiteln|nedoručen"
    r"|kunde inte levereras|olevererbart|kunne ikke leveres|kan ikke leveres|ikke levert|ei voitu toimittaa|toimitus epäonnistui"
    r"|kézbesíthetetlen|nem kézbesíthető|teslim edilemedi|iletilemedi|gönderilemedi|αδύνατη η παράδοση|δεν παραδόθηκε"
    r"|не доставлен|недоставлен|не удалось доставить|возвращ[её]нн|не вдалося доставити|не може бути доставлен"
    r"|nu a (?:putut )?fi livrat|nelivrat|livrare eșuată|לא נמסר|تعذر التسليم|لم يتم التسليم"
    r"|配信(?:不能|できません|エラー|に失敗)|届けられません|送信(?:失敗|エラー)|不達|退信"
    r"|未送达|投递失败|无法(?:投递|送达)|無法(?:投遞|傳遞|送達)|系统退信|반송|배달 ?실패|전송 ?실패",
    re.I,
)
# An answer or a forward of a bounce is a person's mail about it.
ANSWERED = re.compile(r"\s*(?:re|aw|sv|vs|antw|fw|fwd|wg|tr|rv|odp|ynt|отв)\s*(?:\[\d+\])?\s*:", re.I)

# --- how they begin to tell

PHRASES = re.compile(
    r"did not reach the following recipient|could not be delivered to|unable to deliver (?:your )?message to|delivery to the following recipient"
    r"|the following address(?:es|\(es\))? (?:had|failed)|i(?:'m afraid i)? wasn't able to deliver your message|permanent fatal errors"
    r"|recipient address(?:es)? .{0,40}(?:rejected|incorrectly)|was not delivered to|has not been delivered|not able to deliver your message"
    r"|invalid (?:final delivery userid|user address|mailbox|recipient)|unknown (?:local[- ]?part|recipient|address)|user unknown"
    r"|no such (?:user|mailbox|recipient|address)|mailbox (?:is )?(?:full|unavailable|not found)|over ?quota|exceed\w* (?:their |its )?quota"
    r"|message could not be delivered|returned because it encountered an error|failed to deliver|delivery attempts? (?:failed|will continue)"
    r"|trouble delivering your message|returned permanent errors|failure reasons|transcript of session follows|undelivered message"
    r"|original message (?:was received|follows|is included)|sent <<< rcpt to|recipient name is not recognized|could not be reached"
    r"|following (?:destination )?addresses (?:were|have|are)|delivery error report|delivery failed \d+ attempts"
    r"|duplicated message-id in|has been (?:postponed|rejected|refused) (?:due|by|because)|does not exist|account (?:is )?(?:disabled|inactive)"
    r"|не может быть доставлено|не удалось доставить|konnte nicht (?:zugestellt|übermittelt)|n'a pas pu (?:etre|être) (?:delivr|délivr|remis)"
    r"|no pudo ser entregado|não p[oô]de ser (?:enviada|entregue)|配信できません|存在しない|無法投遞|不存在",
    re.I,
)

# How a server begins that writes under a person's name: a person who tells of a bounce begins with own words.
OPENING = re.compile(
    r"(?:this is an? (?:automatic|auto-?generated|machine)|your (?:message|mail|e-mail).{0,200}(?:could not be|cannot be|was not|has not been) delivered"
    r"|delivery to the following recipient|unable to deliver (?:your )?message|the following (?:message|recipient|address)"
    r"|-{2,} ?non[- ]delivery|the e-?mail below could not be|votre message n'a pas pu|ihre (?:nachricht|e-?mail).{0,100}nicht (?:zugestellt|übermittelt)"
    r"|su mensaje no (?:pudo|ha podido)|il (?:tuo|suo|vostro) messaggio non|sua mensagem n[aã]o|uw bericht (?:is niet|kon niet)"
    r"|twoja wiadomość nie|ваше (?:сообщение|письмо) не)",
    re.I | re.S,
)

# --- where the returned mail begins

END = re.compile(
    r"^[ \t>]*(?:"
    r"-{2,}[^\n]{0,60}\b(?:copy of (?:the|your) (?:message|mail)|below this line|original (?:message|mail)|returned (?:message|mail)|unsent message"
    r"|message (?:text|header|body|headers)|header|forwarded message|undelivered message|mensaje original|исходн|next line is a copy|attachment is)"
    r"|\|-{4,}[^\n]{0,20}message text follows"
    r"|(?:the )?(?:first \d+ lines of (?:your )?)?original (?:message|mail)(?: headers?)?(?: (?:follows|as follows|is attached|below))?\s*[:.]"
    r"|old message:|included is a copy of|below is a copy of|a summary of the undelivered message|content of the (?:original|returned)"
    r"|content-type:[ \t]*message/rfc822|received:[ \t]?(?:from|by|\()|return-path:[ \t]?<|-{6,} (?:start|begin)"
    r")",
    re.I | re.M,
)

# --- where the address stands in it, best first; all matches of the first pattern that finds any are taken

RECIPIENTS = (
    re.compile(rf"^[ \t]*<({ADDRESS})>\s?:", re.M),
    re.compile(rf"^[ \t]*(?:[\"'][^\"'\n]{{0,100}}[\"'][ \t]*)?[<\"']({ADDRESS})[>\"'][ \t]*(?:\([^\n]{{0,200}}\))?[ \t]*\r?$", re.M),
    re.compile(rf"^[ \t]*({ADDRESS})[ \t]+on[ \t]+\w{{3}}, \d", re.M),
    re.compile(rf"dda:SMTP=({ADDRESS});", re.I),
    re.compile(rf"^[ \t]*({ADDRESS})[ \t]*:?[ \t]*\r?$", re.M),
    re.compile(rf"^(?:[45]\d\d[ -](?:[45]\.\d{{1,3}}\.\d{{1,3}} )?|>>> ?rcpt to: ?)<({ADDRESS})>", re.M | re.I),
    re.compile(rf"^[ \t]*<?({ADDRESS})>?[ \t]*(?:\.\.\.|[-:(]|invalid|unknown|is not|no such|rejected|failed|user )", re.M | re.I),
    re.compile(rf"(?:rcpt to|error-for)[ \t]*:?[ \t]*<?({ADDRESS})", re.I),
    re.compile(
        rf"\b(?:recipients?|users?|userid|address(?:es)?|mailbox|account|attempts|errors|message|deliver(?:ed|ing)?|delivery|mail|to|for)"
        rf"(?:\(s\)|\(es\))?[ \t]*(?:[:=<\"'][ \t<\"']*|[ \t])({ADDRESS})",
        re.I,
    ),
)

# --- how bad it is

ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
REPLY_CODE = re.compile(r"(?<![\d.:/-])([45]\d\d)(?=[ -][^\d])")
SOFT = re.compile(
    r"warning message only|will (?:be )?retr(?:y|ied)|will continue to try|delivery attempts will continue|(?:has been|was|is being) delayed"
    r"|not yet (?:been )?delivered|still (?:being retried|trying)|keep trying|delivery[^\n]{0,40}(?:postponed|deferred)|temporar(?:y|ily) (?:fail|unavail|error)"
    r"|try again later|deferred:|(?:your|this) message (?:is|has been) (?:still )?queued|no action is required|further attempts|connection (?:timed out|refused|reset|lost)|operation timed out|retry time ?out exceeded|no route to host"
    r"|connect to [^\n]{1,200} failed|host name lookup failure|sera retent|wird weiter versucht|повторн\w+ попыт",
    re.I,
)
HARD = re.compile(r"permanent(?:ly)? (?:fatal )?(?:error|fail)|this is a permanent error|given up|giving up|no further (?:delivery )?attempts", re.I)
