"""AWS services as sources of evidence: one client set-up. Identity is the standard chain's, never configured here."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    host = urlsplit(client.meta.endpoint_url).hostname
    if egress is not None and host not in egress:
        raise Terminal(f"{host} is not a host that evidence may be fetched from; add it to `egress` in audit.yaml")
    return client


def _refuse_foreign(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Refuse a successful answer that is no JSON object: botocore takes it for one that says nothing."""
    body = response_dict.get("body")
    if response_dict["status_code"] >= 300 or not isinstance(body, bytes):
        return
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ResponseParserError("the answer is no JSON object")


def aws_identity() -> str:
    """Return how cards name the credentials of the standard chain: how they were found, and their last characters."""
    try:
        found = boto3.session.Session().get_credentials()
    except BotoCoreError:
        found = None
    return "no AWS identity" if found is None else f"AWS {found.method} …{str(found.access_key)[-4:]}"
