"""From a User-Agent header and client hints to a device."""

from collections.abc import Callable
from functools import lru_cache

import msgspec
import regex
from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver
from user_agents.parsers import UserAgent, parse_browser, parse_device, parse_operating_system

from clickkit.capture.client_hints import ClientHints
from clickkit.capture.crawlers import CRAWLER, HEADLESS, crawlers
from clickkit.capture.device_type import guess_type, is_ipad_in_disguise, type_of
from clickkit.event import Device

USER_AGENT_LENGTH = 2048
"""The most characters of a User-Agent that are looked at."""

AUTOMATED = "automated browser"
"""The reason for a browser that a program steers: it is a bot, but its type is that of its device."""

_BRANDS = {
    "Google Chrome": "Chrome",
    "Microsoft Edge": "Edge",
    "Yandex": "Yandex Browser",
    "YaBrowser": "Yandex Browser",
    "OperaMobile": "Opera Mobile",
    "Android WebView": "Chrome Mobile WebView",
    "CocCoc": "Coc Coc",
    "Miui Browser": "MiuiBrowser",
    "Mi Browser": "MiuiBrowser",
}
_ON_MOBILES = {"Chrome": "Chrome Mobile", "Edge": "Edge Mobile", "Opera": "Opera Mobile"}
_PLAIN_CHROME = {"Chrome", "Chrome Mobile", "Chromium"}
_CHROMIUMS = {"Chrome", "Chrome Mobile", "HeadlessChrome"}
_PLATFORMS = {"macOS": "Mac OS X", "Chromium OS": "Chrome OS"}
_SYSTEM = regex.compile(r"\([^()]*\)")
_OLD_WINDOWS = {"0.1": "7", "0.2": "8", "0.3": "8.1"}
_NOTHING = ClientHints()


class _NativeUserAgent(UserAgent):  # type: ignore[misc]
    """`user_agents.UserAgent` on ua-parser's native parser: the same answers, 20 times faster."""

    def __init__(self, user_agent: str) -> None:
        found = _parser()(user_agent, Domain.ALL).complete().with_defaults()
        browser, system, device = found.user_agent, found.os, found.device
        self.ua_string = user_agent
        self.browser = parse_browser(browser.family, browser.major, browser.minor, browser.patch)
        self.os = parse_operating_system(system.family, system.major, system.minor, system.patch)
        self.device = parse_device(device.family, device.brand, device.model)


@lru_cache(maxsize=10_000)
def detect_device(user_agent: str, hints: ClientHints | None = None) -> Device:
    """Return what a User-Agent string and the browser's hints tell of a device.

    What is not recognised is None. How often the type is right, and the names that platforms and browsers
    have, stand in docs/devices.md. The first call reads the lists, which takes most of a second.
    """
    return _judge(user_agent, hints or _NOTHING, type_of)


def judge_unlisted(user_agent: str, hints: ClientHints | None = None) -> Device:
    """Return what `detect_device` says of a device whose model is on no list, as new ones are."""
    return _judge(user_agent, hints or _NOTHING, guess_type)


def _judge(
    user_agent: str, hints: ClientHints, judge: Callable[[str, UserAgent, ClientHints], str]
) -> Device:
    named = _with_model(user_agent, hints)
    agent = _NativeUserAgent(named)
    reason = _bot_reason(user_agent, agent, hints)
    brand, model = _model(agent, hints)
    device = Device(
        type="bot" if reason else judge(named, agent, hints),
        platform=_known(agent.os.family),
        platform_version=agent.os.version_string or None,
        browser=_known(agent.browser.family),
        browser_version=agent.browser.version_string or None,
        brand=brand,
        model=model,
        is_bot=bool(reason) or hints.is_steered,
        bot_reason=reason or (AUTOMATED if hints.is_steered else None),
    )
    if is_ipad_in_disguise(user_agent, hints) and not reason:
        return _as_ipad(device)
    return _with_brand(_with_platform(device, hints), hints)


def _with_model(user_agent: str, hints: ClientHints) -> str:
    """Return a User-Agent with the model, for which Chrome writes `Android 10; K` on every device."""
    if not hints.model or hints.platform not in ("Android", "") or hints.model in user_agent:
        return user_agent
    system = f"(Linux; Android {hints.platform_version or '10'}; {hints.model})"
    return str(_SYSTEM.sub(lambda _: system, user_agent, count=1))


def _bot_reason(user_agent: str, agent: UserAgent, hints: ClientHints) -> str | None:
    if any(name.startswith("Headless") for name, _ in hints.brands):
        return HEADLESS
    reason = crawlers().reason(user_agent)
    if reason is None and agent.device.family == "Spider":
        reason = f"{CRAWLER}{_known(agent.browser.family) or 'unnamed'}"[:128]
    return reason


def _model(agent: UserAgent, hints: ClientHints) -> tuple[str | None, str | None]:
    """Return brand and model, as far as they are one device's and not those of many."""
    brand, model = agent.device.brand, hints.model or agent.device.model
    if brand in (None, "Generic", "Spider"):
        return None, hints.model or None
    named = model[:128] if model and model != "K" else None
    return None if brand.startswith("Generic") else brand[:128], named


def _as_ipad(device: Device) -> Device:
    """Return an iPad for the Mac that it says it is; the system's version is the Mac's, too."""
    browser = "Mobile Safari" if device.browser == "Safari" else device.browser
    return msgspec.structs.replace(
        device,
        type="tablet",
        platform="iOS",
        platform_version=None,
        browser=browser,
        brand="Apple",
        model="iPad",
    )


def _with_platform(device: Device, hints: ClientHints) -> Device:
    """Return the device with the system that the browser names; its version is frozen in a User-Agent."""
    platform = _PLATFORMS.get(hints.platform, hints.platform)
    if not platform or platform == "Unknown":
        return device
    version = hints.platform_version.replace("_", ".")
    if platform == "Windows":
        version = _windows(version)
    if platform == device.platform:
        return msgspec.structs.replace(device, platform_version=version or device.platform_version)
    if platform == "Linux" and device.type != "mobile":  # the User-Agent may name the distribution
        return device
    return msgspec.structs.replace(device, platform=platform, platform_version=version or None)


def _windows(version: str) -> str:
    """Return the version of Windows that its platform version stands for: 13 and more are Windows 11."""
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) > 0:
        return "11" if int(major) >= 13 else "10"
    return _OLD_WINDOWS.get(".".join(version.split(".")[:2]), "")


def _with_brand(device: Device, hints: ClientHints) -> Device:
    """Return the device with the browser that its brands name, and its full version."""
    named = [pair for pair in hints.brands if pair[0] != "Chromium"] or list(hints.brands)
    if not named:
        return device
    name, version = _BRANDS.get(named[0][0], named[0][0]), named[0][1]
    mobile = _ON_MOBILES.get(name)
    if mobile and device.browser != name and (device.browser == mobile or hints.is_mobile):
        name = mobile
    if name == "Chromium" and device.browser in _CHROMIUMS:
        name = device.browser
    if name == device.browser and _major(version) == _major(device.browser_version or version):
        return msgspec.structs.replace(device, browser_version=version or device.browser_version)
    if device.browser is None or (device.browser in _PLAIN_CHROME and name not in _PLAIN_CHROME):
        return msgspec.structs.replace(device, browser=name, browser_version=version or None)
    return device


def _major(version: str) -> str:
    return version.partition(".")[0]


def _known(family: str) -> str | None:
    return None if family == "Other" else family[:128]


@lru_cache(maxsize=1)
def _parser() -> Resolver:
    return Resolver(load_lazy_builtins())
