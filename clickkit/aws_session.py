"""Sessions of boto3 that share the descriptions of AWS's services, which take a tenth of a second to read."""

import os
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.loaders import Loader


def aws_session(*, region: str | None = None, **components: Any) -> boto3.Session:
    """Return a session of boto3's, with its usual chain of credentials and configuration.

    All share what was read of AWS's services, and nothing else. `components` take the place of botocore's
    own, such as `response_parser_factory`.

    Raises:
        BotoCoreError: the configuration cannot be read, or AWS_PROFILE names a profile that is not there.
    """
    session = botocore.session.Session()
    descriptions = _descriptions(session.get_config_variable("data_path") or "")
    for name, component in {"data_loader": descriptions, **components}.items():
        session.register_component(name, component)
    return boto3.Session(botocore_session=session, region_name=region)


class _Descriptions(Loader):  # type: ignore[misc]
    """botocore's loader, without the folder that each session of boto3 adds once more, for its resources."""

    @property
    def search_paths(self) -> list[str]:
        return [*self._search_paths]


@cache
def _descriptions(folders: str) -> _Descriptions:
    """Return the loader for these folders (AWS_DATA_PATH) beside botocore's own."""
    return _Descriptions(
        extra_search_paths=[*map(os.path.expanduser, filter(None, folders.split(os.pathsep)))]
    )
