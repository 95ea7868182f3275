"""What DynamoDB's errors mean, and what to do about each."""

from botocore.exceptions import ClientError

from clickkit.errors import StoreError, StoreRefusedError

_REFUSALS = {"ValidationException", "ItemCollectionSizeLimitExceededException"}


def store_error(url: str, error: Exception) -> StoreError:
    """Return the error of ours that stands for one of DynamoDB's, of the store that a URL names."""
    code, call = "", ""
    if isinstance(error, ClientError):
        code, call = error.response["Error"]["Code"], error.operation_name
    if code in _REFUSALS and call == "BatchWriteItem":
        return StoreRefusedError(f"DynamoDB store {url} refuses these events: {error}")
    if code == "ResourceNotFoundException":
        remedy = f'make the table with: clickkit table create --store "{url}"'
    elif code in _REFUSALS:  # of keys alone, which are short: no event is to blame
        remedy = "check that the keys of the table are pk and sk, both texts, or choose another table"
    else:
        remedy = "check that it is running, the endpoint, the region and the credentials"
    return StoreError(f"DynamoDB store {url} failed: {error}; {remedy}")
