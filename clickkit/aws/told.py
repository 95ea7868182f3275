"""AWS's errors, which stop here."""

import contextlib
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from clickkit.errors import DeploymentError


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Turn AWS's errors in the block into ours, which begin with `what`."""
    try:
        yield
    except (BotoCoreError, ClientError, WaiterError) as error:
        raise DeploymentError(f"{what}: {error}") from error
