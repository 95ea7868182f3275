"""Many regular expressions as one: which is the first that a text has?"""

from collections.abc import Sequence

import re2
import regex

_LOOKAROUND = regex.compile(r"\(\?<?[=!]")
_MEMORY_BYTES = 1 << 22
_EXACT_LENGTH = 600


class Patterns:
    """An ordered list of regular expressions, searched for natively and together.

    `before` is put in front of each. The native engine knows no lookaround: what it finds for a pattern with
    one is looked at again by `regex`, in the first 600 characters: that may take time by their square.
    """

    def __init__(self, patterns: Sequence[str], *, before: str = "", ignore_case: bool = True) -> None:
        flags = regex.IGNORECASE if ignore_case else 0
        self._exact = {
            index: regex.compile(f"{before}(?:{pattern})", flags)
            for index, pattern in enumerate(patterns)
            if _LOOKAROUND.search(pattern)
        }
        options = re2.Options()
        options.case_sensitive = not ignore_case
        options.max_mem = _MEMORY_BYTES
        options.log_errors = False
        self._filter = re2.Filter()
        for pattern in patterns:
            self._filter.Add(f"{before}(?:{_without_lookaround(pattern)})", options)
        self._filter.Compile()

    def first(self, text: str) -> int | None:
        """Return the number of the first pattern of the list that matches somewhere in the text."""
        index: int
        for index in sorted(self._filter.Match(text) or ()):
            exact = self._exact.get(index)
            if exact is None or exact.search(text, 0, _EXACT_LENGTH):
                return index
        return None


def _without_lookaround(pattern: str) -> str:
    """Return a pattern that matches more: its assertions about what stands around are cut out."""
    while start := _LOOKAROUND.search(pattern):
        end, depth = start.end(), 1
        in_class = False
        while depth:
            character = pattern[end]
            if character == "\\":
                end += 1
            elif in_class:
                in_class = character != "]"
            elif character == "[":
                in_class = True
            else:
                depth += {"(": 1, ")": -1}.get(character, 0)
            end += 1
        pattern = pattern[: start.start()] + pattern[end:]
    return pattern
