"""All questions by their names: each public function here that takes `events` and returns a relation."""

import contextlib
import difflib
import functools
import importlib
import inspect
import json
import pkgutil
import types
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

import clickkit.analysis
from clickkit.errors import SettingsError

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

Question = Callable[..., "DuckDBPyRelation"]

_HINTS = {
    "timedelta": "; write PT1H for an hour, P1D for a day",
    "Mapping": """; write JSON, as in "{\\"paid\\": \\"button = 'Pay'\\"}\"""",
}
_MODULES = sorted(info.name for info in pkgutil.iter_modules(clickkit.analysis.__path__))


def questions() -> dict[str, Question]:
    """Return the questions by module and name, such as `metrics.by_button`, in the order of the alphabet."""
    return {name: question for module in _MODULES for name, question in _of_module(module).items()}


def prepare(
    name: str, options: Mapping[str, str], *, also: Mapping[str, str] = MappingProxyType({})
) -> Callable[["DuckDBPyRelation"], "DuckDBPyRelation"]:
    """Return a question with its options, which are texts: JSON, or what the option's type is written as.

    So `steps` may be `{"paid": "button = 'Pay'"}`, `within` `PT1H` (ISO 8601), `since` `2026-11-23`, and
    `metric` the name of another question. Options of `also` are taken if there are such.

    Raises:
        SettingsError: there is no such question or option, one that it needs is missing, or a text is none of
            its type.
    """
    module = name.partition(".")[0]
    there = _of_module(module) if module in _MODULES else {}
    if name not in there:
        _refuse_other(module, name)
        near = difflib.get_close_matches(name, there or questions(), 3, 0.4) or sorted(there)
        meant = f": did you mean {' or '.join(near)}?" if near else ":"
        raise SettingsError(f"no question {name!r}{meant} clickkit ask lists all")
    asked = there[name]
    _, *parameters = inspect.signature(asked).parameters.values()
    known = {parameter.name: parameter for parameter in parameters}
    options = {option: text for option, text in also.items() if option in known} | dict(options)
    for option in options:
        if option not in known:
            there_are = f"choose from {', '.join(known)}" if known else "it takes none"
            raise SettingsError(f"{name} has no option {option!r}: {there_are}")
    for option, parameter in known.items():
        if parameter.default is parameter.empty and option not in options:
            raise SettingsError(
                f"{name} needs the option {option}, of {', '.join(known)}: "
                f"see python -m pydoc {asked.__module__}.{asked.__name__}"
            )
    hints = typing.get_type_hints(asked)
    return functools.partial(
        asked, **{option: _read(option, text, hints[option]) for option, text in options.items()}
    )


def _of_module(module: str) -> dict[str, Question]:
    """Return the questions of one module; others are not imported."""
    found = _functions(module)
    return {f"{module}.{name}": found[name] for name in sorted(found) if _is_question(found[name])}


def _functions(module: str) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a module itself defines, by their names."""
    path = f"clickkit.analysis.{module}"
    return {
        name: found
        for name, found in vars(importlib.import_module(path)).items()
        if inspect.isfunction(found) and found.__module__ == path and not name.startswith("_")
    }


def _is_question(found: Callable[..., Any]) -> bool:
    signature = inspect.signature(found)
    first, gives = next(iter(signature.parameters), ""), signature.return_annotation
    return first == "events" and getattr(gives, "__name__", "") == "DuckDBPyRelation"


def _refuse_other(module: str, name: str) -> None:
    """Say of a function that is not asked of events what it takes."""
    found = _functions(module).get(name.partition(".")[2]) if module in _MODULES else None
    if found is not None:
        raise SettingsError(
            f"{name} is not asked of events, it takes {', '.join(inspect.signature(found).parameters)}: "
            f"call it in Python, see python -m pydoc {found.__module__}"
        )


def _read(option: str, text: str, kind: Any) -> Any:
    """Return a text as a value of its kind; a kind that texts are of, too, reads it itself."""
    if typing.get_origin(kind) is Callable:
        return prepare(text, {})
    if isinstance(kind, types.UnionType) and str in typing.get_args(kind):
        return text
    value = text
    if text[:1] in ("{", "["):
        with contextlib.suppress(json.JSONDecodeError):
            value = json.loads(text)
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, TypeError) as error:
        hint = next((hint for part, hint in _HINTS.items() if part in str(kind)), "")
        raise SettingsError(f"option {option} cannot be {text!r}: {error}{hint}") from error
