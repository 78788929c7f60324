"""CycloneDX attestations (CDXA, ECMA-424): who attests which requirement, with which claims against it.

Each attestation of `declarations` becomes a row of `documents` of kind `attestation`. A requirement with a
counter-claim, or with a conformance below 1, is an exception and never an assertion. Signatures inside the file (JSF)
are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from evidence.model import instant_text
from infra.strict_json import Decoder, NotJson
from infra.web.listed import object_of, text_of

MAX_ATTESTATIONS = 1_000


def attestation_rows(data: bytes, name: str, received: datetime) -> Iterator[dict[str, Any]]:
    """Yield a row for each attestation of a file; `ValueError` for what is no CycloneDX file with attestations."""
    try:
        found = object_of(Decoder().decode(data.decode()))
    except (NotJson, UnicodeDecodeError):
        raise ValueError("is no JSON") from None
    if found.get("bomFormat") != "CycloneDX":
        raise ValueError("is no CycloneDX file")
    declared = object_of(found.get("declarations"))
    attestations = declared.get("attestations")
    if not isinstance(attestations, list) or not 0 < len(attestations) <= MAX_ATTESTATIONS:
        raise ValueError("has no attestations")
    assessors = _by_reference(declared.get("assessors"))
    targets = object_of(declared.get("targets") or {})
    holders = _by_reference(targets.get("organizations"))
    claims = _by_reference(declared.get("claims"))
    serial = found.get("serialNumber") or name
    stamped = object_of(found.get("metadata") or {}).get("timestamp")
    for number, stated in enumerate(map(object_of, attestations), start=1):
        assessor = assessors.get(str(stated.get("assessor")), {})
        kept, refused, holder = _requirements(stated, claims, holders)
        yield {
            "document_id": f"{serial}#{number}",
            "kind": "attestation",
            "issuer": object_of(assessor.get("organization") or {}).get("name"),
            "holder_entity": holder,
            "services": [],
            "issued_on": str(stamped)[:10] if stamped else None,
            "assertions": kept,
            "exceptions": refused,
            "file": name,
            "received_at": instant_text(received),
        }


def _by_reference(listed: Any) -> dict[str, Mapping[str, Any]]:
    if not isinstance(listed, list):
        return {}
    return {str(one["bom-ref"]): one for one in listed if isinstance(one, dict) and "bom-ref" in one}


def _requirements(
    stated: Mapping[str, Any], claims: Mapping[str, Mapping[str, Any]], holders: Mapping[str, Mapping[str, Any]]
) -> tuple[list[str], list[str], str | None]:
    kept: list[str] = []
    refused: list[str] = []
    named: set[str] = set()
    listed = stated.get("map")
    for entry in map(object_of, listed if isinstance(listed, list) else []):
        requirement = text_of(entry, "requirement")
        score = object_of(entry.get("conformance") or {}).get("score")
        whole = not entry.get("counterClaims") and type(score) in {int, float} and score == 1
        (kept if whole else refused).append(requirement)
        claimed = entry.get("claims")
        for reference in claimed if isinstance(claimed, list) else ():
            target = str(claims.get(str(reference), {}).get("target"))
            named.add(str(holders.get(target, {}).get("name", target)))
    return kept, refused, named.pop() if len(named) == 1 else None
