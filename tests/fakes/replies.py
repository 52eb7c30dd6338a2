"""A customer's answers to our mails, as mail programs write them."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import default

QUOTE = """On Mon, 23 Nov 2026 at 10:00, Acme Support <support@desk.test> wrote:
> ## Please write your answer above this line ##
>
> Hello Carol Jones,
>
> We look at it.
"""


def a_reply(
    to: str,
    text: str,
    *,
    subject: str = "Re: Printer broken [MB-1]",
    quote: str = QUOTE,
    files: Mapping[str, bytes] | None = None,
    message_id: str = "<reply@customer.test>",
) -> bytes:
    """Carol's answer to that address, with our mail quoted below and these files; text/html for a name that ends so, else text/plain."""
    mail = EmailMessage(policy=default.clone(linesep="\r\n"))
    mail["From"], mail["To"], mail["Subject"] = "Carol Jones <carol@customer.test>", to, subject
    mail["Date"], mail["Message-ID"] = "Mon, 23 Nov 2026 10:05:00 +0000", message_id
    mail.set_content(f"{text}\n\n{quote}".lstrip("\n"))
    for name, content in (files or {}).items():
        mail.add_attachment(content, "text", "html" if name.endswith("html") else "plain", filename=name)
    return mail.as_bytes()
