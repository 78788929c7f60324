"""`regulated-regime-compliance`: the regime that the work needs is in force, and nothing outside it is used."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.covered_use import CoveredUse
from checks.kernels.document_days import day_number
from checks.kernels.document_texts import BAD_STATUS, GOOD_STATUS, empty, leaves_out, opinion_stands, speaks_of
from checks.kernels.document_valid import DocumentValid, Requirement, replaced_throughout
from checks.kernels.document_versions import FAR
from checks.sql import DAY, texts
from evidence.model import Assurance, Reason

Service = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

#: What proves a regime: the kind of document, and whether the vendor itself signs it or somebody else issues it.
ARTEFACTS = {
    "hipaa": ("baa", True),
    "fedramp": ("fedramp-authorization", False),
    "fisma": ("ato", False),
    "pci-dss": ("pci-dss-attestation", False),
    "hitrust": ("hitrust-certification", False),
}


class RegulatedRegimeCompliance(Commitment):
    """The regime's document is in force on every day and names every service that was used."""

    kind: Literal["regulated-regime-compliance"]
    regime: Literal["hipaa", "fedramp", "fisma", "pci-dss", "hitrust"] = Field(
        description="hipaa (business associate agreement), fedramp, fisma (authority to operate), pci-dss or hitrust"
    )
    services: tuple[Service, ...] = Field(
        min_length=1, description="services and features that the regime must cover, as documents and usage name them"
    )

    title: ClassVar[str] = "The regulated regime covers what is used"
    needs: ClassVar[tuple[Need, ...]] = (Need("documents"), Need("feature_usage"), Need("usage_totals"))
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "suspend that use until it is covered")
    regulations: ClassVar[tuple[str, ...]] = (
        "HIPAA 45 CFR 164.504(e)",
        "FedRAMP Authorization Act (44 U.S.C. 3607-3616)",
        "ISO/IEC 27001:2022 A.5.31",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "A business associate agreement must be signed by the vendor itself; an authorisation, attestation of "
        "compliance or certification must come from somebody else. It counts from its issue to the day on which it "
        "expires; one without such a day counts if it was looked up after the period and found active. It breaks the "
        "promise when it ended in the period without a successor, or was suspended or ended early and no other one "
        "stands, and when a feature was used that no document names while one was in force: a signed agreement says "
        "nothing about features outside it. Features are compared word for word. Met needs a document for every "
        "service on every day, and feature use that accounts for every request an independent meter counted; one "
        "request may use several features, so a use that nobody recorded can stay unseen."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"{self.regime.upper()} in force for {', '.join(self.services)}"

    def test(self) -> str:
        """Return what is compared."""
        kind, _ = ARTEFACTS[self.regime]
        return f"Compared every {kind} with each day of the period and with each use of a feature"

    def kernel(self, scope: Scope) -> CoveredUse:
        """Return the document kernel joined with the features used; coverage is asked of the clause's services."""
        kind, own = ARTEFACTS[self.regime]
        narrowed = replace(scope, services=tuple(self.services))
        first = day_number(scope.period.start.date())
        plain = DocumentValid(narrowed, kind, ("issued_on", "expires_on"), (), Assurance.AUDITED)
        ended, doubted = _ended(plain, first, self.services)
        standing = (
            f"coalesce(status NOT IN {texts(BAD_STATUS)}, true) "
            f"OR (period_start > {plain.last_day} AND coalesce(period_end >= period_start, true))"
        )
        lasting = (
            f"last_day < {FAR} OR (status IN {texts(GOOD_STATUS)} AND status_checked_at >= {scope.end} "
            f"AND status_checked_at <= {scope.as_of})"
        )
        document = replace(
            plain,
            assurance=Assurance.ATTESTED if own else Assurance.AUDITED,
            extra_violation=ended,
            extra_doubt=doubted,
            weighs_status=True,
            issued_by="holder" if own else "another",
            endless=True,
            requirements=(
                Requirement(f"NOT {empty('services')}", "unusable", Reason.UNREADABLE_ROWS),
                Requirement(standing, "unusable", Reason.INCOMPLETE_COVERAGE),
                Requirement(lasting, "unusable", Reason.INCOMPLETE_COVERAGE),
                Requirement(speaks_of(self.services), "unusable", Reason.INCOMPLETE_COVERAGE),
                Requirement(empty("exceptions"), "unknown", Reason.INCOMPLETE_COVERAGE),
                Requirement(f"NOT {leaves_out(self.services)}", "unknown", Reason.INCOMPLETE_COVERAGE),
                Requirement(opinion_stands(self.services), "unknown", Reason.CONTRADICTED),
            ),
        )
        return CoveredUse(scope, document)


def _ended(plain: DocumentValid, first: int, services: tuple[str, ...]) -> tuple[str, str]:
    """Return the conditions that a document of ours ended in the period, and that it may have.

    It has not ended for sure while another one stands. It still may have, unless ones issued later stand on every day
    on which it may have: a notice that an agreement ended is a document of its own, and the agreement itself does not
    speak against it. Days that end before they begin are not known.
    """
    status_day = f"CAST(floor(status_checked_at / {DAY}) AS INTEGER)"
    inverted = "coalesce(period_end < period_start, false)"
    ours = f"main AND NOT {empty('services')} AND {speaks_of(services)}"
    stands = f"SELECT 1 FROM trusted AS o WHERE o.record <> trusted.record AND o.usable AND {plain.current('o.')}"
    replaced = replaced_throughout(
        services, f"greatest({first}, trusted.period_start)", f"least({plain.last_day}, trusted.period_end)"
    )
    stopped = (
        f"status IN {texts(BAD_STATUS)} AND NOT {inverted} "
        f"AND coalesce(period_start, {status_day}) <= {plain.last_day} "
        f"AND coalesce(period_end, {plain.last_day}) >= {first} AND {plain.current()} AND NOT EXISTS ({stands})"
    )
    # One of no stated kind may be the successor.
    successor = (
        "EXISTS (SELECT 1 FROM trusted AS o WHERE o.record <> trusted.record AND (o.main OR o.broken) "
        "AND coalesce(o.last_day > trusted.last_day, true) AND coalesce(o.first_day <= trusted.last_day + 1, true))"
    )
    touching = f"coalesce(period_start <= {plain.last_day}, true) AND coalesce(period_end >= {first}, true)"
    return (
        f"coalesce(useless, '') <> '{Reason.UNTRUSTED_EVIDENCE}' AND {ours} "
        f"AND (({stopped}) OR (last_day < {plain.last_day} AND NOT {successor}))",
        f"{ours} AND status IN {texts(BAD_STATUS)} AND (({touching}) OR {inverted}) AND NOT {replaced}",
    )


COMMITMENT = RegulatedRegimeCompliance
