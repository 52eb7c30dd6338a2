"""The lines for the desk in mails as mail programs make them: the same words come out of all of them, and no others."""

# ruff: noqa: E501  the mails stand here as programs write them, long lines, wide letters and all
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mailbridge.handling.agents.lines import parse_agent_mail
from mailbridge.mail_commands.model import Author, ParsedMail
from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox.read import read as read_mail

ANA = Author(me="ana", now=datetime(2026, 11, 19, 10, 0, tzinfo=UTC), zone="Europe/Bucharest", prefix="MB")
MARKER = "## Please write your answer above this line ##"
QUOTED = f"{MARKER}\n\nCarol Jones writes:\n\n    It does not print.\n\n#close would end it\n"
QUOTED_HTML = f"<div>{MARKER}</div><p>Carol Jones writes:</p><p>It does not print.</p><p>#close would end it</p>"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A mail as a program writes it, what its lines are, and the text that is left for people."""

    program: str
    plain: str = ""
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    flowed: bool = False
    lines: tuple[str, ...] = ()
    text: str = ""


def quoted(text: str = QUOTED) -> str:
    return "".join(f"> {line}".rstrip() + "\n" for line in text.splitlines())


OUTLOOK_STYLE = (
    "<style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:Calibri} @page WordSection1 {size:612.0pt 792.0pt} --></style>"
)
OUTLOOK_QUOTE = (
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Acme Support '
    "&lt;support@desk.test&gt;<br><b>Sent:</b> Thursday, November 19, 2026 10:00 AM<br><b>To:</b> Ana Pop &lt;ana@desk.test&gt;<br>"
    f"<b>Subject:</b> [MB-1] Printer broken</p></div>{QUOTED_HTML}"
)
OUTLOOK_PLAIN_QUOTE = (
    "________________________________\nFrom: Acme Support <support@desk.test>\nSent: Thursday, November 19, 2026 10:00 AM\n"
    f"To: Ana Pop <ana@desk.test>\nSubject: [MB-1] Printer broken\n\n{QUOTED}"
)


def outlook(*paragraphs: str) -> str:
    """What Outlook on Windows writes: each line a paragraph, an empty one with a no-break space in it."""
    body = "".join(f'<p class="MsoNormal">{text or "<o:p>&nbsp;</o:p>"}</p>' for text in paragraphs)
    return f'<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>{OUTLOOK_STYLE}</head><body lang="EN-GB"><div class="WordSection1">{body}{OUTLOOK_QUOTE}</div></body></html>'


GMAIL_ATTRIBUTION = "On Thu, Nov 19, 2026 at 10:00 AM Acme Support <support@desk.test> wrote:"
GMAIL_QUOTE = (
    '<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Thu, Nov 19, 2026 at 10:00 AM Acme Support &lt;<a '
    'href="mailto:support@desk.test">support@desk.test</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px '
    f'0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">{QUOTED_HTML}</blockquote></div>'
)

CASES = (
    Case(
        program="Outlook on Windows, a paragraph a line and blank lines between",
        plain=f"#take\n\n#priority high\n\n \n\nHello Carol,\n\nplease try again.\n\n{OUTLOOK_PLAIN_QUOTE}",
        html=outlook("#take", "#priority high", "", "Hello Carol,", "", "please try again.", ""),
        lines=("#take", "#priority high"),
        text="Hello Carol,\n\nplease try again.",
    ),
    Case(
        program="Outlook on Windows that made an address a link",
        plain=f"#assign clara@desk.test<mailto:clara@desk.test>\n\n#note\n\nCan you look?\n\n{OUTLOOK_PLAIN_QUOTE}",
        html=outlook('#assign <a href="mailto:clara@desk.test">clara@desk.test</a>', "#note", "", "Can you look?"),
        lines=("#assign clara@desk.test", "#note"),
        text="Can you look?",
    ),
    Case(
        program="Outlook on Windows with its own signature",
        plain=f"#close\n\nDone.\n\nBest regards,\n\nAna Pop\nAcme Ltd\n\n{OUTLOOK_PLAIN_QUOTE}",
        html=outlook("#close", "", "Done.", "", "Best regards,", "", "Ana Pop", "Acme Ltd"),
        lines=("#close",),
    ),
    Case(
        program="Outlook on the web, divs and no-break spaces",
        plain="",
        html='<html><body><div style="font-family: Aptos">#time&nbsp;45m&nbsp;replaced&nbsp;drum</div><div>#tag&nbsp;printer</div>'
        '<div><br></div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" '
        'dir="ltr"><b>From:</b> Acme Support &lt;support@desk.test&gt;<br><b>Sent:</b> Thursday, November 19, 2026 10:00 AM<br><b>To:</b> '
        f"Ana Pop &lt;ana@desk.test&gt;<br><b>Subject:</b> [MB-1] Printer broken</div>{QUOTED_HTML}</body></html>",
        lines=("#time 45m replaced drum", "#tag printer"),
    ),
    Case(
        program="Outlook on the web, with an invisible space before the line",
        plain=f"\u200b#close\n\n{OUTLOOK_PLAIN_QUOTE}",
        html='<html><body><div class="elementToProof">\u200b#close</div><div class="elementToProof"><br></div><div id="appendonsend"></div><hr>'
        f'<div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Acme Support &lt;support@desk.test&gt;<br><b>Sent:</b> Thursday, November 19, 2026 10:00 AM<br><b>To:</b> Ana<br><b>Subject:</b> [MB-1]</div>{QUOTED_HTML}</body></html>',
        lines=("#close",),
    ),
    Case(
        program="Outlook on a phone",
        plain=f"#Take\n#Snooze 3d\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n{OUTLOOK_PLAIN_QUOTE}",
        html='<html><body><div dir="ltr">#Take</div><div dir="ltr">#Snooze 3d</div><div id="ms-outlook-mobile-signature"><div><br></div>Get '
        '<a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><hr><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Acme Support '
        "&lt;support@desk.test&gt;<br><b>Sent:</b> Thursday, November 19, 2026 10:00:00 AM<br><b>To:</b> Ana<br><b>Subject:</b> "
        f"[MB-1] Printer broken</div>{QUOTED_HTML}</body></html>",
        lines=("#Take", "#Snooze 3d"),
    ),
    Case(
        program="Gmail on the web",
        plain=f"#take\n#due friday 15:00\n\nHello Carol, try again.\n\n{GMAIL_ATTRIBUTION}\n\n{quoted()}",
        html='<div dir="ltr"><div>#take</div><div>#due friday 15:00</div><div><br></div><div>Hello Carol, try again.</div></div>' + GMAIL_QUOTE,
        lines=("#take", "#due friday 15:00"),
        text="Hello Carol, try again.",
    ),
    Case(
        program="Gmail on the web, a long line wrapped in the plain part",
        plain="#time 45m yesterday replaced the drum and cleaned the registration sensor of\nthe second printer on line two\n\n"
        f"{GMAIL_ATTRIBUTION}\n\n{quoted()}",
        html='<div dir="ltr">#time 45m yesterday replaced the drum and cleaned the registration sensor of the second printer on line two</div>'
        + GMAIL_QUOTE,
        lines=("#time 45m yesterday replaced the drum and cleaned the registration sensor of the second printer on line two",),
    ),
    Case(
        program="Gmail on the web, in bold",
        plain=f"*#close*\n\nThanks!\n\n{GMAIL_ATTRIBUTION}\n\n{quoted()}",
        html='<div dir="ltr"><b>#close</b><div><br></div><div>Thanks!</div></div>' + GMAIL_QUOTE,
        lines=("#close",),
        text="Thanks!",
    ),
    Case(
        program="Gmail on Android",
        plain=f"#Assign Clara\n\nThu, 19 Nov 2026, 10:00 Acme Support <support@desk.test> wrote:\n\n{quoted()}",
        html='<p dir="ltr">#Assign Clara</p><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Thu, 19 Nov 2026, 10:00 Acme '
        f'Support, &lt;support@desk.test&gt; wrote:<br></div><blockquote class="gmail_quote">{QUOTED_HTML}</blockquote></div>',
        lines=("#Assign Clara",),
    ),
    Case(
        program="Apple Mail on a Mac, curly quotes",
        plain=f"#subject “Printer on line 2 is down”\n\nOn it.\n\n> On 19 Nov 2026, at 10:00, Acme Support <support@desk.test> wrote:\n> \n{quoted()}",
        html='<html><body style="overflow-wrap: break-word;">#subject “Printer on line 2 is down”<div><br></div><div>On it.<br id="lineBreakAtBeginningOfMessage"><div><br>'
        '<blockquote type="cite"><div>On 19 Nov 2026, at 10:00, Acme Support &lt;support@desk.test&gt; wrote:</div><br>'
        f"<div>{QUOTED_HTML}</div></blockquote></div></div></body></html>",
        lines=("#subject “Printer on line 2 is down”",),
        text="On it.",
    ),
    Case(
        program="Apple Mail in Romanian, lines at the end",
        plain=f"Bună ziua, am înlocuit tamburul.\n\n#timp 1h30\n#închide\n\n> Pe 19 nov. 2026, la 10:00, Acme Support <support@desk.test> a scris:\n>\n{quoted()}",
        lines=("#timp 1h30", "#închide"),
        text="Bună ziua, am înlocuit tamburul.",
    ),
    Case(
        program="iPhone, sent from below",
        plain=f"#close\n\nSent from my iPhone\n\n> On 19 Nov 2026, at 10:00, Acme Support <support@desk.test> wrote:\n>\n{quoted()}",
        html='<html><body dir="auto">#close<br><br><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">On 19 Nov 2026, '
        f'at 10:00, Acme Support &lt;support@desk.test&gt; wrote:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">{QUOTED_HTML}</div></blockquote></body></html>',
        lines=("#close",),
    ),
    Case(
        program="iPhone, from the link in our mail with words added",
        plain=f"#take\nI am on my way — ten minutes.\n\nTrimis de pe iPhone-ul meu\n\n> On 19 Nov 2026, at 10:00, Acme Support <support@desk.test> wrote:\n>\n{quoted()}",
        lines=("#take",),
        text="I am on my way — ten minutes.",
    ),
    Case(
        program="iPad, a blank after the number sign, a dash instead of minus",
        plain="# Take\n#Tag printer —old\n\nSent from my iPad\n",
        lines=("# Take", "#Tag printer —old"),
    ),
    Case(
        program="Thunderbird, flowed",
        plain="#status waiting\n#due 3 dec\n\nHello Carol, please send me the number that stands on the back of \nthe printer.\n\n"
        f"On 19/11/2026 10:00, Acme Support wrote:\n{quoted()}",
        headers={"User-Agent": "Mozilla Thunderbird"},
        flowed=True,
        lines=("#status waiting", "#due 3 dec"),
    ),
    Case(
        program="Thunderbird, HTML, signature with dashes",
        plain=f"#note\n#cc dan@acme.example\n\nHe is on holiday.\n\n-- \nAna Pop\n#1 in support\n\nOn 19/11/2026 10:00, Acme Support wrote:\n{quoted()}",
        html='<html><body><p>#note<br>#cc <a class="moz-txt-link-abbreviated" href="mailto:dan@acme.example">dan@acme.example</a></p><p>He is on holiday.</p>'
        '<div class="moz-signature">-- <br>Ana Pop<br>#1 in support</div><div class="moz-cite-prefix">On 19/11/2026 10:00, Acme Support wrote:<br></div>'
        f'<blockquote type="cite" cite="mid:x">{QUOTED_HTML}</blockquote></body></html>',
        lines=("#note", "#cc dan@acme.example"),
        text="He is on holiday.",
    ),
    Case(
        program="Samsung Email",
        plain=f"#Close\n\n\nSent from my Galaxy\n\n-------- Original message --------\nFrom: Acme Support <support@desk.test>\nDate: 19/11/2026 10:00 (GMT+02:00)\nTo: ana@desk.test\nSubject: [MB-1] Printer broken\n\n{QUOTED}",
        html='<html><body><div dir="auto">#Close</div><div dir="auto"><br></div><div id="composer_signature" dir="auto"><div>Sent from my Galaxy</div></div>'
        '<div><br></div><div align="left" dir="auto" style="font-size:100%;color:#000000"><div>-------- Original message --------</div><div>From: Acme '
        "Support &lt;support@desk.test&gt; </div><div>Date: 19/11/2026  10:00  (GMT+02:00) </div><div>To: ana@desk.test </div><div>Subject: [MB-1] "
        f"Printer broken </div><div><br></div></div>{QUOTED_HTML}</body></html>",
        lines=("#Close",),
    ),
    Case(
        program="a program that marks links with numbers",
        plain="#team https://network/ [1]\n#assign clara[2]\n\nLinks:\n------\n[1] https://network/\n",
        lines=("#team https://network/ [1]", "#assign clara[2]"),
    ),
    Case(
        program="a keyboard with wide letters",
        plain="＃close\n",
        lines=("#close",),
    ),
    Case(
        program="Russian webmail",
        plain=f"#беру\n#срок пятница 15:00\n\nДобрый день, попробуйте ещё раз.\n\n19.11.2026, 10:00, \"Acme Support\" <support@desk.test>:\n{quoted()}",
        lines=("#беру", "#срок пятница 15:00"),
        text="Добрый день, попробуйте ещё раз.",
    ),
    Case(
        program="somebody who puts the answer below the quote",
        plain=f"On 19/11/2026 10:00, Acme Support wrote:\n{quoted()}\nHello Carol.\n\n#close\n",
        lines=("#close",),
        text="Hello Carol.",
    ),
    Case(
        program="a number sign in the text is text",
        plain="Hello Carol,\n\nplease look at point\n#3 of the list and then\n#close the lid\nfirmly.\n",
        lines=(),
    ),
    Case(
        program="lines in the quote and in the signature only",
        plain=f"Thanks.\n\n-- \nAna\n#close\n\nOn 19/11/2026 10:00, Acme Support wrote:\n{quoted()}",
        lines=(),
        text="Thanks.",
    ),
)  # fmt: skip


def as_mail(case: Case) -> bytes:
    mail = EmailMessage(policy=SMTP.clone(max_line_length=990))
    fields = {"From": "Ana Pop <ana@desk.test>", "To": "support@desk.test", "Subject": "Re: [MB-1] Printer broken", "Message-ID": "<1@desk.test>"}
    for name, value in (fields | case.headers).items():
        mail[name] = value
    if case.plain:
        mail.set_content(case.plain, cte="8bit" if not case.plain.isascii() else None)
        if case.flowed:
            mail.set_param("format", "flowed")
        if case.html:
            mail.add_alternative(case.html, subtype="html")
    else:
        mail.set_content(case.html, subtype="html")
    return mail.as_bytes()


def written(case: Case) -> ParsedMail:
    policy = ReadingPolicy(own_addresses=("support@desk.test",), reply_markers=(MARKER,))
    return parse_agent_mail(read_mail(as_mail(case), policy), ANA)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.program)
def test_lines_are_those_that_the_agent_wrote(case: Case) -> None:
    found = written(case)
    assert tuple(line.text for line in found.lines) == case.lines
    assert [line.text for line in found.lines if line.problem] == []


@pytest.mark.parametrize(
    ("plain", "html"),
    [
        ("#erase\n\nHello Carol.\n", "<p>Hello Carol.</p>"),
        ("#erase\n\nHello Carol.\n", "<p>Hello Carol.</p><p>#erase nothing</p>"),
        ("#erase\n", "<img src='cid:logo'>"),
        ("            #erase\n", "<p>Hello.</p>"),
    ],
)
def test_line_that_one_body_does_not_show_is_not_done_and_told(plain: str, html: str) -> None:
    (line,) = written(Case(program="a program with a mind of its own", plain=plain, html=html)).lines
    assert (line.text, line.commands, line.problem) == ("#erase", (), "hidden")


def test_line_that_only_the_html_body_shows_is_never_done() -> None:
    found = written(Case(program="another", plain="Hello Carol.\n", html="<p>#erase</p><p>Hello Carol.</p>"))
    assert [line.commands for line in found.lines if line.commands] == []


@pytest.mark.parametrize("case", [case for case in CASES if case.text], ids=lambda case: case.program)
def test_text_for_people_is_what_is_left(case: Case) -> None:
    assert written(case).text == case.text
