"""Answers of the SMTP and LMTP listeners, and their enhanced status codes (RFC 2034)."""

from __future__ import annotations

TRY_LATER = "451 4.3.0 Temporary local problem, try again later"
CLOSING = "421 4.3.2 Shutting down, try again later"
TOO_LONG = "421 4.4.2 Waited too long"
TOO_MANY = "421 4.7.0 Too many connections, try again later"
TOO_OFTEN = "421 4.7.0 Too many failures"

# RFC 2034 3: a code for each answer that aiosmtpd gives without one.
ENHANCED = {
    "214": "2.0.0",
    "220": "2.0.0",
    "221": "2.0.0",
    "250": "2.0.0",
    "252": "2.0.0",
    "421": "4.3.2",
    "451": "4.3.0",
    "454": "4.7.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "504": "5.5.4",
    "530": "5.7.0",
    "552": "5.3.4",
    "553": "5.1.3",
    "554": "5.5.0",
    "555": "5.5.4",
}


def with_code(answer: str) -> str:
    """`250 OK` is `250 2.0.0 OK`; an answer with a code of its own, a multi-line one and 354 stay as they are."""
    code, text = answer[:3], answer[4:]
    enhanced = ENHANCED.get(code)
    if enhanced is None or "\r\n" in answer or text[:2] == f"{code[0]}.":
        return answer
    return f"{code} {enhanced} {text}"
