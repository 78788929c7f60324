"""`iso27001-certification`: a valid, accredited ISO/IEC 27001 certificate covers entity and service."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks import sql
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.document_days import day_number
from checks.kernels.document_texts import SUSPENDED, empty, leaves_out, opinion_stands, speaks_of
from checks.kernels.document_valid import DocumentValid, Requirement, replaced_throughout
from checks.terms import add_months
from evidence.model import Assurance, Reason

SURVEILLANCE_MONTHS = 12
#: What certificates say where no accreditation body stands behind the certifier.
NO_BODY = (
    *("-", "applied", "applied for", "in progress", "n/a", "na", "nil", "no", "nobody", "none", "not accredited"),
    *("not applicable", "pending", "self", "suspended", "tbd", "unaccredited", "unknown", "withdrawn"),
)
#: For good, as opposed to a suspension.
WITHDRAWN = ("canceled", "cancelled", "revoked", "withdrawn")
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
        # A certifier that accredits itself is not accredited, nor is one that the holder accredits. Where either name
        # holds the other, both are of one house.
        stranger = (
            "NOT contains(lower(issuer), lower(accreditation_body)) "
            "AND NOT contains(lower(accreditation_body), lower(issuer)) "
            f"AND NOT {sql.same('accreditation_body', scope.vendor)} "
            f"AND NOT {sql.bears_name_of('accreditation_body', scope.vendor)}"
        )
        body = f"lower(accreditation_body) NOT IN {sql.texts(NO_BODY)} AND {stranger}"
        accredited = body if self.accredited else "1 = 1"
        return DocumentValid(
            scope,
            kind="iso27001",
            covers=("issued_on", "expires_on"),
            assurance=Assurance.AUDITED,
            extra_violation=_ended(ours, first, last),
            extra_doubt=_doubted(scope, self.edition, first, last),
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
        Requirement(opinion_stands(scope.services), "unknown", Reason.CONTRADICTED),
        Requirement(empty("exceptions"), "unknown", Reason.INCOMPLETE_COVERAGE),
        Requirement(f"NOT {leaves_out(scope.services)}", "unknown", Reason.INCOMPLETE_COVERAGE),
        Requirement(f"coalesce(surveillance_audit_on, issued_on) >= {surveyed}", "unusable", Reason.STALE),
    )


#: The day on which a register was looked up.
_SEEN = f"CAST(floor(trusted.status_checked_at / {sql.DAY}) AS INTEGER)"
_SINCE = f"coalesce(trusted.period_start, {_SEEN})"
_INVERTED = "coalesce(period_end < period_start, false)"


def _doubted(scope: Scope, edition: str, first: int, last: int) -> str:
    """Return the condition that a certificate may be ours and may not have lasted, though nobody can say so for sure.

    It may be ours unless it names another edition. Where a suspension begins is not stated, or its days end before they
    begin, it may touch the period. A withdrawal, or an expiry before its day, is of the certificate that we were shown
    unless later ones stand on every day from then on; a withdrawal is for good, whenever it is said to have ended.
    """
    others = " OR ".join(f"edition LIKE '%{other}%'" for other in ("2005", "2013", "2022") if other != edition)
    ours = f"{speaks_of(scope.services)} AND coalesce(edition LIKE '%{edition}%' OR NOT ({others}), true)"
    touching = f"coalesce(period_start <= {last}, true) AND coalesce(period_end >= {first}, true)"
    replaced = replaced_throughout(scope.services, f"greatest({first}, {_SINCE})", str(last))
    early = f"status = 'expired' AND coalesce(last_day > {_SEEN}, true)"
    gone = (
        f"(status IN {sql.texts(WITHDRAWN)} OR ({early})) AND coalesce({_SINCE} <= {last}, true) "
        f"AND (status IN {sql.texts(WITHDRAWN)} OR coalesce(period_end >= {first}, true))"
    )
    return (
        f"({ours} AND (({_SUSPENDED} AND (({touching}) OR {_INVERTED})) "
        f"OR ((({gone}) OR (status IN {sql.texts(WITHDRAWN)} AND {_INVERTED})) AND NOT {replaced})))"
    )


def _ended(ours: str, first: int, last: int) -> str:
    """Return the condition that a certificate of ours did not last: suspended, withdrawn unreplaced, or expired.

    A suspension that does not say when it began is known of the days on which it was seen or is said to have ended; a
    withdrawal is for good. A successor whose days cannot be read, or that cannot be believed, may be one.
    """
    suspended = (
        f"coalesce(period_start, least({_SEEN}, period_end)) <= {last} "
        f"AND coalesce(period_end, CASE WHEN period_start IS NULL THEN {_SEEN} ELSE {last} END) >= {first}"
    )
    other = "SELECT 1 FROM trusted AS o WHERE o.record <> trusted.record"
    begun = f"greatest({first}, {_SINCE})"
    replaced = (
        f"{other} AND o.wrong_sort IS NULL AND coalesce(o.status NOT IN {sql.texts((*SUSPENDED, *WITHDRAWN))}, true) "
        f"AND coalesce(o.useless, '') <> '{Reason.STALE}' "
        f"AND coalesce(o.first_day <= {begun}, true) AND coalesce(o.last_day >= {begun}, true)"
    )
    followed = (
        f"{other} AND coalesce(o.last_day > trusted.last_day, true) "
        "AND coalesce(o.first_day <= trusted.last_day + 1, true)"
    )
    standing = f"{other} AND coalesce(o.last_day >= {first}, true) AND coalesce(o.first_day <= {last}, true)"
    return (
        f"({ours} AND NOT {_INVERTED} AND (({_SUSPENDED} AND {suspended}) "
        f"OR (status IN {sql.texts(WITHDRAWN)} AND {_SINCE} <= {last} "
        f"AND coalesce(period_end, {last}) >= {first} AND NOT EXISTS ({replaced})) "
        f"OR (status = 'expired' AND last_day < {last} AND last_day >= {first} AND NOT EXISTS ({followed})) "
        f"OR (last_day < {first} AND NOT EXISTS ({standing}))))"
    )


COMMITMENT = Iso27001Certification
