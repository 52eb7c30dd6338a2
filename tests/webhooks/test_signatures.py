"""The signature is that of Standard Webhooks 1.0, so that anybody's library can verify it."""

from __future__ import annotations

from datetime import UTC, datetime

from mailbridge.delivery.webhooks.sign import headers, secret_bytes, signature

# The example that libraries of Standard Webhooks are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = "msg_p5jXN8AQM9LWM0D4loKWxJek"
MOMENT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'


def test_the_published_example_comes_out_to_the_letter() -> None:
    assert signature(SECRET, KEY, MOMENT, BODY) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_moment_key_and_body_are_all_part_of_it() -> None:
    usual = signature(SECRET, KEY, MOMENT, BODY)

    others = {
        signature(SECRET, KEY, MOMENT.replace(second=11), BODY),
        signature(SECRET, "msg_other", MOMENT, BODY),
        signature(SECRET, KEY, MOMENT, BODY + b" "),
        signature("whsec_b3RoZXI=", KEY, MOMENT, BODY),
    }

    assert len(others) == 4
    assert usual not in others


def test_a_secret_that_is_no_base64_is_taken_as_it_is() -> None:
    assert secret_bytes("correct horse") == b"correct horse"
    assert secret_bytes("whsec_not base64!") == b"whsec_not base64!"


def test_the_header_says_what_the_signature_covers() -> None:
    assert headers(SECRET, KEY, MOMENT, BODY) == {
        "Content-Type": "application/json",
        "webhook-id": KEY,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
