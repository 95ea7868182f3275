"""What kind of device a model is: the lists of the Matomo project, as the package `device-detector` has them.

Of that package only the data is read. A brand has a pattern and a kind, and models whose kind may differ.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml_rs

from clickkit.capture.patterns import Patterns

BEFORE = r"(?:^|[^a-z0-9_-]|\W_|\b(?:sprd|mz)-)"
"""What stands in front of a name in a User-Agent: nothing that is part of a word, but for two prefixes."""

_FILES = ("notebooks", "consoles", "car_browsers", "cameras", "portable_media_player", "mobiles")
_ANY_MODEL = r"\g<1>"  # the name of whatever stands there: that makes it no listed model
_REMEMBERED_BRANDS = 500  # all that make devices of several types, 440 today
TYPES = {
    "smartphone": "mobile",
    "phablet": "mobile",
    "feature phone": "mobile",
    "portable media player": "mobile",
    "tablet": "tablet",
    "tv": "tv",
    "console": "console",
    "wearable": "wearable",
    "desktop": "desktop",
}
"""The type here of each of Matomo's kinds of devices; any other kind is `other`."""


class _Brand(msgspec.Struct, frozen=True):
    """A brand's pattern, the type of its devices, and its models when their types differ."""

    pattern: str
    type: str | None
    models: list[tuple[str, str | None]]


class Listed(NamedTuple):
    """The type of a model, None when it is not listed, and the type that its brand usually makes."""

    model: str | None
    brand: str | None


_UNLISTED = Listed(None, None)


class Catalogue:
    """The types of some 15,000 models; patterns of a brand's models are made when it is first seen."""

    def __init__(self, brands: Sequence[_Brand]) -> None:
        self._brands = brands
        self._patterns = Patterns([brand.pattern for brand in brands], before=BEFORE)
        self._models = lru_cache(maxsize=_REMEMBERED_BRANDS)(self._models_of)

    def look_up(self, user_agent: str) -> Listed:
        """Return what is listed of the device that a User-Agent names."""
        hit = self._patterns.first(user_agent)
        if hit is None:
            return _UNLISTED
        brand = self._brands[hit]
        if not brand.models:
            return Listed(None, brand.type)
        model = self._models(hit).first(user_agent)
        return Listed(None if model is None else brand.models[model][1], brand.type)

    def _models_of(self, brand: int) -> Patterns:
        return Patterns([pattern for pattern, _ in self._brands[brand].models], before=BEFORE)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Read the lists and compile them, once: about half a second."""
    return Catalogue([_brand(said) for name in _FILES for said in read_list(f"device/{name}").values()])


def read_list(name: str) -> Any:
    """Return one of the lists, such as `bots` or `device/mobiles`, without importing the package's code."""
    file = distribution("device-detector").locate_file(f"device_detector/regexes/upstream/{name}.yml")
    return yaml_rs.loads(Path(str(file)).read_text(encoding="utf-8"))


def _brand(said: Mapping[str, Any]) -> _Brand:
    own = _type(said)
    models = [
        (model["regex"], _type(model) or own)
        for model in said.get("models", ())
        if model.get("model") != _ANY_MODEL or "device" in model
    ]
    return _Brand(said["regex"], own, models if {kind for _, kind in models} - {own} else [])


def _type(said: Mapping[str, Any]) -> str | None:
    """Return a type of ours; None for a maker of many kinds."""
    kind = said.get("device")
    return TYPES.get(kind, "other") if kind else None
