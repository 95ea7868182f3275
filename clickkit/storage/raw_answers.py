"""Answers of DynamoDB as they came: botocore signs, retries and reports errors, and parses nothing else."""

from typing import Any

import boto3
import botocore.session
from botocore.parsers import ResponseParser, ResponseParserFactory


def raw_session(like: botocore.session.Session) -> boto3.Session:
    """Return a session whose clients give `{"Body": bytes}` for every good answer.

    What `like` has loaded is not loaded again: the description of a service is long.
    """
    session = botocore.session.Session()
    session.register_component("data_loader", like.get_component("data_loader"))
    session.register_component("response_parser_factory", _RawAnswers())
    return boto3.Session(botocore_session=session)


class _RawAnswers(ResponseParserFactory):  # type: ignore[misc]
    def create_parser(self, protocol_name: str) -> "_RawParser":
        return _RawParser(super().create_parser(protocol_name))


class _RawParser:
    """botocore's parser of a protocol, used for errors only."""

    def __init__(self, parser: ResponseParser) -> None:
        self._parser = parser

    def parse(self, response: dict[str, Any], shape: Any) -> dict[str, Any]:
        if response["status_code"] >= 300:
            parsed: dict[str, Any] = self._parser.parse(response, shape)
            return parsed
        metadata = {"HTTPStatusCode": response["status_code"], "HTTPHeaders": dict(response["headers"])}
        return {"Body": response["body"], "ResponseMetadata": metadata}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)
