"""`iso27001-certification`: a valid, accredited ISO/IEC 27001 certificate covers entity and service."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks import sql
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.document_texts import SUSPENDED, speaks_of
from checks.kernels.document_valid import DocumentValid, Requirement, day_number
from checks.terms import add_months
from evidence.model import Assurance, Reason

SURVEILLANCE_MONTHS = 12
#: What certificates say where no accreditation body stands behind the certifier.
NO_BODY = ("-", "n/a", "no", "none", "not accredited", "unaccredited", "unknown")
_SUSPENDED = f"status IN {sql.texts(SUSPENDED)}"


class Iso27001Certification(Commitment):
    """The certificate is in force on every day, active on its register, and surveyed within twelve months."""

    kind: Literal["iso27001-certification"]
    edition: Literal["2013", "2022"] = Field(description='edition of ISO/IEC 27001, quoted: "2022"')
    accredited: bool = Field(description="whether the certification body must be accredited")

    title: ClassVar[str] = "ISO/IEC 27001 certificate is valid"
    needs: ClassVar[tuple[Need, ...]] = (Need("documents"),)
    remedy: ClassVar[Remedy] = Remedy(
        "DEFAULT", "cure period, then a right to terminate; controls that depend on the certificate become unproven"
    )
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(1),(5)",
        "GDPR 32(3)",
        "Regulation (EU) 2024/1773 8(2)-(3)",
        "ISO/IEC 27001:2022 A.5.35",
    )
    explanation: ClassVar[str] = (
        "The certificate must be issued to the vendor itself, by an accredited body, in the contracted edition, for "
        "the contracted service, and be in force on every day of the period, not only today. Its status must have been "
        "looked up on the register during or after the period, and its last surveillance audit (or its issue) must be "
        "at most twelve months before the period's last day. A suspension or withdrawal that touches the period breaks "
        "the promise; a predecessor certificate that was not supplied leaves it unproven."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"ISO/IEC 27001:{self.edition} certificate valid every day"

    def test(self) -> str:
        """Return what is compared."""
        return "Compared validity, register status, accreditation, edition, holder and scope with the audit period"

    def kernel(self, scope: Scope) -> DocumentValid:
        """Return the document kernel with what a certificate must say."""
        period = DocumentValid(scope, "", ("", ""), (), Assurance.AUDITED)
        first, last = period.first_day, period.last_day
        named = sql.text(f"iso%27001:{self.edition}%")
        edition = f"(edition = {sql.text(self.edition)} OR lower(edition) LIKE {named})"
        ours = f"{speaks_of(scope.services)} AND coalesce({edition}, true)"
        # A certifier that accredits itself is not accredited, nor is one that the holder accredits.
        stranger = f"lower(accreditation_body) <> lower(issuer) AND NOT {sql.same('accreditation_body', scope.vendor)}"
        body = f"lower(accreditation_body) NOT IN {sql.texts(NO_BODY)} AND {stranger}"
        accredited = body if self.accredited else "1 = 1"
        return DocumentValid(
            scope,
            kind="iso27001",
            covers=("issued_on", "expires_on"),
            assurance=Assurance.AUDITED,
            extra_violation=_ended(ours, first, last),
            extra_doubt=f"{ours} AND {_SUSPENDED} AND period_start IS NULL AND coalesce(period_end >= {first}, true)",
            weighs_status=True,
            requirements=_asked(scope, last, edition, accredited),
        )


def _asked(scope: Scope, last: int, edition: str, accredited: str) -> tuple[Requirement, ...]:
    surveyed = day_number(add_months(scope.period.end.date(), -SURVEILLANCE_MONTHS))
    return (
        Requirement("len(services) > 0", "unusable", Reason.UNREADABLE_ROWS),
        Requirement(speaks_of(scope.services), "violation", "service out of scope", True),
        Requirement(edition, "unusable", Reason.STALE),
        Requirement(accredited, "unusable", Reason.UNTRUSTED_EVIDENCE),
        Requirement("status IS NOT NULL AND status_checked_at IS NOT NULL", "unusable", Reason.NO_EVIDENCE),
        Requirement("status IN ('active', 'valid', 'expired')", "unusable", Reason.INCOMPLETE_COVERAGE),
        Requirement("last_day - first_day <= 1_200", "unusable", Reason.UNREADABLE_ROWS),
        Requirement(
            f"status_checked_at >= {last} * {sql.DAY} OR status_checked_at >= last_day * {sql.DAY}",
            "unusable",
            Reason.STALE,
        ),
        Requirement(
            f"status <> 'expired' OR last_day * {sql.DAY} <= status_checked_at",
            "unusable",
            Reason.CONTRADICTED,
        ),
        Requirement(
            f"coalesce(surveillance_audit_on, 0) * {sql.DAY} <= {scope.as_of}",
            "unusable",
            Reason.UNREADABLE_ROWS,
        ),
        Requirement(f"status_checked_at <= {scope.as_of}", "unusable", Reason.UNREADABLE_ROWS),
        Requirement(f"coalesce(surveillance_audit_on, issued_on) >= {surveyed}", "unusable", Reason.STALE),
    )


def _ended(ours: str, first: int, last: int) -> str:
    """Return the condition that a certificate of ours did not last: suspended, withdrawn unreplaced, or expired.

    A suspension that does not say when it began is known of the days on which it was seen or is said to have ended; a
    withdrawal is for good.
    """
    seen = f"CAST(floor(status_checked_at / {sql.DAY}) AS INTEGER)"
    suspended = (
        f"coalesce(period_start, least({seen}, period_end)) <= {last} "
        f"AND coalesce(period_end, CASE WHEN period_start IS NULL THEN {seen} ELSE {last} END) >= {first}"
    )
    withdrawn = f"coalesce(trusted.period_start, {seen.replace('status', 'trusted.status')})"
    replaced = (
        f"SELECT 1 FROM trusted AS o WHERE o.usable AND o.first_day <= greatest({first}, {withdrawn}) "
        f"AND o.last_day >= {last}"
    )
    return (
        f"({ours} AND {_SUSPENDED} AND {suspended}) "
        f"OR ({ours} AND status IN ('withdrawn', 'revoked', 'cancelled', 'canceled') AND {withdrawn} <= {last} "
        f"AND coalesce(period_end, {last}) >= {first} AND NOT EXISTS ({replaced})) "
        f"OR ({ours} AND status = 'expired' AND last_day < {last} AND last_day >= {first} AND NOT EXISTS (SELECT 1 "
        "FROM trusted AS o WHERE o.last_day > trusted.last_day AND o.first_day <= trusted.last_day + 1)) "
        f"OR ({ours} AND last_day < {first} AND NOT EXISTS (SELECT 1 FROM trusted AS o "
        f"WHERE o.record <> trusted.record AND o.last_day >= {first} AND o.first_day <= {last}))"
    )


COMMITMENT = Iso27001Certification
