"""Mails as Gmail and Microsoft 365 deliver them, and forgeries of them: the agent is proven where the source has that profile, else not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.message.profiles import Expected, Profile
from tests.asked import asked
from tests.raw_mails import judged_sender

FOLDER = Path(asked("MAILBRIDGE_CASES") or Path(__file__).resolve().parents[2].parent / "shared" / "cases") / "providers"
GOOGLE = Expected(profile=Profile.GOOGLE)
MICROSOFT = Expected(profile=Profile.MICROSOFT)
TENANT = Expected(profile=Profile.MICROSOFT, tenant=("agents.example",))
PROVEN = {
    "gmail-delivered": {GOOGLE},
    "gmail-forged": set[Expected](),
    "gmail-forged-adjacent": set[Expected](),
    "m365-delivered": {MICROSOFT, TENANT},
    "m365-forged": set[Expected](),
    "m365-same-tenant": {TENANT},
    "m365-same-tenant-forged": set[Expected](),
}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the cases are not in {FOLDER}; name their folder with MAILBRIDGE_CASES")


@pytest.mark.parametrize("name", PROVEN)
def test_the_agent_is_proven_by_the_profile_of_the_source_alone(name: str) -> None:
    raw = (FOLDER / f"{name}.eml").read_bytes()
    found = {expected: judged_sender(raw, expected) for expected in (GOOGLE, MICROSOFT, TENANT)}
    assert {one.address for one in found.values()} == {"bogdan@agents.example"}
    assert {expected for expected, one in found.items() if one.verified} == PROVEN[name]


def test_every_agents_mail_of_the_folder_has_an_expectation() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} - {"exchange-rule-redirected-customer"} == set(PROVEN)
