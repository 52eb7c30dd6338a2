"""Markup of mail programs for quotes and signatures in HTML, one row for each kind of element."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class MarkedPart(StrEnum):
    """The type of a marked element."""

    CITED = "cited"  # its lines are quoted, one level deeper than the text around it
    CONTAINER = "container"  # an introduction and the cited lines below it; the whole is a quote if nothing in it is cited
    INTRODUCTION = "introduction"  # it introduces a quote
    BELOW = "below"  # it and all following text is quoted
    HEADERS = "headers"  # as BELOW, if it contains copied headers: the same style has other uses
    FORWARD = "forward"  # it and all following text is a forwarded mail
    SIGNATURE = "signature"


class ClientMarkup(NamedTuple):
    """The elements that the CSS `selector` finds have the type `part`.

    `needle` (lower case) occurs in any HTML with such an element.
    """

    client: str
    needle: str
    selector: str
    part: MarkedPart


BARE_BLOCK_QUOTE = "client:blockquote"  # the reason for a block quote without markup of a known client
# Gmail's quote button makes the same element as its replies, but without the container: the element is part of the new text.
OWN_CITATION = "client:gmail-citation"

HABITS: tuple[ClientMarkup, ...] = (
    # Gmail, and programs that use its class names
    ClientMarkup(
        "gmail", "gmail_quote", "div.gmail_quote, div.gmail_quote_container, div.ecxgmail_quote, div.x_gmail_quote", MarkedPart.CONTAINER
    ),
    ClientMarkup("gmail-citation", "gmail_quote", "blockquote.gmail_quote", MarkedPart.CITED),
    ClientMarkup("gmail", "gmail_attr", "div.gmail_attr", MarkedPart.INTRODUCTION),
    ClientMarkup(
        "gmail", "gmail_signature", ".gmail_signature, .gmail_signature_prefix, [data-smartmail='gmail_signature']", MarkedPart.SIGNATURE
    ),
    # Outlook on the web, on phones, and the new Outlook for Windows
    ClientMarkup("outlook", "divrplyfwdmsg", "#divRplyFwdMsg, #x_divRplyFwdMsg", MarkedPart.BELOW),
    ClientMarkup("outlook", "appendonsend", "#appendonsend", MarkedPart.BELOW),
    ClientMarkup("outlook", "mail-editor-reference-message-container", "#mail-editor-reference-message-container", MarkedPart.BELOW),
    ClientMarkup("outlook", "ms-outlook-mobile-reference-message", ".ms-outlook-mobile-reference-message", MarkedPart.BELOW),
    ClientMarkup(
        "outlook", "ms-outlook-mobile-signature", "#ms-outlook-mobile-signature, .ms-outlook-mobile-signature", MarkedPart.SIGNATURE
    ),
    ClientMarkup("outlook", "signature", "div#Signature, #signature.elementToProof", MarkedPart.SIGNATURE),
    # Outlook for Windows: Word's HTML, with a line above the copied headers; the second form is Outlook on the web's version of it
    ClientMarkup("outlook-word", "border-top", "div[style*='border-top' i]", MarkedPart.HEADERS),
    ClientMarkup("outlook-word", "border-style", "div[style*='border-style: solid none none' i]", MarkedPart.HEADERS),
    ClientMarkup("outlook-mac", "olk_src_body_section", "#OLK_SRC_BODY_SECTION", MarkedPart.BELOW),
    ClientMarkup("outlook-express", "outlookmessageheader", ".OutlookMessageHeader, table.OutlookMessageHeader", MarkedPart.BELOW),
    ClientMarkup("outlook-express", "border-left", "blockquote[style*='BORDER-LEFT' i]", MarkedPart.CITED),
    ClientMarkup("hotmail", "stopspelling", "hr#stopSpelling, #x_stopSpelling, #ecxstopSpelling", MarkedPart.BELOW),
    ClientMarkup("exchange", "_originalmsgbody", "#_OriginalMsgBody", MarkedPart.BELOW),
    # Apple Mail on the Mac and on phones
    ClientMarkup("apple", "cite", "blockquote[type='cite' i]", MarkedPart.CITED),
    ClientMarkup(
        "apple", "applemailsignature", "#AppleMailSignature, .AppleMailSignature, #AppleMailSignature *[dir]", MarkedPart.SIGNATURE
    ),
    ClientMarkup("apple", "lineBreakAtBeginningOfSignature".lower(), "#lineBreakAtBeginningOfSignature", MarkedPart.SIGNATURE),
    # Thunderbird
    ClientMarkup("thunderbird", "moz-cite-prefix", ".moz-cite-prefix", MarkedPart.INTRODUCTION),
    ClientMarkup("thunderbird", "moz-signature", ".moz-signature, pre.moz-signature", MarkedPart.SIGNATURE),
    ClientMarkup("thunderbird", "moz-forward-container", ".moz-forward-container", MarkedPart.FORWARD),
    ClientMarkup("thunderbird", "moz-email-headers-table", ".moz-email-headers-table", MarkedPart.FORWARD),
    # Yahoo, AOL
    ClientMarkup("yahoo", "yahoo_quoted", "[class*='yahoo_quoted'], [id*='yahoo_quoted']", MarkedPart.CONTAINER),
    ClientMarkup("yahoo", "yqt", "div[class*='yqt']", MarkedPart.CONTAINER),
    ClientMarkup("yahoo", "ydp", "div[class*='signature'][class*='ydp']", MarkedPart.SIGNATURE),
    ClientMarkup("aol", "aolmsgpart", "[id^='AOLMsgPart']", MarkedPart.CONTAINER),
    ClientMarkup("aol", "aolreplymsg", "#aolReplyMsg, .aolReplyHeader", MarkedPart.CONTAINER),
    # Proton, Tutanota, Fastmail
    ClientMarkup("proton", "protonmail_quote", ".protonmail_quote", MarkedPart.CONTAINER),
    ClientMarkup("proton", "protonmail_signature_block", ".protonmail_signature_block", MarkedPart.SIGNATURE),
    ClientMarkup("tutanota", "tutanota_quote", ".tutanota_quote", MarkedPart.CITED),
    ClientMarkup("fastmail", "fastmail-quoted", "[class*='fastmail-quoted']", MarkedPart.CITED),
    # Zimbra
    ClientMarkup("zimbra", "zwchr", "hr#zwchr, [data-marker='__DIVIDER__']", MarkedPart.BELOW),
    ClientMarkup("zimbra", "__quoted_text__", "[data-marker='__QUOTED_TEXT__']", MarkedPart.BELOW),
    ClientMarkup("zimbra", "__sig_p", "[data-marker='__SIG_PRE__'], [data-marker='__SIG_POST__']", MarkedPart.SIGNATURE),
    # Phones and other apps
    ClientMarkup("samsung", "composer_signature", "#composer_signature", MarkedPart.SIGNATURE),
    ClientMarkup("samsung", "ms-outlook-mobile-body-separator-line", ".ms-outlook-mobile-body-separator-line", MarkedPart.SIGNATURE),
    ClientMarkup("spark", "messagereplysection", "[name='messageReplySection']", MarkedPart.CONTAINER),
    ClientMarkup("spark", "messagesignaturesection", "[name='messageSignatureSection']", MarkedPart.SIGNATURE),
    ClientMarkup("mailspring", "nylas-quote", ".nylas-quote", MarkedPart.CITED),
    ClientMarkup("mailspring", "gmail_quote_attribution", ".gmail_quote_attribution", MarkedPart.INTRODUCTION),
    ClientMarkup("mailspring", "<signature", "signature", MarkedPart.SIGNATURE),
    ClientMarkup("airmail", "bloop_sign", "[id^='bloop_sign'], [class*='bloop_sign']", MarkedPart.SIGNATURE),
    ClientMarkup("airmail", "airmail_on", ".airmail_on", MarkedPart.INTRODUCTION),
    ClientMarkup("airmail", "clean_bq", "blockquote.clean_bq", MarkedPart.CITED),
    ClientMarkup("bluemail", "replyto_divider", "#replyto_divider", MarkedPart.BELOW),
    ClientMarkup("front", "front-blockquote", ".front-blockquote", MarkedPart.CITED),
    ClientMarkup("front", "front-signature", ".front-signature", MarkedPart.SIGNATURE),
    ClientMarkup("superhuman", "sh-signature", "[class*='sh-signature']", MarkedPart.SIGNATURE),
    ClientMarkup("hey", "trix-content", "details.trix-quote", MarkedPart.CONTAINER),
    # Hosters and national clients
    ClientMarkup("zoho", "zmail_extra", ".zmail_extra", MarkedPart.CONTAINER),
    ClientMarkup("zoho", "zm-_id_-sgn", "[id^='Zm-_Id_-Sgn']", MarkedPart.SIGNATURE),
    ClientMarkup("gmx", "quote", "div[name='quote']", MarkedPart.CONTAINER),
    ClientMarkup("gmx", "quoted-content", "div[name='quoted-content']", MarkedPart.CITED),
    ClientMarkup("qq", "isreplycontent", "includetail, #isReplyContent", MarkedPart.BELOW),
    ClientMarkup("qq", "xm_origin", "[id^='xm_origin']", MarkedPart.BELOW),
    ClientMarkup("netease", "isreplycontent", "#isReplyContent", MarkedPart.BELOW),
    ClientMarkup("mailru", "mail-quote-collapse", ".mail-quote-collapse", MarkedPart.CITED),
    ClientMarkup("roundcube", "reply-intro", "#reply-intro", MarkedPart.INTRODUCTION),
    ClientMarkup("roundcube", "_rc_sig", "#_rc_sig", MarkedPart.SIGNATURE),
    ClientMarkup("horde", "mimepart_quoted", ".mimepart_quoted", MarkedPart.CITED),
    ClientMarkup("lotus-notes", "quotestyle", "[class*='QuoteStyle']", MarkedPart.CITED),
    # Other help desks whose notifications are answered
    ClientMarkup("freescout", "fsreplyabove", "[id*='fsReplyAbove'], [class*='fsReplyAbove']", MarkedPart.BELOW),
    ClientMarkup("help-desk", "reply-above", "[class*='reply-above']", MarkedPart.BELOW),
    ClientMarkup("zammad", "js-signaturemarker", ".js-signatureMarker", MarkedPart.SIGNATURE),
    ClientMarkup("zammad", "data-signature", "[data-signature='true']", MarkedPart.SIGNATURE),
    # Any client: a block quote that is not used for indentation
    ClientMarkup("blockquote", "<blockquote", "blockquote:not([style*='border:none' i]):not([style*='border: none' i])", MarkedPart.CITED),
)
