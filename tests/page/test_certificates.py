"""The page reads certificates and revocation lists of its own: it judges them as the library of the program does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from evidence.sealing import CadesSeal, DsseSeal, KeyCopies, RevocationData
from evidence.signer import LocalSigner
from evidence.trust import load_trust
from evidence.verify import verify
from infra.cades import CadesMaker
from tests.attacks.again import sealed_by
from tests.evidence import doubly, pki, sealed
from tests.evidence.test_certificates import AUTHORITY, DOCUMENTS, ISSUES, NOW, SERVERS, SIGNS, TIME, Extension, usage
from tests.evidence.test_revocation import scope
from tests.page.browser import VerifyPage, chromium, needs_chromium

pytestmark = needs_chromium

OID = x509.ObjectIdentifier
UNKNOWN = x509.UnrecognizedExtension(OID("1.3.6.1.4.1.99999.1"), b"\x05\x00")
POLICIES = x509.CertificatePolicies([x509.PolicyInformation(OID("2.5.29.32.0"), None)])
DNS = x509.DNSName("ca.example")
ACCESS = x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, DNS)])
NAMED = x509.AuthorityKeyIdentifier(b"x" * 20, [DNS], 7)
SITE = x509.SubjectAlternativeName([x509.DNSName("www.ca.example")])
UNCOMPARED = "name constraints over a name"
LIMITED = x509.NameConstraints([DNS], None)


@dataclass
class Plan:
    """What a chain of three and its lists look like; the default is one that holds."""

    root: list[Extension] = field(default_factory=lambda: [AUTHORITY, ISSUES])
    issuing: list[Extension] = field(default_factory=lambda: [AUTHORITY, ISSUES])
    own: list[Extension] = field(default_factory=lambda: [SIGNS, (DOCUMENTS, False)])
    root_key: object = field(default_factory=lambda: pki.key(0xC1))
    issuing_key: object = field(default_factory=lambda: pki.key(0xC2))
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    rsa_padding: object = None
    scope: x509.ExtensionType | None = None


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
PLANS = {
    "plain": Plan,
    "path length 0 above the last": lambda: Plan(issuing=[(x509.BasicConstraints(True, 0), True), ISSUES]),
    "path length 0 at the root": lambda: Plan(root=[(x509.BasicConstraints(True, 0), True), ISSUES]),
    "constraints not critical": lambda: Plan(issuing=[(x509.BasicConstraints(True, None), False), ISSUES]),
    "no constraints": lambda: Plan(issuing=[ISSUES]),
    "issuer that may not issue": lambda: Plan(issuing=[AUTHORITY, usage("crl_sign")]),
    "issuer that may not sign lists": lambda: Plan(issuing=[AUTHORITY, usage("key_cert_sign")]),
    "issuer without key usage": lambda: Plan(issuing=[AUTHORITY]),
    "issuer for documents": lambda: Plan(issuing=[AUTHORITY, ISSUES, (DOCUMENTS, False)]),
    "issuer for time": lambda: Plan(issuing=[AUTHORITY, ISSUES, (TIME, False)]),
    "issuer of servers": lambda: Plan(issuing=[AUTHORITY, ISSUES, (SERVERS, False)]),
    "issuer named by serial": lambda: Plan(issuing=[AUTHORITY, ISSUES, (NAMED, False)]),
    "critical access": lambda: Plan(issuing=[AUTHORITY, ISSUES, (ACCESS, True)]),
    "unknown extension": lambda: Plan(issuing=[AUTHORITY, ISSUES, (UNKNOWN, False)]),
    "unknown critical extension": lambda: Plan(issuing=[AUTHORITY, ISSUES, (UNKNOWN, True)]),
    "critical policies": lambda: Plan(issuing=[AUTHORITY, ISSUES, (POLICIES, True)]),
    "unknown critical extension of its own": lambda: Plan(own=[SIGNS, (UNKNOWN, True)]),
    "own without key usage": lambda: Plan(own=[(DOCUMENTS, False)]),
    "own for agreement": lambda: Plan(own=[usage("key_agreement")]),
    "own of servers": lambda: Plan(own=[SIGNS, (SERVERS, False)]),
    "own is an authority": lambda: Plan(own=[SIGNS, AUTHORITY]),
    "name constraints over no name": lambda: Plan(issuing=[AUTHORITY, ISSUES, (LIMITED, True)]),
    UNCOMPARED: lambda: Plan(
        issuing=[AUTHORITY, ISSUES, (LIMITED, True)], own=[SIGNS, (DOCUMENTS, False), (SITE, False)]
    ),
    "P-384": lambda: Plan(issuing_key=ec.generate_private_key(ec.SECP384R1()), digest=hashes.SHA384()),
    "P-521": lambda: Plan(root_key=ec.generate_private_key(ec.SECP521R1()), digest=hashes.SHA512()),
    "RSA": lambda: Plan(root_key=rsa_key(2048), issuing_key=rsa_key(3072), digest=hashes.SHA512()),
    "RSA-PSS": lambda: Plan(root_key=rsa_key(2048), issuing_key=rsa_key(2048), rsa_padding=PSS),
    "short RSA": lambda: Plan(issuing_key=rsa_key(1024)),
    "weak digest": lambda: Plan(root_key=rsa_key(2048), digest=hashes.SHA224()),
    "lists of users": lambda: Plan(scope=scope(only_contains_user_certs=True)),
    "lists of authorities": lambda: Plan(scope=scope(only_contains_ca_certs=True)),
    "lists of other places": lambda: Plan(scope=scope(full_name=[DNS])),
    "indirect lists": lambda: Plan(scope=scope(indirect_crl=True)),
    "delta lists": lambda: Plan(scope=x509.DeltaCRLIndicator(1)),
}


def name(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'A, "B"'), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def issue(plan: Plan, subject: str, key: object, issuer: str, issuer_key: object, extensions: list[Extension]):
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=30 * 365))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, plan.digest, rsa_padding=_padding(plan, issuer_key))


def _padding(plan: Plan, key: object) -> object:
    return plan.rsa_padding if isinstance(key, rsa.RSAPrivateKey) else None


def list_of(plan: Plan, issuer: str, key: object) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder().issuer_name(name(issuer)).last_update(NOW)
    builder = builder.next_update(NOW + timedelta(days=400))
    if plan.scope is not None:
        builder = builder.add_extension(plan.scope, critical=True)
    return builder.sign(key, plan.digest, rsa_padding=_padding(plan, key))


def bundle_of(good: bytes, plan: Plan) -> tuple[bytes, x509.Certificate]:
    """Return a bundle sealed below such a chain, and the root."""
    own_key = pki.key(0xC3)
    root = issue(plan, "root", plan.root_key, "root", plan.root_key, plan.root)
    between = issue(plan, "issuing", plan.issuing_key, "root", plan.root_key, plan.issuing)
    own = issue(plan, "own", own_key, "issuing", plan.issuing_key, plan.own)
    lists = [list_of(plan, "root", plan.root_key), list_of(plan, "issuing", plan.issuing_key)]
    steps = (
        CadesSeal(CadesMaker(LocalSigner(own_key), (own, between, root))),
        DsseSeal((sealed.SIGNER, doubly.ML_DSA)),
        KeyCopies(sealed.SIGNER, doubly.ML_DSA),
        RevocationData(lambda: lists),
    )
    return sealed_by(good, steps), root


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """A bundle and the trust folder of a reader who pins its root, by name."""
    folder = tmp_path_factory.mktemp("chains")
    made, good = {}, doubly.seal_bytes()
    for number, (what, plan) in enumerate(PLANS.items()):
        bundle, root = bundle_of(good, plan())
        (folder / f"{number}.zip").write_bytes(bundle)
        (folder / f"{number}").mkdir()
        held = doubly.without(doubly.trust(time="local-clock"), seal_roots=(root,), tsa_roots=())
        made[what] = folder / f"{number}.zip", doubly.write_trust(folder / f"{number}", held)
    return made


@pytest.fixture(scope="module")
def page(cases: dict[str, tuple[Path, Path]]) -> Iterator[VerifyPage]:
    assert cases  # sealed before there is a browser
    with chromium() as browser:
        yield VerifyPage(browser)


def test_page_judges_certificates_as_the_program_does(page: VerifyPage, cases: dict[str, tuple[Path, Path]]) -> None:
    answers = {}
    for what, (bundle, trust) in cases.items():
        if what == UNCOMPARED:
            continue
        expected = verify(bundle, load_trust(trust), at=doubly.NOW).as_json()
        found = page.verify(bundle.read_bytes(), trust, doubly.NOW)[1]
        parts = [
            [*((s["step"], s["reason"]) for s in r["steps"]), r["verified"], r["signers"]] for r in (expected, found)
        ]
        answers[what] = (expected["reason"], parts[0] == parts[1])
    assert {what for what, (_, agree) in answers.items() if not agree} == set()
    assert {reason for reason, _ in answers.values()} == {None, "SIGNER_UNTRUSTED", "REVOCATION_MISSING"}
    assert answers["plain"][0] is None


def test_what_the_page_cannot_compare_is_partly_verified_at_best(
    page: VerifyPage, cases: dict[str, tuple[Path, Path]]
) -> None:
    bundle, trust = cases[UNCOMPARED]
    answer, found = page.verify(bundle.read_bytes(), trust, doubly.NOW)
    assert (answer, found["verified"], found["audit"]) == ("partly", False, None)
    assert [s["step"] for s in found["steps"] if s["reason"] == "NOT_CHECKED_HERE"] == [5]
