"""What programs write by themselves to a mail of the desk: a server that could not deliver it, a calendar that answers its invitation."""

from __future__ import annotations

import re
from email import message_from_string
from email.header import Header
from email.message import EmailMessage, Message
from email.policy import default

_KEPT = ("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER")


def bounce(mail: EmailMessage, letter: Message) -> None:
    """The mail is a delivery report (RFC 3464) that returns the head of `letter`: there is no such recipient."""
    recipient = str(letter["To"]).rpartition("<")[2].strip("> ")
    domain = recipient.rpartition("@")[2]
    mail.replace_header("From", f"Mail Delivery System <MAILER-DAEMON@mx.{domain}>")
    mail.replace_header("Subject", "Undelivered Mail Returned to Sender")
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(f"Your message could not be delivered to {recipient}.\n")
    mail.make_mixed()
    mail.set_type("multipart/report")
    mail.set_param("report-type", "delivery-status")
    status = f"Reporting-MTA: dns; mx.{domain}\n\nFinal-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n"
    status += "Diagnostic-Code: smtp; 550 5.1.1 no such user\n"
    fields = ("From", "To", "Subject", "Date", "Message-ID", "X-Mailbridge-Loop")
    head = "".join(f"{name}: {_in_ascii(str(letter[name]))}\n" for name in fields)
    mail.attach(_part("message/delivery-status", status))
    mail.attach(_part("text/rfc822-headers", head))


def calendar_answer(mail: EmailMessage, letter: Message, *, said: str, by: str) -> None:
    """The mail answers the invitation in `letter`: `said` is accepted, declined or tentative (RFC 5546, 3.2.3)."""
    invited = next(part.get_payload(decode=True) for part in letter.walk() if part.get_content_type() == "text/calendar")
    event = re.sub(r"\r?\n[ \t]", "", invited.decode() if isinstance(invited, bytes) else "")
    kept = [line for line in event.splitlines() if line.startswith(_KEPT)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//stories//EN", "METHOD:REPLY", "BEGIN:VEVENT", *kept]
    lines += [f"ATTENDEE;PARTSTAT={said.upper()}:mailto:{by}", "END:VEVENT", "END:VCALENDAR", ""]
    mail.add_alternative("\r\n".join(lines), subtype="calendar", params={"method": "REPLY"})


def _in_ascii(value: str) -> str:
    return value if value.isascii() else Header(value, "utf-8", maxlinelen=900).encode()


def _part(kind: str, text: str) -> EmailMessage:
    return message_from_string(f"Content-Type: {kind}\n\n{text}", _class=EmailMessage, policy=default)
