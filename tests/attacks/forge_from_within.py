"""What a careless or dishonest holder of the key could seal: rightly signed, wrong within."""

from __future__ import annotations

from evidence import dsse, manifest, references
from evidence.canonical import canonical_bytes, sha256_hex
from evidence.layout import STATEMENT
from evidence.manifest import EXPORTS, FINDINGS, REPORT, REPORT_PDF
from evidence.model import Status
from tests.attacks.parts import met, other_period, reseal, unpack, without
from tests.evidence import sealed


def seal_repeated_statement_key(good: bytes) -> bytes:
    payload = _payload(good).replace(b'"status":"breached"', b'"status":"met","status":"breached"')
    return reseal(unpack(good), payload=payload)


def seal_another_predicate(good: bytes) -> bytes:
    return reseal(unpack(good), payload=_payload(good).replace(b"contract-audit/v1", b"anything-at-all/v1"))


def seal_repeated_findings_key(good: bytes) -> bytes:
    findings = sealed.findings_bytes().replace(b'"status":"breached"}', b'"status":"met","status":"breached"}')
    return _sealed_with_findings(good, findings)


def seal_malformed_findings(good: bytes) -> bytes:
    return _sealed_with_findings(good, b'{"schema":"probity.audit/v1"}')


def seal_coerced_findings(good: bytes) -> bytes:
    return _sealed_with_findings(good, sealed.findings_bytes().replace(b'"version":3', b'"version":"3"'))


def seal_report_of_other_findings(good: bytes) -> bytes:
    return reseal(unpack(good) | {REPORT: met()[REPORT]})


def seal_pdf_of_other_findings(good: bytes) -> bytes:
    other = sha256_hex(sealed.findings_bytes(Status.MET))
    # The right hash is there as well, but not where the metadata names the findings.
    own = sha256_hex(sealed.findings_bytes())
    return reseal(unpack(good) | {REPORT_PDF: f"%PDF-1.7\n%{own}\n<pdf:Keywords>findings-sha256:{other}<".encode()})


def seal_export_of_other_findings(good: bytes) -> bytes:
    other = sha256_hex(sealed.findings_bytes(Status.MET))
    return reseal(unpack(good) | {EXPORTS["oscal"]: f'{{"value":"{other}"}}'.encode()})


def seal_better_status(good: bytes) -> bytes:
    return reseal(unpack(good), status=Status.MET, findings_sha256=sha256_hex(sealed.findings_bytes()))


def seal_status_above_findings(good: bytes) -> bytes:
    better = sealed.result().as_json() | {"status": "met"}
    return _sealed_with_findings(good, canonical_bytes(better), status=Status.MET)


def seal_another_period(good: bytes) -> bytes:
    return reseal(unpack(good), period={"from": "2025-05-01T00:00:00Z", "to": "2025-06-01T00:00:00Z"})


def seal_other_bag_info(good: bytes) -> bytes:
    return reseal(other_period(good))


def seal_unknown_artefact(good: bytes) -> bytes:
    cards = canonical_bytes([sealed.card().as_json() | {"artefact": "sha256:" + "b" * 64}])
    return reseal(unpack(good) | {manifest.CARDS: cards})


def seal_another_contract(good: bytes) -> bytes:
    return reseal(unpack(good) | {manifest.CONTRACT: b"max_age: 720h\n"})


def seal_malformed_cards(good: bytes) -> bytes:
    return reseal(unpack(good) | {manifest.CARDS: canonical_bytes([sealed.card().as_json()])[:-1] + b",]"})


def seal_repeated_card_key(good: bytes) -> bytes:
    card = canonical_bytes([sealed.card().as_json()]).replace(b'"size":10', b'"size":9,"size":10')
    return reseal(unpack(good) | {manifest.CARDS: card})


def seal_deep_findings(good: bytes) -> bytes:
    return _sealed_with_findings(good, b'{"a":' * 100_000 + b"1" + b"}" * 100_000)


def seal_findings_beyond_count(good: bytes) -> bytes:
    return _sealed_with_findings(good, b'{"findings":[' + b"{}," * 250_000 + b"{}]}")


def seal_findings_beyond_measure(good: bytes) -> bytes:
    return _sealed_with_findings(good, sealed.findings_bytes() + b" " * references.MAX_FINDINGS_BYTES)


def seal_number_beyond_measure(good: bytes) -> bytes:
    return _sealed_with_findings(good, sealed.findings_bytes().replace(b'"version":3', b'"version":3e999'))


def seal_half_a_character(good: bytes) -> bytes:
    """A lone surrogate, which JSON can spell and UTF-8 cannot."""
    return _sealed_with_findings(good, sealed.findings_bytes().replace(b"DPA 4.2", b"DPA \\ud800"))


def seal_without_findings(good: bytes) -> bytes:
    return reseal(without(good, FINDINGS))


def _payload(good: bytes) -> bytes:
    return dsse.parse(unpack(good)[STATEMENT]).payload


def _sealed_with_findings(good: bytes, findings: bytes, **facts: object) -> bytes:
    files = unpack(good) | {FINDINGS: findings, REPORT: sha256_hex(findings).encode()}
    return reseal(files, findings_sha256=sha256_hex(findings), **facts)
