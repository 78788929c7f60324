"""What the gathering campaign reads: vendors whose clock stands still, and a bucket of a trail; in another process."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.infra.anthropic_server import Vendor, activity
from tests.infra.digest_chain import BUCKET, REGION, START, Trail
from tests.infra.test_cloudtrail_bucket import api
from tests.infra.test_openai import EVENTS, KEY
from tests.infra.test_openai import event as openai_event
from tests.infra.test_statuspage import BEFORE, change, incident, update
from tests.vendor_server import Handler, Params, Reply, serving

NOW = datetime(2026, 10, 1, 15, tzinfo=UTC)
HOURS, ACTIVITIES = 12, 20


def still(handler: Handler) -> Handler:
    """Return the same vendor with a clock that shows when the audit is made."""

    def answer(path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        reply = handler(path, params, headers)
        return replace(reply, headers={"Date": format_datetime(NOW, usegmt=True), **reply.headers})

    return answer


def openai(path: str, params: Params, _: Mapping[str, str]) -> Reply:
    if path.endswith("data_retention"):
        return Reply({"type": "zero_data_retention"})
    if path.endswith("projects"):
        return Reply({"data": [{"id": f"proj_{n}", "residency": "EU_STORAGE"} for n in range(5)], "has_more": False})
    events = [*EVENTS, *(openai_event(n, KEY) for n in range(3, 13))]
    ids = [one["id"] for one in events]
    start = ids.index(dict(params)["after"]) + 1 if "after" in dict(params) else 0
    shown = events[start : start + 2]
    return Reply({"data": shown, "has_more": start + 2 < len(events), "last_id": shown[-1]["id"]})


def page(path: str, _: Params, __: Mapping[str, str]) -> Reply:
    moment = "2026-10-01T08:00:00.000Z"
    one = incident("i1", update(moment, change("operational", "major_outage")))
    lists: dict[str, Any] = {"incidents": [one, BEFORE], "scheduled_maintenances": [], "components": []}
    name = path.removeprefix("/api/v2/").removesuffix(".json").replace("-", "_")
    return Reply({"page": {"id": "p"}, name: lists[name]})


def bucket(address: str) -> None:
    """Deliver the hours of a trail."""
    client = boto3.client("s3", endpoint_url=address, region_name=REGION)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    trail = Trail(hours=HOURS)
    for key, body in trail.objects.items():
        signature = trail.signatures.get(key)
        named = {} if signature is None else {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        client.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=named)


def main() -> None:
    """Serve until standard input ends; the first line of output says where."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    s3.start()
    host, port = s3.get_host_and_port()
    bucket(f"http://{host}:{port}")
    status = {"IsLogging": True, "LatestDigestDeliveryTime": (START + timedelta(hours=HOURS, minutes=20)).timestamp()}
    vendor = Vendor([activity(n) for n in range(ACTIVITIES)], settings=[{"name": "sso_enabled", "value": True}])
    vendor.workspaces = [{"id": f"w{n}", "data_residency": {"workspace_geo": "eu"}} for n in range(5)]
    handlers = {
        "anthropic": vendor.answer,
        "openai": openai,
        "statuspage": page,
        "cloudtrail": api(GetTrailStatus=status),
    }
    with ExitStack() as stack:
        served = {name: stack.enter_context(serving(still(handler))).address for name, handler in handlers.items()}
        print(json.dumps({"s3": f"http://{host}:{port}", **served}), flush=True)
        sys.stdin.read()
    s3.stop()


if __name__ == "__main__":
    main()
