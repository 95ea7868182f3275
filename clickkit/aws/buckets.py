"""Buckets of S3: found, made private, and deleted with all versions of what they hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError


def has_bucket(objects: Any, bucket: str) -> bool:
    """Tell whether there is a bucket of this name, by an S3 client; one of somebody else is an error."""
    try:
        objects.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def make_private_bucket(objects: Any, bucket: str, region: str) -> None:
    """Make a bucket that nobody outside the account can read."""
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    objects.create_bucket(Bucket=bucket, **where)
    objects.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )


def delete_bucket(objects: Any, bucket: str) -> None:
    """Delete a bucket with all versions of its objects; one that is not there is deleted."""
    if not has_bucket(objects, bucket):
        return
    for page in objects.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found: Sequence[Mapping[str, str]] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            batch = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            objects.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    objects.delete_bucket(Bucket=bucket)
