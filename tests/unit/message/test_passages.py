"""The way of a mail by its Received fields: in the order of the way, tolerant of what servers really write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailbridge.message.headers import mail_fields
from mailbridge.message.passages import MOST, Passage, passages


def read(*fields: str) -> tuple[Passage, ...]:
    return passages(mail_fields("".join(f"Received: {field}\r\n" for field in fields).encode() + b"Subject: x\r\n\r\n"))


AT = datetime(2026, 11, 23, 9, 0, 7, tzinfo=UTC)
POSTFIX = (
    "from a.test (a.test [192.0.2.1])\r\n\tby mx.test (Postfix) with ESMTPS id 4X\r\n\tfor <s@x.test>;"
    " Mon, 23 Nov 2026 10:00:07 +0100 (CET)"
)
OUTLOOK = (
    "from AM0PR01.prod.outlook.com (2603:10a6::1) by DB9PR01.prod.outlook.com\r\n (2603:10a6::2) with Microsoft SMTP Server"
    " (version=TLS1_2) id 15.20.1; Mon, 23 Nov\r\n 2026 09:00:07 +0000"
)


@pytest.mark.parametrize(
    ("field", "host", "moment"),
    [
        (POSTFIX, "mx.test", AT),
        (OUTLOOK, "db9pr01.prod.outlook.com", AT),
        ("by 2002:a05:6a10:8 with SMTP id q8csp; Mon, 23 Nov 2026 01:00:07 -0800 (PST)", "2002:a05:6a10:8", AT),
        ("(qmail 1234 invoked by uid 89); 23 Nov 2026 09:00:07 -0000", "uid", AT),
        ("from a.test by mx.test; no date at all", "mx.test", None),
        ("from a.test by mx.test with ESMTP", "mx.test", None),
        ("\xff\xfe ;;; by", "", None),
        ("", "", None),
    ],
)
def test_what_servers_write(field: str, host: str, moment: datetime | None) -> None:
    (found,) = read(field)

    assert (found.at, found.host) == (moment, host)


def test_the_lowest_field_is_the_first_server_and_an_endless_way_is_cut_at_the_far_end() -> None:
    fields = [f"from x.test by mx{number}.test; Mon, 23 Nov 2026 09:00:00 +0000" for number in range(MOST + 10)]

    assert [one.host for one in read(*fields[:3])] == ["mx2.test", "mx1.test", "mx0.test"]
    assert [one.host for one in read(*fields)][-1] == "mx0.test"
    assert len(read(*fields)) == MOST
