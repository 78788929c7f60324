"""AWS services as sources of evidence: one client set-up. Identity is the standard chain's, never configured here."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from evidence.errors import Terminal

ATTEMPTS = 5
CONNECT_SECONDS, READ_SECONDS = 10, 60
CONNECTIONS = 32


def aws_client(service: str, region: str, endpoint: str | None = None) -> Any:
    """Return a client of one service; sends nothing. What passes (throttling, 5xx, time-outs) it tries again itself.

    An endpoint other than AWS's own is that of the audit file, or `AWS_ENDPOINT_URL[_SERVICE]`. `Terminal` when region
    or endpoint make no client.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=CONNECTIONS,
    )
    try:
        return boto3.session.Session().client(service, region_name=region, endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as cause:
        raise Terminal(f"no client for {service} in {region}: {cause}") from cause
