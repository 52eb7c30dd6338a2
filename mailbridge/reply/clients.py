"""How mail programs mark quotes and signatures in their HTML: one row for each habit."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Part(StrEnum):
    """What a marked element is."""

    CITED = "cited"  # its lines are quoted, one level deeper than what surrounds it
    CONTAINER = "container"  # an introduction and the cited lines below it; all of it is quote where nothing in it is cited
    INTRODUCTION = "introduction"  # it introduces a quote
    BELOW = "below"  # it and all that follows is quoted
    HEADERS = "headers"  # as BELOW, if it holds copied headers: the same look serves others too
    FORWARD = "forward"  # it and all that follows is a forwarded mail
    SIGNATURE = "signature"


class Habit(NamedTuple):
    """Elements that `selector` (CSS) finds are a `part`; `needle` stands in any HTML that has such an element, lower case."""

    client: str
    needle: str
    selector: str
    part: Part


BARE_BLOCK_QUOTE = "client:blockquote"  # the reason of a block quote without any client's mark
# Gmail's button for quotes makes the same element that its replies have, but without the container: it is part of what is written.
OWN_CITATION = "client:gmail-citation"

HABITS: tuple[Habit, ...] = (
    # Gmail, and the many that borrowed its names
    Habit("gmail", "gmail_quote", "div.gmail_quote, div.gmail_quote_container, div.ecxgmail_quote, div.x_gmail_quote", Part.CONTAINER),
    Habit("gmail-citation", "gmail_quote", "blockquote.gmail_quote", Part.CITED),
    Habit("gmail", "gmail_attr", "div.gmail_attr", Part.INTRODUCTION),
    Habit("gmail", "gmail_signature", ".gmail_signature, .gmail_signature_prefix, [data-smartmail='gmail_signature']", Part.SIGNATURE),
    # Outlook on the web, on phones and the new one for Windows
    Habit("outlook", "divrplyfwdmsg", "#divRplyFwdMsg, #x_divRplyFwdMsg", Part.BELOW),
    Habit("outlook", "appendonsend", "#appendonsend", Part.BELOW),
    Habit("outlook", "mail-editor-reference-message-container", "#mail-editor-reference-message-container", Part.BELOW),
    Habit("outlook", "ms-outlook-mobile-reference-message", ".ms-outlook-mobile-reference-message", Part.BELOW),
    Habit("outlook", "ms-outlook-mobile-signature", "#ms-outlook-mobile-signature, .ms-outlook-mobile-signature", Part.SIGNATURE),
    Habit("outlook", "signature", "div#Signature, #signature.elementToProof", Part.SIGNATURE),
    # Outlook for Windows: Word's HTML, a line above the copied headers; the second form is the web's rewriting of it
    Habit("outlook-word", "border-top", "div[style*='border-top' i]", Part.HEADERS),
    Habit("outlook-word", "border-style", "div[style*='border-style: solid none none' i]", Part.HEADERS),
    Habit("outlook-mac", "olk_src_body_section", "#OLK_SRC_BODY_SECTION", Part.BELOW),
    Habit("outlook-express", "outlookmessageheader", ".OutlookMessageHeader, table.OutlookMessageHeader", Part.BELOW),
    Habit("outlook-express", "border-left", "blockquote[style*='BORDER-LEFT' i]", Part.CITED),
    Habit("hotmail", "stopspelling", "hr#stopSpelling, #x_stopSpelling, #ecxstopSpelling", Part.BELOW),
    Habit("exchange", "_originalmsgbody", "#_OriginalMsgBody", Part.BELOW),
    # Apple Mail on the Mac and on phones
    Habit("apple", "cite", "blockquote[type='cite' i]", Part.CITED),
    Habit("apple", "applemailsignature", "#AppleMailSignature, .AppleMailSignature, #AppleMailSignature *[dir]", Part.SIGNATURE),
    Habit("apple", "lineBreakAtBeginningOfSignature".lower(), "#lineBreakAtBeginningOfSignature", Part.SIGNATURE),
    # Thunderbird
    Habit("thunderbird", "moz-cite-prefix", ".moz-cite-prefix", Part.INTRODUCTION),
    Habit("thunderbird", "moz-signature", ".moz-signature, pre.moz-signature", Part.SIGNATURE),
    Habit("thunderbird", "moz-forward-container", ".moz-forward-container", Part.FORWARD),
    Habit("thunderbird", "moz-email-headers-table", ".moz-email-headers-table", Part.FORWARD),
    # Yahoo, AOL
    Habit("yahoo", "yahoo_quoted", "[class*='yahoo_quoted'], [id*='yahoo_quoted']", Part.CONTAINER),
    Habit("yahoo", "yqt", "div[class*='yqt']", Part.CONTAINER),
    Habit("yahoo", "ydp", "div[class*='signature'][class*='ydp']", Part.SIGNATURE),
    Habit("aol", "aolmsgpart", "[id^='AOLMsgPart']", Part.CONTAINER),
    Habit("aol", "aolreplymsg", "#aolReplyMsg, .aolReplyHeader", Part.CONTAINER),
    # Proton, Tutanota, Fastmail
    Habit("proton", "protonmail_quote", ".protonmail_quote", Part.CONTAINER),
    Habit("proton", "protonmail_signature_block", ".protonmail_signature_block", Part.SIGNATURE),
    Habit("tutanota", "tutanota_quote", ".tutanota_quote", Part.CITED),
    Habit("fastmail", "fastmail-quoted", "[class*='fastmail-quoted']", Part.CITED),
    # Zimbra
    Habit("zimbra", "zwchr", "hr#zwchr, [data-marker='__DIVIDER__']", Part.BELOW),
    Habit("zimbra", "__quoted_text__", "[data-marker='__QUOTED_TEXT__']", Part.BELOW),
    Habit("zimbra", "__sig_p", "[data-marker='__SIG_PRE__'], [data-marker='__SIG_POST__']", Part.SIGNATURE),
    # Phones and other apps
    Habit("samsung", "composer_signature", "#composer_signature", Part.SIGNATURE),
    Habit("samsung", "ms-outlook-mobile-body-separator-line", ".ms-outlook-mobile-body-separator-line", Part.SIGNATURE),
    Habit("spark", "messagereplysection", "[name='messageReplySection']", Part.CONTAINER),
    Habit("spark", "messagesignaturesection", "[name='messageSignatureSection']", Part.SIGNATURE),
    Habit("mailspring", "nylas-quote", ".nylas-quote", Part.CITED),
    Habit("mailspring", "gmail_quote_attribution", ".gmail_quote_attribution", Part.INTRODUCTION),
    Habit("mailspring", "<signature", "signature", Part.SIGNATURE),
    Habit("airmail", "bloop_sign", "[id^='bloop_sign'], [class*='bloop_sign']", Part.SIGNATURE),
    Habit("airmail", "airmail_on", ".airmail_on", Part.INTRODUCTION),
    Habit("airmail", "clean_bq", "blockquote.clean_bq", Part.CITED),
    Habit("bluemail", "replyto_divider", "#replyto_divider", Part.BELOW),
    Habit("front", "front-blockquote", ".front-blockquote", Part.CITED),
    Habit("front", "front-signature", ".front-signature", Part.SIGNATURE),
    Habit("superhuman", "sh-signature", "[class*='sh-signature']", Part.SIGNATURE),
    Habit("hey", "trix-content", "details.trix-quote", Part.CONTAINER),
    # Hosters and national clients
    Habit("zoho", "zmail_extra", ".zmail_extra", Part.CONTAINER),
    Habit("zoho", "zm-_id_-sgn", "[id^='Zm-_Id_-Sgn']", Part.SIGNATURE),
    Habit("gmx", "quote", "div[name='quote']", Part.CONTAINER),
    Habit("gmx", "quoted-content", "div[name='quoted-content']", Part.CITED),
    Habit("qq", "isreplycontent", "includetail, #isReplyContent", Part.BELOW),
    Habit("qq", "xm_origin", "[id^='xm_origin']", Part.BELOW),
    Habit("netease", "isreplycontent", "#isReplyContent", Part.BELOW),
    Habit("mailru", "mail-quote-collapse", ".mail-quote-collapse", Part.CITED),
    Habit("roundcube", "reply-intro", "#reply-intro", Part.INTRODUCTION),
    Habit("roundcube", "_rc_sig", "#_rc_sig", Part.SIGNATURE),
    Habit("horde", "mimepart_quoted", ".mimepart_quoted", Part.CITED),
    Habit("lotus-notes", "quotestyle", "[class*='QuoteStyle']", Part.CITED),
    # Other help desks, whose notifications are answered
    Habit("freescout", "fsreplyabove", "[id*='fsReplyAbove'], [class*='fsReplyAbove']", Part.BELOW),
    Habit("help-desk", "reply-above", "[class*='reply-above']", Part.BELOW),
    Habit("zammad", "js-signaturemarker", ".js-signatureMarker", Part.SIGNATURE),
    Habit("zammad", "data-signature", "[data-signature='true']", Part.SIGNATURE),
    # Anybody: a block quote that is no indentation
    Habit("blockquote", "<blockquote", "blockquote:not([style*='border:none' i]):not([style*='border: none' i])", Part.CITED),
)
