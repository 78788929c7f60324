"""`zero-data-retention`: content is not stored beyond its processing."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.feature_eligibility import READ_ON
from checks.kernels.document_texts import contains_all, empty, offers
from checks.kernels.document_valid import DocumentValid, Requirement, refused
from checks.kernels.retention_mode import RetentionMode
from checks.terms import Exact
from evidence.model import Assurance, Reason

#: What the attestation must assert, word for word in its `assertions`.
ASSERTION = "no_retention"
Stated = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
ContentClass = Literal["prompt", "output", "derived", "metadata"]


class ZeroDataRetention(Commitment):
    """The mode is on wherever the contract says, and neither a record nor a feature shows that content was kept."""

    kind: Literal["zero-data-retention"]
    scopes: tuple[Stated, ...] = Field(min_length=1, description="organisations, workspaces or projects in the mode")
    snapshot_every: Exact = Field(description="how far apart two looks at the setting may lie, such as 24h; allowed")
    content: tuple[ContentClass, ...] = Field(min_length=1, description="content classes that must not be stored")
    eligibility: Literal["anthropic"] = Field(description="whose published list of eligible features applies")
    accepted: tuple[Stated, ...] = Field(default=(), description="features that the contract lets keep content")

    title: ClassVar[str] = "Nothing is kept beyond processing"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("settings"),
        Need("feature_usage"),
        Need("usage_totals"),
        Need("documents"),
        Need("data_lifecycle", required=False),
        Need("system_inventory", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT",
        "material-breach notice; demand deletion and a certificate; triage as an incident if personal data was kept; "
        "count toward termination",
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 5(1)(c),(e)",
        "GDPR 25",
        "GDPR 28(3)(a),(g)",
        "DORA 30(2)(c)",
        "ISO/IEC 27001:2022 A.8.10",
        "SOC 2 C1.1, C1.2",
    )
    explanation: ClassVar[str] = (
        "A stored record of any age at all, a snapshot that shows the mode off, or the use of a feature that is not "
        f"eligible for it breaks the promise. Features are looked up in the vendor's list as of {READ_ON}; one that "
        "is not listed or eligible only within limits, and a model that keeps content all the same, leave it unproven "
        "unless the contract accepts the feature. Met needs snapshots of every scope at most so far apart, feature use "
        "that explains every request an independent meter counted, and the vendor's attestation of `no_retention` for "
        "every day, without exceptions: no scan sees its logs and backups. It is worth that attestation at best."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"no {' or '.join(self.content)} stored beyond processing"

    def test(self) -> str:
        """Return what is looked at."""
        return (
            f"Looked at every snapshot of the mode, every use of a feature against the list of {READ_ON}, every stored "
            "record, and the vendor's attestation"
        )

    def kernel(self, scope: Scope) -> RetentionMode:
        """Return the retention-mode kernel with what the attestation must say."""
        attestation = DocumentValid(
            scope,
            kind="retention-attestation",
            covers=("period_start", "period_end"),
            assurance=Assurance.ATTESTED,
            extra_violation=refused(scope),
            issued_by="holder",
            requirements=(
                Requirement(contains_all("assertions", (ASSERTION,)), "unusable", Reason.INCOMPLETE_COVERAGE),
                Requirement(
                    f"NOT {empty('services')} AND {offers(scope.services)}", "unusable", Reason.INCOMPLETE_COVERAGE
                ),
                Requirement(empty("exceptions"), "unknown", Reason.INCOMPLETE_COVERAGE),
            ),
        )
        return RetentionMode(
            scope, self.scopes, self.snapshot_every, self.content, self.eligibility, self.accepted, attestation
        )


COMMITMENT = ZeroDataRetention
