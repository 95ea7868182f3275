"""Answers of DynamoDB as they came: botocore signs, retries and reports errors, and parses nothing else."""

from typing import Any

from botocore.parsers import ResponseParser, ResponseParserFactory


class RawAnswers(ResponseParserFactory):  # type: ignore[misc]
    """A session's `response_parser_factory`: its clients give `{"Body": bytes}` for every good answer."""

    def create_parser(self, protocol_name: str) -> "_RawParser":
        """Return the parser of a protocol, such as `json`."""
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
