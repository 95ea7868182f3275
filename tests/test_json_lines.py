"""The collector's log."""

import json
import logging
import sys

from clickkit.json_lines import JsonLines


def test_a_record_is_one_line_of_json():
    """Also with line breaks in the message, and with an exception."""
    try:
        raise ValueError("deep\ndown")
    except ValueError:
        record = logging.LogRecord("clickkit", logging.ERROR, "", 1, "two\n%s", ("lines",), sys.exc_info())
    record.created = 0.25

    line = JsonLines().format(record)

    said = json.loads(line)
    assert "\n" not in line
    assert said.pop("exception").endswith("ValueError: deep\ndown")
    assert said == {
        "time": "1970-01-01T00:00:00.250000Z",
        "level": "error",
        "logger": "clickkit",
        "message": "two\nlines",
    }
