"""A Dask cluster as an executor; it needs the extra `clickkit[dask]`."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from clickkit.errors import SettingsError

_CONNECT_SECONDS = 5


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """Yield an executor of the cluster whose scheduler has this address, such as `tcp://10.0.0.5:8786`.

    Raises:
        SettingsError: dask.distributed is not installed, or no scheduler answers there.
    """
    try:
        from distributed import Client  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError("a Dask cluster needs an extra: pip install 'clickkit[dask]'") from error
    try:
        client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"no Dask scheduler at {address!r}: {error}; check the address, such as tcp://127.0.0.1:8786, "
            "and that the scheduler runs"
        ) from error
    with client:
        yield client.get_executor(pure=False)
