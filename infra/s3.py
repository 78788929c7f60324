"""The S3 service as the store and the ledger share it: one client set-up, and errors that say what to do.

Identity comes from the standard AWS chain alone (environment, profile, container or instance role), never from a file
of ours. The endpoint is the audit file's or `AWS_ENDPOINT_URL`.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from xml.etree.ElementTree import ParseError

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from evidence.errors import BadInput, OutputFailed, Place, ProbityError, Problem

#: Time-outs, throttling and 5xx are tried again by the client with growing waits, everything else is not.
ATTEMPTS = 5
CONNECT_SECONDS, READ_SECONDS = 10, 60

#: Whatever a request may end in: a refusal, a connection that fails, or an answer that is none of the service's.
FAILURES = (ClientError, BotoCoreError, ResponseParserError, ParseError)

TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
ABSENT = frozenset({"NoSuchKey", "404"})
NO_BUCKET = frozenset({"NoSuchBucket"})
NO_RIGHTS = frozenset({"AccessDenied", "403", "KMS.AccessDeniedException", "AllAccessDisabled"})
NO_IDENTITY = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"})


def open_client(region: str | None, endpoint: str | None, where: str) -> Any:
    """Return a client; OutputFailed when region or endpoint make none. No request is sent."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )
    try:
        return boto3.session.Session().client("s3", region_name=region, endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as cause:
        raise OutputFailed(f"{where}: cannot be reached ({cause}); set AWS_REGION") from cause


def code_of(cause: Exception) -> str:
    """Return the service's error code, or an empty text when it did not answer."""
    return str(cause.response.get("Error", {}).get("Code", "")) if isinstance(cause, ClientError) else ""


def explain(verb: str, where: str, cause: Exception) -> ProbityError:
    """Return the error for a request that failed for good: what, where, and what to do about it.

    A bucket that is not there is `BadInput`; missing rights and a service that does not answer are ours to mend.
    """
    code = code_of(cause)
    if code in NO_BUCKET:
        hint = "make it with infra/terraform, or correct audit.yaml"
        return BadInput(Problem("S001", "there is no such bucket", Place(where), hint))
    if code in NO_RIGHTS:
        advice = "the role lacks a right; compare it with infra/terraform and docs/storage.md"
    elif code in NO_IDENTITY or type(cause).__name__ in {"NoCredentialsError", "PartialCredentialsError"}:
        advice = "no valid AWS identity; it comes from the standard chain (environment, profile, role)"
    else:
        advice = f"tried at most {ATTEMPTS} times"
    return OutputFailed(f"cannot {verb} {where}: {cause}; {advice}")


def checksummed(data: bytes) -> dict[str, Any]:
    """Return a body with the SHA-256 that the service compares it with; buckets with a lock take no other requests.

    The algorithm is named as well: they ask for the header that says it.
    """
    checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return {"Body": data, "ChecksumAlgorithm": "SHA256", "ChecksumSHA256": checksum}
