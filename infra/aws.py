"""AWS services as sources of evidence: one client set-up. Identity is the standard chain's, never configured here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError

from evidence.errors import Terminal

ATTEMPTS = 5
CONNECT_SECONDS, READ_SECONDS = 10, 60
CONNECTIONS = 32

#: What answers in XML must hold. Without it, nothing at all would pass for a bucket in S3's first region, that never
#: had versions, is copied nowhere, and is empty; and botocore fails on STS.
HELD = {
    "GetBucketEncryption": b"ServerSideEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": b"LifecycleConfiguration",
    "GetBucketLocation": b"Location",
    "GetBucketReplication": b"ReplicationConfiguration",
    "GetBucketVersioning": b"Versioning",
    "GetCallerIdentity": b"GetCallerIdentityResult",
    "GetObjectLockConfiguration": b"ObjectLockConfiguration",
    "ListBucketInventoryConfigurations": b"InventoryConfigurations",
    "ListObjectsV2": b"ListBucketResult",
}


def aws_client(
    service: str,
    region: str,
    endpoint: str | None = None,
    egress: frozenset[str] | None = None,
    *,
    attempts: int = ATTEMPTS,
    read_seconds: int = READ_SECONDS,
) -> Any:
    """Return a client of one service; sends nothing. What passes (throttling, 5xx, time-outs) it tries again itself.

    An endpoint other than AWS's own is that of the audit file, or `AWS_ENDPOINT_URL[_SERVICE]`. `Terminal` when region
    or endpoint make no client, or the endpoint's host is not among those of `egress`.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        max_pool_connections=CONNECTIONS,
    )
    try:
        client = boto3.session.Session().client(service, region_name=region, endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as cause:
        raise Terminal(f"no client for {service} in {region}: {cause}") from cause
    if client.meta.service_model.resolved_protocol in {"json", "rest-json"}:
        client.meta.events.register("before-parse", _refuse_foreign)
    else:
        client.meta.events.register("before-parse", _refuse_empty)
    host = urlsplit(client.meta.endpoint_url).hostname
    if egress is not None and host not in egress:
        raise Terminal(f"{host} is not a host that evidence may be fetched from; add it to `egress` in audit.yaml")
    if egress is not None:
        client.meta.events.register("before-send", _kept_within(egress, service))
    return client


def _kept_within(egress: frozenset[str], service: str) -> Callable[..., None]:
    """Return what refuses a request to any other host: botocore follows a bucket to the region it is in."""

    def refuse(request: Any, **_: Any) -> None:
        host = urlsplit(request.url).hostname or ""
        # S3 has a host for each bucket, below that of its region.
        if host not in egress and not (service == "s3" and host.partition(".")[2] in egress):
            raise Terminal(f"{host} is not a host that evidence may be fetched from; add it to `egress` in audit.yaml")

    return refuse


def _refuse_foreign(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Refuse a successful answer that is no JSON object: botocore takes it for one that says nothing."""
    body = response_dict.get("body")
    if response_dict["status_code"] >= 300 or not isinstance(body, bytes):
        return
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ResponseParserError("the answer is no JSON object")


def _refuse_empty(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Refuse a successful answer that is not the service's own: botocore takes a page of a proxy for no objects."""
    held, body = HELD.get(operation_model.name), response_dict.get("body")
    if held is None or response_dict["status_code"] >= 300 or not isinstance(body, bytes):
        return
    if held not in body[:1024]:
        raise ResponseParserError("the answer is not as documented")


def aws_identity() -> str:
    """Return how cards name the credentials of the standard chain: how they were found, and their last characters."""
    try:
        found = boto3.session.Session().get_credentials()
    except BotoCoreError:
        found = None
    return "no AWS identity" if found is None else f"AWS {found.method} …{str(found.access_key)[-4:]}"
