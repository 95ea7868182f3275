"""Where things lie in a lake."""

import datetime as dt

import msgspec
import pandas as pd
import pytest

from clickkit import SettingsError
from clickkit.lake.layout import (
    Manifest,
    Part,
    as_day,
    day_of,
    days_between,
    encode_manifest,
    partition,
)


def test_partitions_are_zero_padded():
    """Every engine sorts and prunes them alike."""
    assert partition(dt.date(2026, 1, 2)) == "clicks/year=2026/month=01/day=02"
    assert day_of("clicks/year=2026/month=01/day=02/part-00.parquet") == dt.date(2026, 1, 2)
    assert day_of("clicks/readme.parquet") is None
    assert day_of("clicks/year=2026/month=13/day=40/part-00.parquet") is None


def test_a_datetime_means_its_utc_day():
    """pandas hands out timestamps; a time of day must not turn a day into nothing."""
    evening = dt.datetime(2026, 11, 22, 23, tzinfo=dt.timezone(dt.timedelta(hours=-2)))

    assert as_day(evening) == dt.date(2026, 11, 23)
    assert as_day(pd.Timestamp("2026-11-22 05:00")) == dt.date(2026, 11, 22)
    assert type(as_day(pd.Timestamp("2026-11-22"))) is dt.date


def test_both_ends_of_a_range_are_included():
    """Since and until are days that are wanted."""
    assert days_between("2026-02-27", "2026-03-01") == [
        dt.date(2026, 2, 27),
        dt.date(2026, 2, 28),
        dt.date(2026, 3, 1),
    ]


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-1-1", "", None])
def test_what_is_no_day_is_refused(text):
    """The message shows the form."""
    with pytest.raises(SettingsError, match="write it as 2026-11-23"):
        as_day(text)


def test_a_reversed_range_is_refused():
    """An export of nothing by mistake is worse than an error."""
    with pytest.raises(SettingsError, match="choose an earlier since"):
        days_between("2026-11-23", "2026-11-22")


def test_a_manifest_comes_back():
    """What notebooks pin can be read."""
    manifest = Manifest(dt.date(2026, 11, 22), 3, [Part("part-00.parquet", 3, 99, "ab")], {"id": "string"})

    assert msgspec.json.decode(encode_manifest(manifest), type=Manifest) == manifest
