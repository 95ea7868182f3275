"""The collector as an AWS Lambda function behind a Function URL: handler `clickkit.function_url.handler`.

What was acknowledged must be durable, and a function has no disk that outlives it: there is no spool, so
while DynamoDB is away senders hear 503 and keep their clicks.
"""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from mangum import Mangum

from clickkit.app import open_store, origins, settings, write_keys
from clickkit.capture.access import Origins, WriteKeys
from clickkit.capture.collector import Door
from clickkit.capture.enrichment import warm_up
from clickkit.capture.place_sources import parse_place_sources
from clickkit.service import make_collector

_OF_ONE_PROCESS = ("/metrics", "/ready")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request, given and returned in the form of a Function URL (payload 2.0).

    `CLICKKIT_STORE`, `CLICKKIT_ORIGINS`, `CLICKKIT_WRITE_KEYS` and `CLICKKIT_PLACE_FROM` say where to store,
    who may send, and what says where a click is from. What tells of one process only is not there.
    """
    if event.get("rawPath") in _OF_ONE_PROCESS:
        return {"statusCode": 404, "body": "there is nothing here"}
    answer: dict[str, Any] = _adapter()(event, context)
    return answer


@cache
def _adapter() -> Mangum:
    """Make the collector once; it lives as long as the function's process."""
    warm_up()
    folder = Path(tempfile.gettempdir()) / "clickkit"
    door = Door(
        write_keys=WriteKeys(write_keys()),
        origins=Origins(origins()),
        place_sources=parse_place_sources(settings().place_from),
    )
    return Mangum(make_collector(open_store(), folder, door=door, spool_bytes=0), lifespan="off")
