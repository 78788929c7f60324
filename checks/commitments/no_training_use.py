"""`no-training-use`: customer content is not used to train or improve models."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.document_texts import contains_all, empty, offers, opinion_stands
from checks.kernels.document_valid import DocumentValid, Requirement, refused
from checks.kernels.signal_fusion import SignalFusion
from evidence.model import Assurance, Reason

Leg = Literal["attestation", "independent_report", "settings", "manifest", "canary"]

#: What a document must assert, word for word in its `assertions`.
ASSERTION = "no_training"
REPORT_MONTHS = 12


class NoTrainingUse(Commitment):
    """The vendor's attestation and a recent independent report support it; any contrary signal breaks it."""

    kind: Literal["no-training-use"]
    require: tuple[Leg, ...] = Field(
        min_length=1, description="legs that must be present; attestation and independent_report always are"
    )

    title: ClassVar[str] = "No training on customer content"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("documents"),
        Need("settings", required=False),
        Need("content_hashes", required=False),
        Need("training_manifest", required=False),
        Need("canary_probes", required=False),
        Need("access_events", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "material breach; stop sending data; demand deletion; assess whether a regulator must be told"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 5(1)(b)",
        "GDPR 28(3)(a), 28(10)",
        "DORA 30(2)(c)",
        "ISO/IEC 27001:2022 A.5.34",
        "SOC 2 P4.1",
    )
    explanation: ClassVar[str] = (
        "Nobody can prove from outside that content was not used; it can only be disproved. So one contrary signal "
        "breaks the promise: customer content or the customer itself in a training manifest, a setting that allowed "
        "training at any moment of the period, an access for training, a planted phrase the model knows, a bad audit "
        "opinion, a refused attestation. Met means: the vendor attests it for every day and every service without "
        "exceptions, an independent report at most twelve months old affirms it, and every required signal is there "
        "and clean. It is worth the attestation at best, and provisional for days after the report's period."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return "no training on customer content"

    def test(self) -> str:
        """Return what is fused."""
        legs = ", ".join(sorted({*self.require, "attestation", "independent_report"}))
        return f"Looked for any contrary signal and for every required leg: {legs}".replace("_", " ")

    def kernel(self, scope: Scope) -> SignalFusion:
        """Return the fusion of the attestation, the report and the signals."""
        says_so = Requirement(contains_all("assertions", (ASSERTION,)), "unusable", Reason.INCOMPLETE_COVERAGE)
        in_scope = Requirement(
            f"NOT {empty('services')} AND {offers(scope.services)}", "unusable", Reason.INCOMPLETE_COVERAGE
        )
        no_carve_out = Requirement(
            f"{empty('exceptions')} AND {empty('carve_outs')}", "unknown", Reason.INCOMPLETE_COVERAGE
        )
        attestation = DocumentValid(
            scope,
            kind="training-attestation",
            covers=("period_start", "period_end"),
            assurance=Assurance.ATTESTED,
            extra_violation=refused(scope),
            issued_by="holder",
            requirements=(says_so, in_scope, no_carve_out),
        )
        report = DocumentValid(
            scope,
            kind="audit-report",
            covers=("period_start", "period_end"),
            assurance=Assurance.AUDITED,
            carry_months=REPORT_MONTHS,
            requirements=(
                Requirement(opinion_stands(scope.services, ASSERTION), "violation", "qualified finding by the auditor"),
                Requirement("opinion = 'unqualified'", "unusable", Reason.UNTRUSTED_EVIDENCE),
                Requirement("issued_on >= last_day", "unusable", Reason.UNREADABLE_ROWS),
                says_so,
                in_scope,
                no_carve_out,
            ),
        )
        return SignalFusion(scope, tuple(self.require), attestation, report)


COMMITMENT = NoTrainingUse
