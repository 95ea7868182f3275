"""Tables of one row a user become outcomes, and say what is wrong with them."""

import datetime as dt
import zipfile

import duckdb
import pytest

from clickkit import SettingsError
from clickkit.analysis import comparisons, experiment_tables, splits

PAGES = {"control": "old", "treatment": "new"}
COLUMNS = {"visitor": "user_id", "variant": '"group"'}


@pytest.fixture
def users():
    """Return a table with one of each problem."""
    with duckdb.connect() as connection:
        yield connection.sql(
            """
            select user_id, "group", page, day, revenue
            from (
                values
                    (1, 'control', 'old', date '2026-11-01', 0),
                    (2, 'treatment', 'new', date '2026-11-01', 5),
                    (3, 'treatment', 'old', date '2026-11-01', 9),
                    (4, 'control', null, date '2026-11-01', 9),
                    (5, 'control', 'old', date '2026-11-02', 3),
                    (5, 'control', 'old', date '2026-11-01', 4),
                    (6, 'control', 'old', date '2026-11-02', 1),
                    (6, 'treatment', 'new', date '2026-11-01', 2),
                    (null, 'control', 'old', date '2026-11-01', 1),
                    (7, null, 'new', date '2026-11-01', 1)
            ) as users(user_id, "group", page, day, revenue)
            """
        )


def test_problems_are_counted(users):
    """Each has a row, with the rows and visitors concerned and one of them by name."""
    assert experiment_tables.check_table(users, shown="page", pages=PAGES, **COLUMNS).fetchall() == [
        ("another page", 2, 2, "3"),
        ("several variants", 2, 1, "6"),
        ("repeated", 2, 1, "5"),
        ("no visitor or variant", 2, 1, "7"),
    ]


def test_a_clean_table_has_one_row_a_user(users):
    """The first, in one variant, who got its page."""
    first = dt.datetime(2026, 11, 1)
    ask = {
        "converted": "revenue > 0",
        "value": "revenue",
        "at": "day",
        "shown": "page",
        "pages": PAGES,
        **COLUMNS,
    }

    assert experiment_tables.clean_assignments(users, **ask).order("visitor_id").fetchall() == [
        ("1", "control", first, False, 0.0, None),
        ("2", "treatment", first, True, 5.0, None),
        ("5", "control", first, True, 4.0, None),
    ]
    kept = experiment_tables.clean_assignments(users, several="first", segments={"a b": "day"}, **ask)
    assert kept.filter("visitor_id = '6'").fetchall() == [
        ("6", "treatment", first, True, 2.0, None, dt.date(2026, 11, 1))
    ]


def test_without_time_the_smaller_outcome_is_kept(users):
    """And without a value, what counts is whether somebody converted."""
    clean = experiment_tables.clean_assignments(
        users, converted="revenue > 3", value_before="day(day)", **COLUMNS
    )

    assert clean.filter("visitor_id = '5'").fetchall() == [("5", "control", None, False, 0.0, 2.0)]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"several": "first"}, "several='first' without a time: say in at= which column has it"),
        ({"shown": "page"}, "shown='page' and pages=None belong together: write both, or none"),
        ({"variant": "group"}, "users cannot be asked this: .*check the SQL that was given"),
    ],
)
def test_what_cannot_be_understood_is_said(users, argument, message):
    """With the value, and what to do."""
    with pytest.raises(SettingsError, match=message):
        experiment_tables.clean_assignments(users, **COLUMNS | {"converted": "revenue > 0"} | argument)


@pytest.fixture(scope="module")
def landing_pages(shared, tmp_path_factory):
    """Return the rows of ab_data with their country."""
    folder = tmp_path_factory.mktemp("ab")
    zipfile.ZipFile(shared / "ab" / "ab_data.csv.zip").extractall(folder)
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create table users as
            select pages.user_id, timestamp, "group", landing_page, converted, country
            from read_csv('{folder / "ab_data.csv"}') as pages
            left join read_csv('{shared / "ab" / "countries.csv"}') as countries
                on countries.user_id = pages.user_id
            """
        )
        yield connection.table("users")


def test_ab_data(landing_pages):
    """The numbers of its many published analyses; the plan was one half each."""
    ask = {"shown": "landing_page", "pages": {"control": "old_page", "treatment": "new_page"}, **COLUMNS}
    outcomes = experiment_tables.clean_assignments(
        landing_pages, converted="converted = 1", at="timestamp", segments={"country": "country"}, **ask
    )

    problems = experiment_tables.check_table(landing_pages, **ask).fetchall()
    found = comparisons.rates(outcomes, control="control", interval="wald").to_dicts()[0]
    newcombe = comparisons.rates(outcomes, control="control").to_dicts()[0]
    countries = comparisons.rates(outcomes, segment="country", control="control").to_dicts()

    assert problems[0][:3] == ("another page", 3893, 3893)
    assert problems[1:] == [
        ("several variants", 0, 0, None),
        ("repeated", 2, 1, "773192"),
        ("no visitor or variant", 0, 0, None),
    ]
    assert (found["visitors"], found["control_visitors"]) == (145310, 145274)
    assert (found["conversions"], found["control_conversions"]) == (17264, 17489)
    assert found["z"] == pytest.approx(-1.3109241984234394)
    assert found["p"] == pytest.approx(0.18988337448195103)
    assert found["difference"] == pytest.approx(-0.0015782389853555567)
    assert found["low"] == pytest.approx(-0.003937860245052737)
    assert found["high"] == pytest.approx(0.0007813822743416238)
    assert (newcombe["low"], newcombe["high"]) == pytest.approx((-0.0039379, 0.0007814), abs=1e-7)
    assert found["srm_p"] == pytest.approx(0.9467543681597944)
    assert found["warning"] is None
    people = {
        row["segment"]: (
            row["visitors"] + row["control_visitors"],
            round(
                (row["conversions"] + row["control_conversions"])
                / (row["visitors"] + row["control_visitors"]),
                6,
            ),
        )
        for row in countries
    }
    assert people == {"CA": (14499, 0.115318), "UK": (72466, 0.120594), "US": (203619, 0.119547)}
    assert all(row["p_adjusted"] > 0.3 and row["interaction_p"] > 0.29 for row in countries)


def test_cookie_cats(shared):
    """Retention fell, says the test; the split says that the test cannot be believed at .01."""
    ask = {"visitor": "userid", "variant": "version"}
    with duckdb.connect() as connection:
        players = connection.read_csv(str(shared / "ab" / "cookie_cats.csv"))
        week = experiment_tables.clean_assignments(players, converted="retention_7", **ask)
        day = experiment_tables.clean_assignments(players, converted="retention_1", **ask)
        found = comparisons.rates(week, control="gate_30", interval="wald").to_dicts()[0]
        after_a_day = comparisons.rates(day, control="gate_30", threshold=0.001).to_dicts()[0]
        split = splits.sample_ratio(week).fetchall()
        lenient = splits.sample_ratio(week, threshold=0.001).fetchall()
        problems = experiment_tables.check_table(players, **ask).fetchall()

    assert found["z"] == pytest.approx(-3.164358912748191)
    assert found["p"] == pytest.approx(0.001554249975614329)
    assert (found["low"], found["high"]) == pytest.approx((-0.013281552418885546, -0.00312104421152628))
    assert found["srm_p"] == pytest.approx(0.008607987810836262)
    assert found["warning"] == (
        "sample ratio mismatch (p = 0.0086): find out why before believing any difference"
    )
    assert (after_a_day["z"], after_a_day["p"]) == pytest.approx((-1.7840862247974725, 0.07440965529691913))
    assert after_a_day["warning"] is None
    assert split[0][:3] == ("gate_30", 44700, 45094.5)
    assert split[0][3:5] == pytest.approx((6.9024049496058275, 0.008607987810836262))
    assert [row[5] for row in split + lenient] == [True, True, False, False]
    assert [row[1] for row in problems] == [0, 0, 0, 0]
