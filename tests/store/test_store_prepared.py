"""Statements worded once say to SQLite what SQLAlchemy would have said, and complain in the same words."""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from mailbridge.errors import Permanent, Transient
from mailbridge.store import dialects
from mailbridge.store.compiled_sql import MOST_LISTED, Preparer
from mailbridge.store.sql import Sql
from mailbridge.store.types import CleanText, Id, UtcDateTime, moment_of_text, moment_to_text

THINGS = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", CleanText, unique=True),
    sa.Column("at", UtcDateTime),
    sa.Column("open", sa.Boolean),
    sa.Column("content", sa.LargeBinary),
)
NOON = datetime(2026, 3, 2, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
THING = {"name": "été", "at": NOON, "open": True, "content": b"\0\xff"}
OTHER = {"name": "other", "at": None, "open": False, "content": None}


@pytest.fixture
def connection() -> Any:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection, connection.begin():
        THINGS.create(connection)
        yield connection
    engine.dispose()


def said(connection: sa.Connection, act: Any) -> list[str]:
    """What SQLite was told while `act` ran, with the values in their places."""
    heard: list[str] = []
    driver = dialects.driver(connection)
    driver.set_trace_callback(lambda text: heard.append(" ".join(text.split())))
    act()
    driver.set_trace_callback(None)
    return heard


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (THINGS.insert(), THING),
        (THINGS.insert(), [THING, OTHER]),
        (dialects.insert_new(THINGS).sqlite, THING),
        (THINGS.update().where(THINGS.c.name == sa.bindparam("of"), THINGS.c.at < sa.bindparam("t")), {"of": "a", "t": NOON, "open": True}),
        (THINGS.update().where(THINGS.c.id == sa.bindparam("of")).values(open=False, name=sa.bindparam("to")), {"of": 1, "to": "b"}),
        (THINGS.delete().where(THINGS.c.at < sa.bindparam("now")), {"now": NOON}),
        (sa.select(THINGS.c.id).where(THINGS.c.name == sa.bindparam("name")).limit(sa.bindparam("most")), {"name": "a", "most": 3}),
        (sa.select(THINGS).where(THINGS.c.name.in_(sa.bindparam("names", expanding=True)), THINGS.c.id.in_([1, 2])), {"names": ["a", "b"]}),
        (THINGS.update().where(THINGS.c.at.in_(sa.bindparam("times", expanding=True))).values(open=True), {"times": [NOON]}),
        (sa.select(sa.func.count()).select_from(THINGS).where(THINGS.c.open == sa.true(), THINGS.c.name != "x"), {}),
    ],
)  # fmt: skip
def test_the_driver_hears_the_same_the_second_time(connection: sa.Connection, statement: Any, values: Any) -> None:
    sql = Sql(connection)
    heard = []
    for _ in range(3):
        nested = connection.begin_nested()
        heard.append(said(connection, lambda: sql.rows(statement, values) if statement.is_select else sql.change(statement, values)))
        nested.rollback()

    assert heard[0] == heard[1] == heard[2]


def test_what_comes_back_is_the_same_the_second_time(connection: sa.Connection) -> None:
    sql = Sql(connection)
    add = THINGS.insert().returning(THINGS.c.id)
    ids = [sql.value(add, {**THING, "name": str(number)}) for number in range(3)]
    everything = sa.select(THINGS)
    add_many = THINGS.insert().returning(THINGS.c.id, sort_by_parameter_order=True)

    assert ids == [1, 2, 3]
    for first in (4, 6):
        added = sql.rows(add_many, [{**OTHER, "name": str(first)}, {**OTHER, "name": str(first + 1)}])
        assert [row.id for row in added] == [first, first + 1]
    for _ in range(3):
        [first, *_] = sql.rows(everything)
        assert (first.name, first.at, first.open, first.content) == ("0", NOON.astimezone(UTC), True, b"\0\xff")


def test_a_value_that_cannot_be_stored_is_told_in_the_same_words_each_time(connection: sa.Connection) -> None:
    sql, add = Sql(connection), THINGS.insert()
    for wrong in ({"name": "a\0b"}, {"at": datetime(2026, 3, 2)}, {"name": "\ud800"}):
        for _ in range(3):
            with pytest.raises(Permanent, match="a value that the store cannot hold"):
                sql.change(add, {**OTHER, **wrong})


def test_a_row_that_clashes_is_told_in_the_same_words_each_time(connection: sa.Connection) -> None:
    sql, add = Sql(connection), THINGS.insert()
    sql.change(add, OTHER)
    for _ in range(2):
        with pytest.raises(Transient, match="a row that clashes"):
            sql.change(add, OTHER)


def test_a_statement_made_for_one_question_leaves_nothing_behind(connection: sa.Connection) -> None:
    preparer = Preparer()
    for _ in range(3):
        statement = sa.select(THINGS.c.id).where(THINGS.c.name == "a")
        assert preparer.prepared(statement, {}, connection.dialect) is None
        assert preparer.prepared(statement, {}, connection.dialect) is not None
        del statement
    gc.collect()
    assert not preparer._known


def test_lists_of_each_length_find_what_they_name(connection: sa.Connection) -> None:
    sql = Sql(connection)
    sql.change(THINGS.insert(), [{**OTHER, "name": str(number)} for number in range(MOST_LISTED + 2)])
    listed = sa.select(THINGS.c.id, THINGS.c.at).where(THINGS.c.name.in_(sa.bindparam("names", expanding=True))).order_by(THINGS.c.id)
    for _ in range(2):
        for length in (1, 0, 3, MOST_LISTED, MOST_LISTED + 1, 2):
            assert [row.id for row in sql.rows(listed, {"names": [str(n) for n in range(length)]})] == [n + 1 for n in range(length)]


def test_empty_and_long_lists_are_left_to_sqlalchemy(connection: sa.Connection) -> None:
    preparer = Preparer()
    statement = sa.select(THINGS.c.id).where(THINGS.c.id.in_(sa.bindparam("ids", expanding=True)))
    for length, fits in {0: False, 1: True, MOST_LISTED: True, MOST_LISTED + 1: False}.items():
        for _ in range(2):
            found = preparer.prepared(statement, {"ids": [1] * length}, connection.dialect)
        assert (found is not None) is fits


def test_rows_have_names_and_stay_tuples(connection: sa.Connection) -> None:
    sql = Sql(connection)
    sql.change(THINGS.insert(), THING)
    statement = sa.select(THINGS.c.id, THINGS.c.name.label("class"), THINGS.c.at.label("count"))
    for _ in range(3):
        row = sql.row(statement)
        assert (row.id, row[1], row.count) == (1, "été", NOON.astimezone(UTC))
        assert sql.rows(statement) == [row]
    assert sql.row(THINGS.select().where(THINGS.c.id == sa.bindparam("no")), {"no": 9}) is None


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON.replace(microsecond=0),
        NOON.replace(year=1),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
        None,
    ],
)
def test_a_moment_is_the_text_that_sqlalchemy_writes_and_reads(connection: sa.Connection, moment: datetime | None) -> None:
    dialect, type_ = connection.dialect, UtcDateTime()
    bind = type_.dialect_impl(dialect).bind_processor(dialect)
    read = type_.dialect_impl(dialect).result_processor(dialect, None)
    assert bind is not None
    assert read is not None

    text = moment_to_text(moment)

    assert text == bind(moment)
    assert moment_of_text(text) == read(text) == moment
    assert moment_of_text("2026-03-02 12:00:00") == read("2026-03-02 12:00:00")  # without a fraction, as other programs write it
