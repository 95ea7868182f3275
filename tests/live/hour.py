"""An hour of 50 clicks a second by a faster clock; prints memory after 20 %, at the end, and clicks."""

import datetime as dt
import sys
from pathlib import Path

from clickkit import Device, Event, Location, connect
from clickkit.live.dashboard import Live

START = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
STEP_SECONDS, STEPS, RATE = 30, 120, 50
DEVICE, PLACE = (
    Device(type="mobile", platform="iOS"),
    Location(city="Oslo", country="Norway", country_code="NO"),
)


def clicks(step):
    """Yield the clicks of one step; each second begins 50 sessions' next click."""
    for number in range(step * STEP_SECONDS * RATE, (step + 1) * STEP_SECONDS * RATE):
        moment = START + dt.timedelta(seconds=number / RATE)
        yield Event(
            id=f"{number:032x}",
            button=f"Button {number % 30}",
            timestamp=moment,
            page_url="https://example.com/",
            device=DEVICE,
            location=PLACE,
            session_id=f"{number // 7}",
            received_at=moment,
        )


def memory():
    """Return the pages of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1])


store = connect(f"sqlite:///{sys.argv[1]}")
now = START
live = Live(store, now=lambda: now)
sizes = []
for step in range(STEPS):
    store.put(list(clicks(step)))
    now += dt.timedelta(seconds=STEP_SECONDS)
    live.update()
    sizes.append(memory())
print(sizes[STEPS // 5], sizes[-1], live.state["clicks"])
