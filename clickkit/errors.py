"""What can go wrong, as one small tree.

    ClickkitError
    ├── InvalidEventError    an event that the collector or an import refuses: which field, and why
    ├── StoreError           the store is missing, unreachable or failing
    │   └── StoreRefusedError    the store is there, and says no to these events
    ├── BusyError            a queue or the spool is full: nothing was kept, send again later
    ├── LakeError            a partition is missing, damaged or must not be replaced
    │   └── ChangedError     another export has replaced a file meanwhile
    ├── RunError             a notebook ended with an error
    ├── DeploymentError      AWS refuses what was asked, or failed at it
    └── SettingsError        a URL, a date or another argument that cannot be understood

Every message says what was wrong, with the value, and what to do about it.
"""


class ClickkitError(Exception):
    """The base of every error that clickkit raises on purpose."""


class InvalidEventError(ClickkitError):
    """An event was refused; `field` is its JSON name (empty for the event as a whole)."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class StoreError(ClickkitError):
    """The store is missing, unreachable or failing: the same events may be put again later."""


class StoreRefusedError(StoreError):
    """The store is there, and says no to these events: putting them again will not help."""


class BusyError(ClickkitError):
    """A queue or the spool is full: nothing was kept, and the same events may be sent again later."""


class LakeError(ClickkitError):
    """A partition is missing, damaged or must not be replaced."""


class ChangedError(LakeError):
    """Another export has replaced a file since this one looked at it: running it again will do."""


class RunError(ClickkitError):
    """A notebook ended with an error; `reason` is its last line."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class DeploymentError(ClickkitError):
    """AWS refuses what was asked, or failed at it; what holds data is as it was."""


class SettingsError(ClickkitError):
    """A URL, a date or another argument cannot be understood."""
