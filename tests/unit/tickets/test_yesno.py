"""A yes and a no are read as people write them; whatever else it may be is neither."""

from __future__ import annotations

import pytest

from mailbridge.mail_commands.reply_decision import ReplyDecision, verdict


@pytest.mark.parametrize(
    "text",
    ["yes", "Yes.", "YES!", "\n  Yes please\n", "ok", "Okay, thanks", "da", "Da, vă rog.", "De acord!", "да", "Да.", "Согласна", "*yes*"],
)
def test_a_yes(text: str) -> None:
    found = verdict(text)

    assert found is not None
    assert found.yes


@pytest.mark.parametrize("text", ["no", "No.", "Nu", "нет", "Нет!", "Not approved", "don’t", "nu sunt de acord", "не согласен"])
def test_a_no(text: str) -> None:
    found = verdict(text)

    assert found is not None
    assert not found.yes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("No, the budget is spent", "the budget is spent"),
        ("Yes. They pay for it.\nMara", "They pay for it.\nMara"),
        ("Nu - prea scump", "prea scump"),
        ("Нет: дорого", "дорого"),
        ("yes", ""),
    ],
)
def test_the_rest_is_the_reason(text: str, reason: str) -> None:
    found = verdict(text)

    assert found is not None
    assert found.reason == reason


@pytest.mark.parametrize(
    "text",
    ["", "No problem, go ahead", "Yes, but only after Friday", "Yes if they pay", "Yesterday they called", "Nobody told me",
     "What is this about?", "Дай мне подумать", "Da, dar nu azi", "Да, если клиент заплатит", "I said yes", "danke"],
)  # fmt: skip
def test_anything_else_is_neither(text: str) -> None:
    assert verdict(text) is None


def test_a_verdict_is_a_value() -> None:
    assert verdict("Yes") == ReplyDecision(yes=True)
