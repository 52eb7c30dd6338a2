"""Answers with a quote, a signature or a forward in odd shapes, and the words of each that were written now."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    name: str
    text: str
    fresh: str
    subject: str


ANSWERS = (
    Answer(
        "raw hdr",
        (
            "Return-Path: <jane@roe.test>\nReceived: from mx.roe.test by x; Mon, 5 Mar 2018 10:15:00 +0000\nMessage-ID: "
            "<a@roe.test>\nFrom: Jane <jane@roe.test>\nTo: bob@roe.test\nSubject: Door\nDate: Mon, 5 Mar 2018 10:15:00 +0000\n\nIt "
            "is stuck.\n"
        ),
        "It is stuck.",
        "Door",
    ),
    Answer(
        "raw hdr2",
        "From: Jane <jane@roe.test>\nDate: Mon, 5 Mar 2018 10:15:00 +0000\nTo: bob@roe.test\nSubject: Door\n\nIt is stuck.\n",
        "It is stuck.",
        "Door help",
    ),
    Answer(
        "raw hdr3",
        (
            "Od: Jan <jan@roe.test>\nWysłano: środa, 1 marca 2023 12:00\nTemat: Drzwi\n\nNie działa.\n\nDnia 28 lutego 2023 14:00 "
            "Anna <anna@roe.test> napisał(a):\n> Czy działa?\n"
        ),
        "Nie działa.",
        "Help",
    ),
    Answer(
        "sig name quote",
        "Yes.\n\nBob Smith\nStores\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n> q\n",
        "Yes.\n\nBob Smith\nStores",
        "Re: x",
    ),
    Answer(
        "quote then quote",
        "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n> q\n\n> > older\n> more\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "quote blank broken",
        "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n\n> one\n\n> two\n\n> three\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "quote link broken",
        (
            "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n\n> see (http://roe.test/very/long\n"
            "/link/that?is=broken)\n> ok\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "quote link broken2",
        (
            "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n\n> see <http://roe.test/very/long>\n"
            "<http://roe.test/very/long/more>\n> ok\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "quote wrapped",
        (
            "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n\n> This is a long line of the quoted text "
            "that some client has broken off\nhere without a mark\n> ok\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "two attr",
        (
            "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n\nHi\n\nAm 04.03.2018 um 09:00 schrieb Bob "
            "<bob@roe.test>:\n\nq2\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "forward",
        (
            "Please see.\n\n---------- Forwarded message ----------\nFrom: Jane <jane@roe.test>\nDate: Mon, Mar 5, 2018 at 10:15 "
            "AM\nSubject: Door\nTo: bob@roe.test\n\n\nIt is stuck.\n"
        ),
        "Please see.",
        "Fwd: Door",
    ),
    Answer(
        "forward quoted",
        (
            "FYI\n\nBegin forwarded message:\n\n> From: Jane <jane@roe.test>\n> Subject: Door\n> Date: March 5, 2018 at 10:15:00 "
            "AM GMT+1\n> To: bob@roe.test\n> \n> It is stuck.\n"
        ),
        "FYI",
        "Fwd: Door",
    ),
    Answer(
        "forward mark quoted",
        "FYI\n\n> Begin forwarded message:\n> \n> From: Jane <jane@roe.test>\n> Subject: Door\n> \n> It is stuck.\n",
        "FYI",
        "Fwd: Door",
    ),
    Answer(
        "bottom after sig quote",
        "> q1\n> q2\n\nYes, it does.\n\n-- \nBob\n",
        "Yes, it does.",
        "Re: x",
    ),
    Answer(
        "inline",
        "On Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n> Is the door open?\nYes.\n> And the window?\nNo.\n",
        "> Is the door open?\nYes.\n> And the window?\nNo.",
        "Re: x",
    ),
    Answer(
        "inline2",
        (
            "Hi,\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n> Is the door open?\n\nYes.\n\n> And the "
            "window?\n\nNo.\n\nBob\n"
        ),
        "Hi,\n\n> Is the door open?\n\nYes.\n\n> And the window?\n\nNo.\n\nBob",
        "Re: x",
    ),
    Answer(
        "emoji",
        "👍\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n> q\n",
        "👍",
        "Re: x",
    ),
    Answer(
        "emoji2",
        ":+1:\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test>wrote:\n> q\n",
        ":+1:",
        "Re: x",
    ),
    Answer(
        "crlf",
        "Yes.\r\n\r\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\r\n\r\n> q\r\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "nbsp",
        "Yes.\n\nOn\xa0Mon,\xa0Mar\xa05,\xa02018\xa0at\xa010:15\u202fAM Jane Roe <jane@roe.test> wrote:\n\n> q\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "trailing sp",
        "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:   \n\n> q\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "indent attr",
        "Yes.\n\n    On Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n\n    q\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "tab quote",
        "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n\t> q\n\t> q\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "quoted attr star",
        "Yes.\n\n*On Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:*\n\n> q\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "html entities",
        "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe &lt;jane@roe.test&gt; wrote:\n\n&gt; q\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "jane via",
        (
            "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM Jane via Roe Support <\nsupport+abc123456789012345678901234567890@roe.test> "
            "wrote:\n\n> q\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "long addr 4 lines",
        (
            "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe\n<\nsupport+abc123456789012345678901234567890@roe.test\n> wrote:\n\n"
            "> q\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "cc attr",
        "Yes.\n\nOn Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test>, Bob <b@roe.test> wrote:\n\n> q\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "url attr",
        "Yes.\n\nOn Mar 5, 2018, at 10:15 AM, Jane Roe (http://roe.test/jane) wrote:\n\n> q\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "notif",
        (
            "Yes.\n\nOn 5 March 2018 at 10:15, Desk (Roe) <desk@roe.test> wrote:\n\n> ##- Please type your reply above this line "
            "-##\n> q\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "no space",
        'Yes.\nOn Mar 5, 2018 10:15 AM, "Jane Roe" <jane@roe.test> wrote:\nq\n',
        "Yes.",
        "Re: x",
    ),
    Answer(
        "reply line header",
        (
            "Yes.\n\n________________________________\nVon: Jane Roe <jane@roe.test>\nGesendet: Montag, 5. März 2018 10:15:33\nAn: "
            "Bob\nBetreff: AW: Tor\n\nq\n"
        ),
        "Yes.",
        "AW: Tor",
    ),
    Answer(
        "header no blank",
        "Yes.\nFrom: Jane Roe <jane@roe.test>\nSent: Monday, March 5, 2018 10:15 AM\nTo: Bob\nSubject: RE: Door\nq\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "quoted headers",
        (
            "Yes.\n\n> From: Jane Roe <jane@roe.test>\n> Sent: Monday, March 5, 2018 10:15 AM\n> To: Bob\n> Subject: RE: Door\n>\n"
            "> q\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "mail with addr lines",
        (
            "Yes.\n\nFrom: Jane Roe\n<jane@roe.test<mailto:jane@roe.test>>\nDate: Monday, March 5, 2018 at 10:15 AM\nTo: Bob "
            "<bob@roe.test<mailto:bob@roe.test>>\nCc: A <a@roe.test>, B\n<b@roe.test>, C <c@roe.test>\nSubject: RE: Door\n\nq\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "disclaimer",
        (
            "Yes.\n\nThis e-mail and any attachments are confidential and may be privileged. If you are not the intended "
            "recipient, please notify the sender.\n"
        ),
        "Yes.",
        "Re: x",
    ),
    Answer(
        "disclaimer de",
        (
            "Ja.\n\nDiese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, informieren Sie "
            "bitte sofort den Absender und vernichten Sie diese Mail.\n"
        ),
        "Ja.",
        "Re: x",
    ),
    Answer(
        "disclaimer fr",
        (
            "Oui.\n\nCe message et ses pièces jointes peuvent contenir des informations confidentielles ou privilégiées et ne "
            "doivent donc pas être diffusés sans autorisation.\n"
        ),
        "Oui.",
        "Re: x",
    ),
    Answer(
        "disclaimer es",
        (
            "Sí.\n\nEste mensaje y sus adjuntos se dirigen exclusivamente a su destinatario y pueden contener información "
            "confidencial. Si no es usted el destinatario, avise al remitente.\n"
        ),
        "Sí.",
        "Re: x",
    ),
    Answer(
        "disclaimer it",
        (
            "Sì.\n\nLe informazioni contenute in questo messaggio sono riservate e destinate esclusivamente al destinatario. Se "
            "avete ricevuto questo messaggio per errore, vi preghiamo di avvisarci.\n"
        ),
        "Sì.",
        "Re: x",
    ),
    Answer(
        "disclaimer nl",
        (
            "Ja.\n\nDit bericht kan vertrouwelijke informatie bevatten. Indien u niet de beoogde ontvanger bent, verzoeken wij u "
            "de afzender te informeren.\n"
        ),
        "Ja.",
        "Re: x",
    ),
    Answer(
        "disclaimer pl",
        (
            "Tak.\n\nTa wiadomość zawiera informacje poufne przeznaczone wyłącznie dla adresata. Jeśli nie jest Pan adresatem, "
            "prosimy o usunięcie wiadomości.\n"
        ),
        "Tak.",
        "Re: x",
    ),
    Answer(
        "env",
        "Yes.\n\nPlease consider the environment before printing this e-mail.\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "virus",
        "Yes.\n\n---\nThis email has been checked for viruses by Avast antivirus software.\nhttps://www.avast.com/antivirus\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "virus2",
        "Yes.\n\n<https://www.avast.com/sig-email>\nVirus-free.\nwww.avast.com\n",
        "Yes.",
        "Re: x",
    ),
    Answer(
        "card",
        (
            "Yes, please.\n\nBest regards,\n\nJane Roe\nHead of Doors | Roe Ltd\nMain Street 5, 12345 Town\nT +49 30 1234567 | M "
            "+49 170 1234567\njane@roe.test | www.roe.test\n"
        ),
        "Yes, please.",
        "Re: x",
    ),
    Answer(
        "card2",
        (
            "Yes, please.\n\nBest regards\nJane\n\n[cid:image001.png@01D3B4]\n\nJane Roe\nwww.roe.test\n\nRoe GmbH, "
            "Registergericht Berlin HRB 1234\n"
        ),
        "Yes, please.",
        "Re: x",
    ),
    Answer(
        "sig dash after",
        "Yes.\nBob\n\n--\nBob Smith\nTel 1\n",
        "Yes.\nBob",
        "Re: x",
    ),
    Answer(
        "ps",
        "Yes.\n\nRegards,\nBob\n\nP.S. The window too.\n",
        "Yes.\n\nP.S. The window too.",
        "Re: x",
    ),
    Answer(
        "you wrote",
        "All good.\n\nOn Mar 5, 2018 you wrote:\n\nThe door is open.\n",
        "All good.",
        "Re: x",
    ),
    Answer(
        "name written small",
        "Va bene.\n\nIl 20/03/2014 test user ha scritto:\n\nBuongiorno\n",
        "Va bene.",
        "Re: x",
    ),
    Answer(
        "groupwise",
        "Done\n\n>>> Jane Roe <jane@roe.test> 3/5/2018 10:15 AM >>>\nHello\n",
        "Done",
        "Re: x",
    ),
    Answer(
        "news",
        "Done\n\nIn article <abc@roe.test>,\n Jane Roe <jane@roe.test> wrote:\n\n> Hello\n",
        "Done",
        "Re: x",
    ),
    Answer(
        "zoho without a colon",
        "Fertig\n\n---- Am Mo, 05 März 2018 10:15:00 +0100 jane@roe.test schrieb ----\n\nHallo\n",
        "Fertig",
        "Re: x",
    ),
    Answer(
        "one line",
        "Thanks On Mon, Mar 5, 2018 at 10:15 AM, jane@roe.test wrote:\n> Hi\n",
        "Thanks",
        "Re: x",
    ),
    Answer(
        "one line in German",
        "Danke Am 05.03.2018 um 10:15 schrieb Jane Roe <jane@roe.test>:\n> Hi\n",
        "Danke",
        "Re: x",
    ),
    Answer(
        "introduction of an unmarked answer",
        "On Mon, Mar 5, 2018 at 10:15 AM, Jane Roe <jane@roe.test> wrote:\n\nYes, it is.\nAnd the window too.\n",
        "Yes, it is.\nAnd the window too.",
        "Re: x",
    ),
)
