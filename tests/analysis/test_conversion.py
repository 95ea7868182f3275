"""Conversions are counted once, and their intervals are Wilson's."""

import json

import duckdb
import pyarrow as pa
import pytest

from clickkit.analysis.conversion import conversion
from clickkit.errors import SettingsError


def rows(**columns):
    """Return a relation of columns."""
    return duckdb.connect().from_arrow(pa.table(columns))


@pytest.mark.parametrize(
    ("converted", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_the_literature(converted, total, low, high):
    """Newcombe 1998, table I, method 3."""
    table = rows(paid=[True] * converted + [False] * (total - converted))

    found = conversion(table, converted="paid").fetchall()

    assert found[0][:3] == ("all", total, converted)
    assert found[0][3] == pytest.approx(converted / total)
    assert found[0][4:] == pytest.approx([low, high], abs=5e-5)


def test_a_unit_counts_once_in_its_segment():
    """A session that pays twice converted once; null conditions, units and segments are what is said."""
    table = rows(
        session=["a", "a", "b", "c", None, "a"],
        device=["phone", "phone", "phone", None, "phone", "desk"],
        button=["Pay", "Pay", None, "Pay", "Pay", "Ask"],
    )

    found = conversion(table, converted="button = 'Pay'", by="device", unit="session")

    assert [row[:4] for row in found.fetchall()] == [
        ("desk", 1, 0, 0.0),
        ("phone", 2, 1, 0.5),
        (None, 1, 1, 1.0),
    ]
    assert conversion(table, converted="button = 'Pay'").fetchall()[0][:3] == ("all", 6, 4)


def test_a_condition_stays_one_whole():
    """An `or` in an argument reaches no further than the argument."""
    table = rows(a=[1, 2, 3])

    assert conversion(table, converted="a = 1 or a = 2", by="a = 3 or false").fetchall()[0][:3] == (
        False,
        2,
        2,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"converted": "nothing"}, "nothing"),
        ({"converted": "a = = 1"}, "syntax error"),
        ({"converted": "true", "confidence": 95}, "confidence is 95"),
    ],
)
def test_what_cannot_be_asked_is_said(options, message):
    """With the value, as one kind of error."""
    with pytest.raises(SettingsError, match=message):
        conversion(rows(a=[1]), **options)


def test_online_shoppers_convert_as_published(shared):
    """15.47 % of all, by kind of visitor and by weekend."""
    folder = shared / "web" / "online_shoppers"
    shoppers = duckdb.connect().read_csv(str(folder / "online_shoppers_intention.csv"))
    expected = json.loads((shared / "expected.json").read_text())["online_shoppers"]

    assert conversion(shoppers, converted="Revenue").fetchall()[0][1:4] == (
        expected["rows"],
        expected["revenue_true"],
        pytest.approx(expected["conversion"], abs=5e-8),
    )
    by_visitor = {
        row[0]: row for row in conversion(shoppers, converted="Revenue", by="VisitorType").fetchall()
    }
    assert by_visitor["New_Visitor"][3] == pytest.approx(expected["new_visitor_conv"], abs=5e-7)
    assert by_visitor["New_Visitor"][4:] == pytest.approx([0.229102, 0.270262], abs=5e-7)
    assert by_visitor["Returning_Visitor"][3] == pytest.approx(expected["returning_conv"], abs=5e-7)
    by_weekend = conversion(shoppers, converted="Revenue", by="Weekend").fetchall()
    assert [row[:3] for row in by_weekend] == [(False, 9462, 1409), (True, 2868, 499)]
