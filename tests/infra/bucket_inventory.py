"""A bucket with inventories as S3 delivers them: lists, their manifest, and the manifest's checksum."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import boto3
import httpx
import pyarrow as pa
import pyarrow.parquet as pq

SOURCE, LISTS, REGION = "genai-logs", "inventory-lists", "eu-central-1"
ACCOUNT = "111122223333"
SCHEMA = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, EncryptionStatus"
PARQUET_SCHEMA = (
    "message s3.inventory { required binary bucket (STRING); required binary key (STRING); optional binary version_id "
    "(STRING); optional boolean is_latest; optional boolean is_delete_marker; optional int64 size; optional int64 "
    "last_modified_date (TIMESTAMP(MILLIS,true)); optional binary encryption_status (STRING);}"
)


def listed(key: str, modified: str, **changes: Any) -> dict[str, Any]:
    return {
        "Bucket": SOURCE,
        "Key": key,
        "VersionId": "",
        "IsLatest": "true",
        "IsDeleteMarker": "false",
        "Size": "12",
        "LastModifiedDate": modified,
        "EncryptionStatus": "SSE-KMS",
    } | changes


def as_csv(objects: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for one in objects:
        writer.writerow([quote_plus(value) if name == "Key" else value for name, value in one.items()])
    return gzip.compress(text.getvalue().encode(), mtime=0)


def as_parquet(objects: list[dict[str, Any]]) -> bytes:
    millis = pa.timestamp("ms", tz="UTC")
    table = pa.table(
        {
            "bucket": [one["Bucket"] for one in objects],
            "key": [one["Key"] for one in objects],
            "version_id": [one["VersionId"] or None for one in objects],
            "is_delete_marker": [one["IsDeleteMarker"] == "true" for one in objects],
            "size": [int(one["Size"]) for one in objects],
            "last_modified_date": pa.array(
                [datetime.fromisoformat(one["LastModifiedDate"]) for one in objects], millis
            ),
            "encryption_status": [one["EncryptionStatus"] for one in objects],
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


class World:
    """Two buckets, on a server or as boto3 finds them: the one with content, and the one that its lists go to."""

    def __init__(self, endpoint: str | None, versions: str = "All", form: str = "CSV", filtered: str = "") -> None:
        self.form = form
        self.s3 = boto3.client("s3", endpoint_url=endpoint, region_name=REGION)
        if endpoint is not None:
            httpx.post(f"{endpoint}/moto-api/reset")
        for name in (SOURCE, LISTS):
            self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        configuration: dict[str, Any] = {
            "Id": "daily",
            "IsEnabled": True,
            "IncludedObjectVersions": versions,
            "Schedule": {"Frequency": "Daily"},
            "Destination": {
                "S3BucketDestination": {"Bucket": f"arn:aws:s3:::{LISTS}", "Format": form, "Prefix": "lists"}
            },
        }
        if filtered:
            configuration["Filter"] = {"Prefix": filtered}
        self.s3.put_bucket_inventory_configuration(Bucket=SOURCE, Id="daily", InventoryConfiguration=configuration)

    def deliver(self, moment: datetime, objects: list[dict[str, Any]], **changes: Any) -> str:
        """Deliver one list and return its folder; `changes` replace values of its manifest."""
        data = as_csv(objects) if self.form == "CSV" else as_parquet(objects)
        name = f"lists/{SOURCE}/daily/data/{moment:%Y%m%d%H%M}.{'csv.gz' if self.form == 'CSV' else 'parquet'}"
        self.put(name, data)
        manifest = {
            "sourceBucket": SOURCE,
            "destinationBucket": f"arn:aws:s3:::{LISTS}",
            "version": "2016-11-30",
            "creationTimestamp": str(int(moment.timestamp() * 1000)),
            "fileFormat": self.form,
            "fileSchema": SCHEMA if self.form == "CSV" else PARQUET_SCHEMA,
            "files": [{"key": name, "size": len(data), "MD5checksum": hashlib.md5(data).hexdigest()}],
        } | changes
        folder = f"lists/{SOURCE}/daily/{moment.astimezone(UTC):%Y-%m-%dT%H-%MZ}"
        body = json.dumps(manifest).encode()
        self.put(f"{folder}/manifest.json", body)
        self.put(f"{folder}/manifest.checksum", hashlib.md5(body).hexdigest().encode())
        return folder

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=LISTS, Key=key, Body=body)

    def delivered(self, folder: str) -> datetime:
        """Return when the server took a manifest."""
        found: datetime = self.s3.head_object(Bucket=LISTS, Key=f"{folder}/manifest.json")["LastModified"]
        return found
