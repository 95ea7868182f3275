"""Commands around the collector: run it, send to it, and see what it refused."""

import datetime as dt
import http.client
import logging
import urllib.error
import urllib.request
import uuid
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from clickkit import __version__
from clickkit.app import open_store, origins, settings, write_keys
from clickkit.app import public_url as public_url_named
from clickkit.capture.access import Origins, RateLimit, WriteKeys
from clickkit.capture.collector import Door
from clickkit.capture.enrichment import warm_up
from clickkit.capture.place_sources import parse_place_sources
from clickkit.commands.options import StoreUrl, new_group, say
from clickkit.errors import ClickkitError, SettingsError, StoreError
from clickkit.event import check_event, encode_event
from clickkit.json_lines import JsonLines
from clickkit.server import address, listen, run
from clickkit.service import make_collector, open_rejected

commands = new_group()

_SHOWN_CHARACTERS = 200


@commands.command()
def serve(
    store: StoreUrl = "",
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 lets phones of the same Wi-Fi in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A web origin whose pages may send: https://HOST; else CLICKKIT_ORIGINS."),
    ] = None,
    public_url: Annotated[
        str,
        typer.Option(
            help="Where the audience finds its page: https://HOST of a tunnel to this port, or "
            "http://ADDRESS:PORT of this machine in the Wi-Fi, with --host 0.0.0.0. Others than this machine "
            "then reach the page and POST /clicks only. Else CLICKKIT_PUBLIC_URL."
        ),
    ] = "",
    rate_limit: Annotated[float, typer.Option(help="Events a second of one sender; 0: no limit.", min=0)] = 0,
    spool_megabytes: Annotated[int, typer.Option(help="Room for an outage of the store.", min=1)] = 512,
    folder: Annotated[Path | None, typer.Option(help="Where spool/ and rejected/ lie (data).")] = None,
) -> None:
    """Run the collector: POST /clicks; GET /, which is the audience page, /health, /ready, /metrics,
    /tracker.js and /openapi.json.

    CLICKKIT_WRITE_KEYS, separated by commas, are the keys of which a sender must show one;
    CLICKKIT_PLACE_FROM says where a visitor without a position is: timezone, cloudfront, cloudflare, nothing.

    Example: clickkit serve --store sqlite:///data/clicks.db --port 8000
    """
    audience_url, keys = public_url_named(public_url), write_keys()
    door = Door(
        public_url=audience_url,
        write_keys=WriteKeys(keys),
        origins=Origins([*(origin or origins()), *filter(None, [audience_url])]),
        rate_limit=RateLimit(rate_limit) if rate_limit else None,
        place_sources=parse_place_sources(settings().place_from),
    )
    opened, listening = open_store(store), listen(host, port)
    try:
        opened.put([])  # makes a new SQLite file
        opened.get(("health", "health"))
    except StoreError as error:
        say(f"warning: until this is mended, events are spooled: {error}")
    say(f"collector: http://{address(host, port)}/clicks stores in {opened.url}")
    if audience_url:
        say(f"audience: {audience_url}")
    if audience_url and keys:
        say("warning: the audience page shows no write key: unset CLICKKIT_WRITE_KEYS, or its clicks wait")
    collector = make_collector(
        opened,
        folder or settings().home / "data",
        door=door,
        spool_bytes=spool_megabytes * 1024 * 1024,
    )
    _log_json_lines()
    warm_up()
    run(collector, listening, proxy_headers=rate_limit > 0)  # who sends matters only to the rate limit


def _log_json_lines() -> None:
    log = logging.StreamHandler()
    log.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[log])


@commands.command()
def rejected(
    last: Annotated[int, typer.Option(help="How many to show.", min=1)] = 20,
    folder: Annotated[Path | None, typer.Option(help="The folder that serve was given.")] = None,
) -> None:
    """Show the events that the collector refused, and why.

    Example: clickkit rejected --last 5
    """
    where = folder or settings().home / "data"
    events = deque(open_rejected(where).read(), maxlen=last)
    if not events:
        say(f"none below {where}; --folder names the folder that serve was given")
    for event in events:
        moment, shown = event.at.isoformat(timespec="seconds"), ascii(event.text[:_SHOWN_CHARACTERS])[1:-1]
        say(f"{moment}  {event.field or 'event'}: {event.reason}: {shown}")


@commands.command()
def send(
    button: Annotated[str, typer.Argument(help="The button that was clicked.")],
    page_url: Annotated[str, typer.Option(help="The page that it stands on.")] = "https://example.com/",
    collector: Annotated[str, typer.Option(help="The collector's address.")] = "http://127.0.0.1:8000",
    write_key: Annotated[
        str, typer.Option(help="A write key of the collector; else the first of CLICKKIT_WRITE_KEYS.")
    ] = "",
) -> None:
    """Send one click to a collector and show its answer.

    Example: clickkit send "Sign up" --page-url https://example.com/pricing
    """
    if not collector.startswith(("http://", "https://")):
        raise SettingsError(f"{collector!r} is no address of a collector: write http://127.0.0.1:8000")
    key = write_key or next(iter(write_keys()), "")
    now = dt.datetime.now(dt.UTC)
    click = check_event({"id": str(uuid.uuid4()), "button": button, "timestamp": now, "pageUrl": page_url})
    request = urllib.request.Request(
        f"{collector.rstrip('/').removesuffix('/clicks')}/clicks",
        data=encode_event(click),
        headers={
            "Content-Type": "application/json",
            "User-Agent": f"clickkit/{__version__}",
            **({"X-Write-Key": key} if key else {}),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            say(answer.read().decode())
    except urllib.error.HTTPError as error:
        raise ClickkitError(f"{request.full_url} answered {error.code}: {error.read().decode()}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ClickkitError(
            f"no collector at {request.full_url} ({error}): start one with clickkit serve, "
            "or name another with --collector"
        ) from error
