"""An argument: what is checked or put in brackets before it stands in a SELECT."""

from clickkit.errors import SettingsError


def expression(sql: str | None, *, otherwise: str = "'all'") -> str:
    """Return an SQL expression in brackets, so that it stays one whole; None: another one."""
    return f"({sql or otherwise})"


def check_share(name: str, value: float) -> float:
    """Return a number that lies between 0 and 1.

    Raises:
        SettingsError: it does not.
    """
    if not 0 < value < 1:
        raise SettingsError(f"{name} is {value!r}: write a number between 0 and 1, as in 0.95")
    return value
