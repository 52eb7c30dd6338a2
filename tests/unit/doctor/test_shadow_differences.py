"""Where two help desks group the same mails in different ways."""

from __future__ import annotations

from mailbridge.doctor.shadow import NumberedMail, differences
from mailbridge.store.shadow import ShadowMail


def mail(id: int, ticket: int, number: str) -> NumberedMail:
    found = ShadowMail(
        id=id, outcome="ticket", handler="new_ticket", reason="", ticket=ticket, message_id=f"{id}@x", sender="a@x", believed=True,
        sent=False, subject=f"[#{number}]", not_acknowledged="",
    )  # fmt: skip
    return NumberedMail(mail=found, number=number)


def grouped(*mails: NumberedMail) -> list[tuple[str, int | None, list[int]]]:
    return [(one.number, one.ticket, [each.mail.id for each in one.mails]) for one in differences(mails)]


def test_the_same_groups_are_no_difference() -> None:
    assert grouped(mail(1, 1, "10"), mail(2, 1, "10"), mail(3, 2, "11")) == []


def test_what_the_other_desk_joined_and_we_split_names_the_mails() -> None:
    assert grouped(mail(1, 1, "10"), mail(2, 2, "10"), mail(3, 3, "11")) == [("10", None, [1, 2])]


def test_what_the_other_desk_split_and_we_joined_names_the_mails() -> None:
    assert grouped(mail(1, 1, "10"), mail(2, 1, "11"), mail(3, 1, "11")) == [("", 1, [1, 2, 3])]


def test_differences_come_in_the_order_of_the_first_mail() -> None:
    assert grouped(mail(1, 5, "8"), mail(2, 5, "9"), mail(3, 6, "7"), mail(4, 7, "7")) == [("", 5, [1, 2]), ("7", None, [3, 4])]
