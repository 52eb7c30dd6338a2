"""An answer to the question for a rating: the whole text is a grade, or it is an ordinary message."""

from __future__ import annotations

import pytest

from mailbridge.mail_commands.rating_words import rating_in


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("5", 5), ("1", 1), ("4/5", 4), ("3 / 5", 3), ("5!", 5), (" 2 \n", 2),
        ("Rating: 4", 4), ("rating:4", 4), ("Notă: 3", 3), ("Nota: 3", 3), ("Оценка: 1", 1),
        ("Rating: 5\n\nComment: ", 5), ("Rating: 2\n\nComment: it took\nthree weeks", 2), ("5\nComment: quick", 5),
        ("Notă: 4\n\nComentariu: mulțumesc", 4), ("Оценка: 5\n\nКомментарий: спасибо", 5),
        ("👍", 5), ("👍🏽", 5), ("🙂", 4), ("☹️", 2), ("👎", 1), (":)", 4), (":-(", 2), ("⭐⭐⭐", 3), ("★★★★☆", 4),
        ("Very good", 5), ("very good!", 5), ("Good.", 4), ("foarte bine", 5), ("Rău", 2), ("Отлично!", 5), ("очень плохо", 1),
        ("foarte bine, mulțumesc", 5), ("Very good, thank you!", 5), ("Спасибо, отлично!", 5), ("Thanks. Bad", 2),
    ],
)  # fmt: skip
def test_a_grade_is_read(text: str, grade: int) -> None:
    found = rating_in(text)
    assert found is not None
    assert found.grade == grade


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "6", "10", "55", "5 of the 6 printers work", "5 stars, but it broke again", "Rating: 7", "Rating: 5 it broke again",
        "5\n\nIt broke again.", "Good, but slow", "not good", "good\n\nThe tray is stuck", "👍 but it broke", "👍👎", ":) it works", "1 2",
        "Rating: 5\nThe comment: x", "Comment: 5", "still bad", "Rating:", "5€", "-5", "4.5", "5,0", "five",
    ],
)  # fmt: skip
def test_anything_else_is_what_the_customer_wrote(text: str) -> None:
    assert rating_in(text) is None


@pytest.mark.parametrize("text", ["Rating: 5", "Notă: 5\n\nComentariu: ", "Оценка: 5"])
def test_the_form_of_the_link_is_known_as_that(text: str) -> None:
    found = rating_in(text)
    assert found is not None
    assert found.form


def test_a_bare_number_is_no_form() -> None:
    found = rating_in("5")
    assert found is not None
    assert not found.form
