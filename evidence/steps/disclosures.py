"""Step 9: that disclosed personal values are those whose digests were sealed."""

from __future__ import annotations

from evidence import disclosure, manifest
from evidence.disclosure import MAX_DISCLOSURE_BYTES
from evidence.errors import BrokenDisclosure
from evidence.examination import Examination, NotRun
from evidence.layout import DISCLOSURES


def digests(examination: Examination) -> str:
    """Compare every disclosure with the sealed list of tokens; any number of them may have been deleted.

    1. the sealed list has its form; 2. so have the disclosures; 3. each is of a listed token, and its salt and value
    have that token. Not checked: that a listed token occurs in a table, which only reading the tables shows.
    """
    if not examination.has(manifest.PERSONAL):
        if examination.has(DISCLOSURES):
            raise BrokenDisclosure("DISCLOSURE_UNKNOWN", f"{DISCLOSURES}: nothing was disclosed when this was sealed")
        raise NotRun("NO_DISCLOSURES", "the bundle discloses no personal values")
    listed = disclosure.parse_list(examination.read(manifest.PERSONAL, MAX_DISCLOSURE_BYTES))  # 1
    there = examination.has(DISCLOSURES)
    found = disclosure.parse(examination.read(DISCLOSURES, MAX_DISCLOSURE_BYTES)) if there else ()  # 2
    disclosure.check(found, listed)  # 3
    if redacted := len(listed) - len(found):
        examination.proved.open.append(f"whom {redacted} of {len(listed)} disclosed tokens stand for: redacted since")
    return f"{len(found)} of {len(listed)} personal values disclosed at sealing are there and match"
