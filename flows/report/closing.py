"""The last two sections: what was covered and what not, and how the report can be checked."""

from __future__ import annotations

from evidence.model import Assurance
from flows.report import words
from flows.report.passage import Definition, Line, Span, line, span
from flows.report.sections import rests_on_word
from flows.report.subject import ReportSubject

MAX_LISTED = 900


def scope(subject: ReportSubject) -> list[Definition]:
    """Return contract, parties, period, method, the worth of evidence and the stated limits."""
    result, reference = subject.result, subject.result.contract
    name, run = span(reference.id, "id"), span(subject.run, "id")
    title, version = span(subject.contract_title, most=MAX_LISTED), f" version {reference.version}, file SHA-256 "
    services = span(", ".join(subject.services) or "none named", most=MAX_LISTED)
    parties = (subject.customer, " (customer) and ", span(subject.vendor, "name"), " (vendor); services: ", services)
    start, end = words.utc(result.period.start), words.utc(result.period.end)
    judged = f"; judged on what was known at {words.utc(result.as_of)}"
    method = "Each record of the full population is classified, none is sampled; "
    with_what = span(f"{subject.engine}, {subject.tool}", most=MAX_LISTED)
    return [
        Definition("Contract", line(title, ", ", name, version, span(reference.sha256, "digest"))),
        Definition("Parties", line(*parties, "; term: ", subject.term)),
        Definition("Period", line(f"{start} up to, but not including, {end}{judged}", most=MAX_LISTED)),
        Definition("Method", line(method, with_what, ", run ", run)),
        Definition("What evidence is worth", _worth()),
        Definition("On the vendor's word", _word_only(subject)),
        _limits(subject),
    ]


def _worth() -> Line:
    said: list[str | Span] = []
    for place, (assurance, meaning) in enumerate((a, words.ASSURANCE[a]) for a in Assurance):
        said += [*(["; "] if place else []), span(assurance.value, "strong"), f": {meaning}"]
    return line(*said, ". Weakest first; a finding is worth its weakest link.")


def _word_only(subject: ReportSubject) -> Line:
    some = rests_on_word(subject.result)
    if not some:
        return line("No result rests on the vendor's word alone.")
    said: list[str | Span] = []
    for place, finding in enumerate(some):
        grade = f" ({finding.assurance.value})" if finding.assurance else ""
        said += [*([", "] if place else []), span(finding.commitment, "id"), grade]
    return line(*said, f" rest{'s' if len(some) == 1 else ''} on nothing better than the vendor's own word.")


def _limits(subject: ReportSubject) -> Definition:
    points = tuple(span(limit, most=MAX_LISTED).text for limit in subject.limits)
    return Definition("Not shown", line() if points else line("No limit was stated."), points)


def proves_nothing(what: str, sealed: bool = False) -> str:
    """Return what a report is worth outside its bundle."""
    alone = "nothing by itself" if not sealed else "by itself no more than its own seal does: who issued it"
    return (
        f"This {what} proves {alone}. It is evidence only inside its bundle, and only if the bundle verifies against "
        "keys that reached you by another channel."
    )


def seal(subject: ReportSubject) -> list[Definition]:
    """Return who seals the bundle, when, and the commands that check it."""
    bundle = subject.bundle
    verify = span(f"probity verify {bundle} --trust TRUST", "code", MAX_LISTED)
    alone = span(f"python -m evidence verify {bundle} --trust TRUST", "code", MAX_LISTED)
    seals, times = (words.SEALS, subject.seal_level), (words.TIMES, subject.time_level)
    seal_level, time_level = (span(known.get(level, level), most=MAX_LISTED) for known, level in (seals, times))
    return [
        Definition("Findings SHA-256", line(span(subject.findings_sha256, "digest"))),
        Definition("To be signed by", line(subject.signer, most=MAX_LISTED)),
        Definition("Seal", line(seal_level)),
        Definition("Time", line(time_level)),
        Definition("Check the bundle", line(verify, " or, with the small install, ", alone)),
    ]


def page_check(subject: ReportSubject) -> Definition:
    """Return how the HTML report is compared with the findings."""
    command = f"unzip -p {subject.bundle} data/results/findings.json | sha256sum"
    return Definition("Check this page", line(span(command, "code", MAX_LISTED), " prints the digest above"))


def judge_again(subject: ReportSubject) -> Definition:
    """Return how the findings are reached again."""
    command = span(f"probity replay {subject.bundle}", "code", MAX_LISTED)
    return Definition("Judge again", line(command, " reaches the same findings from the sealed evidence"))


def file_checks(subject: ReportSubject) -> list[Definition]:
    """Return who sealed the PDF itself, what is attached to it, and how it is compared with the findings."""
    reader = span("pdfsig report.pdf", "code")
    sealed = line(
        "PAdES, certified: no change is allowed; by the certificate of ",
        span(subject.pdf_seal, most=MAX_LISTED),
        ". A PDF reader that trusts its root checks it, or ",
        reader,
    )
    unsealed = line(
        "none: no seal certificate is configured, so that only the bundle vouches for this file", most=MAX_LISTED
    )
    detach = span("pdfdetach -saveall report.pdf; sha256sum findings.json", "code")
    listed = "findings.json, and in payload-sha256.txt the SHA-256 of every other file of the bundle's payload"
    return [
        Definition("Seal of this file", sealed if subject.pdf_seal else unsealed),
        Definition("Attached", line(listed, most=MAX_LISTED)),
        Definition("Check this file", line(detach, " prints the digest above")),
    ]


def missing_glyphs(number: int) -> Definition:
    """Return how characters are written that the fonts of the PDF do not have."""
    some = words.plural(number, "character that has", "characters that have")
    return Definition(
        "Characters",
        line(f"{some} no glyph in this file's fonts stand as [U+XXXX]; report.html shows them", most=MAX_LISTED),
    )
