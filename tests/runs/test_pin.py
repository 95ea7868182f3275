"""The last cell says what the answers were made from."""

import json

import pytest

from clickkit import LakeError, export, pin
from clickkit.lake.digest import lake_state
from clickkit.runs.record import decode_record


@pytest.fixture
def filled(sqlite_store, make_event, tmp_path):
    """Return a lake of one day with two events."""
    sqlite_store.put([make_event("a"), make_event("b")])
    export(sqlite_store, tmp_path / "lake", "2026-11-22", "2026-11-22")
    return tmp_path / "lake"


def test_it_is_shown_as_html_and_text_and_carries_the_record(filled):
    """Without scripts, styles and links; the record goes along as plain JSON."""
    pinned = pin(filled, seed=7)

    shown, along = pinned._repr_mimebundle_()

    assert shown["text/plain"] == repr(pinned)
    assert "Rows        2\n" in shown["text/plain"]
    assert f"SHA-256 {lake_state(filled).digest}" in shown["text/html"]
    assert not [word for word in ("<script", "<style", "href", "src=") if word in shown["text/html"]]
    assert decode_record(json.loads(json.dumps(along["clickkit"]))) == pinned.record


def test_it_names_no_folder_of_the_machine(filled, tmp_path, monkeypatch):
    """A lake below the notebook by its path from there, another one by its name."""
    outside = repr(pin(filled))
    monkeypatch.chdir(tmp_path)

    assert outside.splitlines()[0] == "Lake        …/lake"
    assert repr(pin(filled)).splitlines()[0] == "Lake        lake"
    assert repr(pin("lake", "2026-11-22")).splitlines()[0] == "Lake        lake"


def test_nothing_to_pin_is_an_error(filled):
    """As it is for the question before."""
    with pytest.raises(LakeError, match="holds 2026-11-22"):
        pin(filled, "2026-12-01")
