"""One bucket after the other: its settings, then its inventories, and a card that says what could not be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evidence.errors import LimitExceeded, SourceError
from infra.aws_answers import Answers
from infra.bucket_objects import Bucket, memory_of, refuse_region
from infra.bucket_settings import BucketSettings, Wanted, read_bucket
from infra.family_rows import FamilyRows
from infra.inventory_rows import InventoryReading
from infra.s3_inventory import chosen
from infra.source import Gathering, Source
from infra.tally import Tally

SETTINGS = ("encryption_keys", "processing_activity", "replication_configs", "settings", "storage_configs")


@dataclass(slots=True)
class BucketGathering:
    """What all buckets of one source share. `kms_in` gives a client of KMS in a region."""

    source: Source
    gathering: Gathering
    rows: FamilyRows
    s3: Any
    kms_in: Callable[[str], Any]

    def read(self, wanted: Wanted) -> None:
        """Gather one bucket; what cannot be had is on its card."""
        address = f"s3://{wanted.name}"
        answers = Answers(address, self.source, self.gathering)
        found = read_bucket(self.s3, self.kms_in, wanted, answers, self.gathering.observed)
        families: tuple[str, ...] = SETTINGS
        if wanted.content:
            families = (*SETTINGS, "data_lifecycle")
            try:
                self._inventories(wanted, found, answers)
            except (LimitExceeded, SourceError) as cause:
                answers.faults.append(str(cause))
        stored = answers.keep("probity.bucket/v1", bucket=wanted.name, system=wanted.system)
        for place, (family, row) in enumerate(found.rows):
            self.rows.add(family, row, artefact=stored.artefact, row=place)
        tally = Tally(address, self.gathering.limits)
        tally.rows = len(answers.answers)
        answers.card(stored, address, families, tally)

    def _inventories(self, wanted: Wanted, found: BucketSettings, answers: Answers) -> None:
        inventory = chosen(found.inventories, wanted.name, wanted.prefix)
        if inventory is None:
            answers.faults.append(f"no inventory lists s3://{wanted.name}/{wanted.prefix}: ages cannot be known")
            return
        gathering = self.gathering
        memory = memory_of(gathering.journals, "s3", inventory.destination)
        limit, owner = gathering.limits.log_object, inventory.account or wanted.account
        delivered = Bucket(self.s3, inventory.destination, gathering.locker, memory, limit, account=owner)
        refuse_region(delivered, gathering)
        reading = InventoryReading(
            self.source,
            gathering,
            self.rows,
            wanted,
            found.region,
            inventory,
            found.versioned,
        )
        if not reading.read(delivered):
            answers.faults.append(f"s3://{inventory.destination}/{inventory.below}: no inventory list of the period")
