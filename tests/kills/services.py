"""What the campaign's audits talk to: an authority that stamps, and S3 as moto imitates it, in a process of its own."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from tests.kills.places import LEDGER, LOCKED, PERSONAL, REGION
from tests.tsa_server import Unit, serving


def main(folder: Path) -> None:
    """Serve until standard input ends; the first line of output says where."""
    unit = Unit(folder / "tsa", "One Time", days=3650)
    s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    s3.start()
    host, port = s3.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name=REGION)
    place = {"LocationConstraint": REGION}
    client.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True, CreateBucketConfiguration=place)
    for name in (PERSONAL, LEDGER):
        client.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    turn = threading.Lock()  # the unit writes each request to the same file

    def answer(request: bytes) -> bytes:
        with turn:
            return unit.answer(request)

    with serving(answer) as authority:
        print(json.dumps({"s3": f"http://{host}:{port}", "authority": authority, "roots": str(unit.root)}), flush=True)
        sys.stdin.read()
    s3.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
