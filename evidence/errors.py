"""The one error tree, ordered by cause; the class decides the exit code and whether to try again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mistake stands: a file and, when known, the 1-based line and column with the line's text."""

    file: str
    line: int | None = None
    column: int | None = None
    text: str = ""

    def __str__(self) -> str:
        """Render as `file`, `file:line` or `file:line:column`."""
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in an input: a stable code, what is wrong, where, and what to do about it."""

    code: str
    message: str
    place: Place
    hint: str = ""
    warning: bool = False

    def render(self) -> str:
        """Return the compiler-style text: headline, source line, caret and hint."""
        word = "warning" if self.warning else "error"
        lines = [f"{word}[{self.code}] {self.place}: {self.message}"]
        if self.place.text and self.place.line is not None:
            gutter = f"{self.place.line} | "
            lines.append(f"{gutter}{self.place.text}")
            if self.place.column is not None:
                lines.append(" " * (len(gutter) + self.place.column - 1) + "^" + (f" {self.hint}" if self.hint else ""))
                return "\n".join(lines)
        if self.hint:
            lines.append(f"   = {self.hint}")
        return "\n".join(lines)


class ProbityError(Exception):
    """Root of every error that a public function may raise."""

    exit_code = 5


class BadInput(ProbityError):
    """Somebody wrote an input wrong; carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        """Keep the problems in the order they were found."""
        super().__init__("\n".join(p.render() for p in problems))
        self.problems = problems


class SourceError(ProbityError):
    """A source of evidence could not be read; never a verdict about the vendor."""

    exit_code = 3


class Transient(SourceError):
    """Worth another attempt: time-out, throttling, a connection that broke."""


class Terminal(SourceError):
    """Another attempt would fail the same way."""


class LimitExceeded(ProbityError):
    """An untrusted input is larger, deeper or more numerous than its named limit."""

    exit_code = 3


class OutputFailed(ProbityError):
    """A result could not be written where it was asked for."""


class ReportFailed(OutputFailed):
    """A report could not be made; what it reports on is not touched by that."""


class NotDelivered(OutputFailed):
    """A message did not reach the service it was for; no text of it, no address and no secret is in the error."""


class Deferred(NotDelivered):
    """Worth another attempt: the service is away, busy or throttles; `wait` is the seconds that it asked for."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        """Keep how long the service asked to be left alone."""
        super().__init__(what)
        self.wait = wait


class Rejected(NotDelivered):
    """Another attempt would fail the same way: refused, malformed, or a credential that is not accepted."""


class Unminimised(OutputFailed):
    """What was to be sealed holds prompts, secrets or personal values; says where and of which kind, never what."""


class VerificationError(ProbityError):
    """A bundle, signature or stored evidence does not verify; `reason` is a stable code."""

    exit_code = 4

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the machine-readable reason beside the text."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class BadContainer(VerificationError):
    """The ZIP breaks the strict profile (step 1) or the exact file set (step 2)."""


class DigestMismatch(VerificationError):
    """A member's bytes do not have the digest the manifests name (step 3)."""


class BadSignature(VerificationError):
    """A seal is absent, malformed or not made by the pinned key (steps 5 to 7)."""


class BadTimestamp(VerificationError):
    """A time stamp is absent where required or does not verify (step 4)."""


class NotLogged(VerificationError):
    """The ledger proof is absent where required or does not verify (step 8)."""


class BrokenDisclosure(VerificationError):
    """A disclosed personal value is malformed, was not sealed, or does not match its sealed digest (step 9)."""


class BrokenReference(VerificationError):
    """Results name something that is not in the bundle, or disagree with each other (step 10)."""


class PolicyNotMet(VerificationError):
    """The bundle is intact but does not meet what the reader demands (step 11)."""


class BrokenCaseLog(VerificationError):
    """A breach case's log was altered, cut, reordered or written by a key that is not the engagement's."""


class StepRefused(VerificationError):
    """A step of a breach case that would bypass its second person, its approval or the text that was approved."""


class UnderHold(VerificationError):
    """Evidence that an open breach case rests on would be removed or redacted."""
