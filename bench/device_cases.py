"""User-Agents and client hints of which somebody else has written down the kind of device."""

import json
from collections.abc import Iterator
from importlib.metadata import files, version
from importlib.resources import files as resources
from typing import Any

import msgspec
import yaml_rs

from clickkit.capture.catalogue import TYPES
from clickkit.capture.client_hints import ClientHints, hints_of_request

BOT = "bot"
CRAWLER = "bot, of the crawler list"
_TYPES = {**TYPES, BOT: "bot", CRAWLER: "bot"}


class Case(msgspec.Struct, frozen=True):
    """A User-Agent with its hints, the kind of device in its source's words, and that kind's type in ours."""

    user_agent: str
    hints: ClientHints | None
    kind: str
    type: str


def device_cases() -> Iterator[Case]:
    """Yield the cases with a kind from the tests of Matomo, which the package `device-detector` carries."""
    for file in files("device-detector") or ():
        if file.parent.name == "upstream" and file.parent.parent.name == "fixtures" and file.suffix == ".yml":
            for said in yaml_rs.loads(file.read_text(encoding="utf-8")):
                kind = BOT if "bot" in said else (said.get("device") or {}).get("type")
                if kind:
                    yield _case(said["user_agent"], kind, said.get("headers") or {})


def crawler_cases() -> Iterator[Case]:
    """Yield the instances that the package `crawler-user-agents` has for its patterns."""
    text = resources("crawleruseragents").joinpath("crawler-user-agents.json").read_text(encoding="utf-8")
    for one in json.loads(text):
        for user_agent in one["instances"]:
            yield _case(user_agent, CRAWLER, {})


def sources() -> str:
    """Return the packages that the cases come from, with their versions."""
    names = ("device-detector", "crawler-user-agents")
    return " and ".join(f"{name} {version(name)}" for name in names)


def _case(user_agent: str, kind: str, headers: dict[str, Any]) -> Case:
    named = {
        name.lower().replace("_", "-").removeprefix("http-").encode(): str(value).encode()
        for name, value in headers.items()
    }
    return Case(user_agent, hints_of_request(named), kind, _TYPES.get(kind, "other"))
