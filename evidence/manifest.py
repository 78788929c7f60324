"""BagIt (RFC 8493) tag files and manifests in one exact form, and the file set they must account for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from evidence.errors import BadContainer
from evidence.layout import check_parts
from evidence.zip_profile import name_fault

DATA = "data/"
DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
INSTRUCTIONS = "VERIFY.md"
FINDINGS, CARDS, REPORT = "data/results/findings.json", "data/evidence/cards.json", "data/report.html"
PERSONAL = "data/evidence/personal.txt"  # the tokens whose values were disclosed when the bundle was sealed
CONTRACT = "data/contract/contract.yaml"
REPORT_PDF = "data/report.pdf"
EXPORTS = {"oscal": "data/results/assessment-results.json", "ocsf": "data/results/ocsf.jsonl"}
FINDINGS_IN_PDF = "findings-sha256:"  # how the PDF's metadata, which is never compressed, names the findings

TAG_FILES = tuple(sorted((DECLARATION, INFO, MANIFEST, INSTRUCTIONS)))  # what the tag manifest lists, all of it
DECLARATION_BYTES = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"  # RFC 8493 section 2.1.1
MAX_MANIFEST_BYTES = 4 * 1024 * 1024

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)", re.ASCII)


def render(digests: Mapping[str, str]) -> bytes:
    """Return manifest lines `<sha256>  <path>`, sorted by path (RFC 8493 sections 2.1.3 and 2.2.1)."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode("ascii")


def parse(data: bytes, file: str) -> dict[str, str]:
    """Return path → digest; BadContainer unless the bytes are exactly what `render` writes for the same content.

    The grammar admits no comment, no `*`, no escape and no second spelling: `sha256sum -c` reads the same lines.
    """
    digests: dict[str, str] = {}
    for number, line in enumerate(data.decode("ascii", "backslashreplace").split("\n")[:-1], start=1):
        match = _LINE.fullmatch(line)
        if match is None or name_fault(match[2]) or match[2] in digests:
            raise BadContainer("MANIFEST_GRAMMAR", f"{file} line {number}: not '<sha256>  <path>', or a path repeated")
        digests[match[2]] = match[1]
    if not digests or render(digests) != data:
        raise BadContainer("MANIFEST_GRAMMAR", f"{file}: empty, unsorted, or not ended by one newline")
    return digests


def check_file_set(present: Iterable[str], payload: Iterable[str], tags: Iterable[str]) -> int:
    """Compare the members with the manifests and return how many there must be (BUNDLE.md step 2).

    1. the payload manifest lists files below data/ only; 2. the tag manifest lists exactly the four tag files;
    3. nothing that the manifests list is missing; 4. whatever else is there is a known part of a bundle and complete.
    """
    payload, members = set(payload), set(present)
    if stray := sorted(name for name in payload if not name.startswith(DATA)):  # 1
        raise BadContainer("MANIFEST_GRAMMAR", f"{MANIFEST}: {stray[0]} is not below {DATA}")
    if sorted(tags) != list(TAG_FILES):  # 2
        raise BadContainer("MANIFEST_GRAMMAR", f"{TAG_MANIFEST}: must list exactly {', '.join(TAG_FILES)}")
    expected = payload | {*TAG_FILES, TAG_MANIFEST}
    if missing := sorted(expected - members):  # 3
        raise BadContainer("MISSING_MEMBER", missing[0])
    check_parts(members - expected)  # 4
    return len(members)
