"""Two bodies of one mail that do not agree: the surer one is filed, and why stands with the mail."""

from __future__ import annotations

from pathlib import Path

from tests.harness import a_desk
from tests.raw_mails import a_part, multipart

HTML = (
    '<div>The left one.</div><div class="gmail_quote"><div class="gmail_attr">Kwa 5/4, Desk:</div>'
    '<blockquote class="gmail_quote">Which door?</blockquote></div>'
)


def test_the_body_that_decided_is_told_with_the_mail(tmp_path: Path) -> None:
    plain = "The left one.\r\n\r\nKwa 5/4, Desk\r\n\r\nWhich door?\r\n"
    raw = b"In-Reply-To: <1@desk.test>\r\n" + multipart("alternative", a_part(plain), a_part(HTML, "text/html; charset=utf-8"))

    with a_desk(tmp_path) as desk:
        desk.feed(raw)
        with desk.app.store.read() as tx:
            mail, told = tx.mails.get(1), tx.mails.explanation(1)

    assert mail is not None
    assert mail.fresh == "The left one."
    assert "Which door?" in mail.text
    assert told["reply_choice"] == "html is surer: client:gmail 0.97, plain: nothing cut"
