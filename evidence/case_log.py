"""The log of a breach case: canonical lines, each with the hash of the line before, each signed; and their register.

A line is the RFC 8785 form of `{"at", "case", "entry", "keyid", "previous", "seq", "sig", "who"}`. `previous` is the
SHA-256 of the whole line before, for the first one of the case's own name. `sig` is the P-256 signature, by the key
that signs the engagement's statements, over `SIGNED` and the SHA-256 of the line without `sig`; no DSSE message begins
like that, so neither can be passed off as the other. The register is one signed file with the head of every case.

Detected, whoever did it, as long as the private key is not theirs:

1. a changed, dropped, inserted or reordered line: its hash or number does not fit; 2. a line of another case: it names
its case; 3. a line signed by another key, or by an earlier one after a later one; 4. lines cut from the end, and a case
removed: the register has more.

Not detected here: an older state of log *and* register put back together, or the whole folder removed. Whoever can
write all of `.probity/cases` can do that, and nothing that lies beside it can show it. So heads are printed (`probity
breach list`), and what was noted elsewhere is compared again (`--head`). Who `who` is, is what was said: the signature
proves that the engagement's key wrote the line, not which person asked for it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from evidence import p256
from evidence.canonical import Json, canonical_bytes, sha256_hex, strict_json
from evidence.errors import BadInput, BrokenCaseLog, LimitExceeded, Place, Problem, VerificationError
from evidence.model import instant_text
from evidence.signer import Signer
from evidence.spki import digest_of_key

SIGNED = b"probity.case/v1\n"
MAX_LINE_BYTES = 512 * 1024
MAX_LINES = 10_000
CASE = re.compile(r"case-[0-9]{4,9}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FIELDS = {"at", "case", "entry", "keyid", "previous", "seq", "sig", "who"}

#: Public keys by the digest of their SubjectPublicKeyInfo, in the order in which they came into use.
Keys = Mapping[str, EllipticCurvePublicKey]


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be written: who says what, and when."""

    at: datetime
    who: str
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """How far a log reaches: the number of its last line, counted from 1, and that line's SHA-256."""

    seq: int
    sha256: str

    def __str__(self) -> str:
        """Return `SEQ:SHA256`, as people note it elsewhere."""
        return f"{self.seq}:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Line:
    """One verified line."""

    case: str
    head: Head
    at: datetime
    who: str
    entry: Mapping[str, Any]


def write_line(case: str, before: Head | None, said: Said, signer: Signer) -> tuple[bytes, Line]:
    """Return the next line of a case, without its newline; LimitExceeded when it is too long."""
    seq = 1 if before is None else before.seq + 1
    unsigned: dict[str, Any] = {
        "at": instant_text(said.at),
        "case": case,
        "entry": dict(said.entry),
        "keyid": digest_of_key(signer.public_key),
        "previous": _root(case) if before is None else before.sha256,
        "seq": seq,
        "who": said.who,
    }
    data = canonical_bytes(unsigned | {"sig": _sign(unsigned, signer)})
    if len(data) > MAX_LINE_BYTES or seq > MAX_LINES:
        raise LimitExceeded(f"{case}: a line of {len(data)} bytes, or more than {MAX_LINES} lines, cannot be kept")
    return data, Line(case, Head(seq, sha256_hex(data)), said.at, said.who, said.entry)


def split(data: bytes) -> tuple[list[bytes], int]:
    """Return the whole lines of a file and the length they take; what follows was torn by a crash and never counted."""
    whole = data.rfind(b"\n") + 1
    return data[:whole].split(b"\n")[:-1], whole


def read_lines(case: str, raw: Sequence[bytes], keys: Keys) -> tuple[Line, ...]:
    """Return the lines of a case, or raise `BrokenCaseLog` with the first that does not verify.

    1. each line is in its one form; 2. it names this case, its own number, and the line before; 3. a key of the
    engagement signed it; 4. and none that was out of use by then: a line before it is not by a later key.
    """
    if len(raw) > MAX_LINES:
        raise _broken(case, 0, f"more than {MAX_LINES} lines")
    found: list[Line] = []
    previous, ages, since = _root(case), {key: age for age, key in enumerate(keys)}, 0
    for seq, data in enumerate(raw, 1):
        value = _strict(case, seq, data)  # 1
        if value["case"] != case or value["seq"] != seq or value["previous"] != previous:  # 2
            raise _broken(case, seq, "does not follow the line before: lines were changed, removed, moved or put in")
        _verify(value, keys, f"{case}, line {seq}")  # 3
        if ages[value["keyid"]] < since:  # 4
            raise BrokenCaseLog("CASE_LOG_KEY", f"{case}, line {seq}: signed by a key that was out of use by then")
        since = ages[value["keyid"]]
        previous = sha256_hex(data)
        found.append(Line(case, Head(seq, previous), _instant(case, seq, value["at"]), value["who"], value["entry"]))
    return tuple(found)


def write_register(heads: Mapping[str, Head], signer: Signer) -> bytes:
    """Return the signed register of the heads of all cases."""
    unsigned: dict[str, Any] = {
        "schema": "probity.cases/v1",
        "heads": {case: {"seq": head.seq, "sha256": head.sha256} for case, head in sorted(heads.items())},
        "keyid": digest_of_key(signer.public_key),
    }
    return canonical_bytes(unsigned | {"sig": _sign(unsigned, signer)})


def read_register(data: bytes, keys: Keys) -> dict[str, Head]:
    """Return the heads of a register; `BrokenCaseLog` unless a key of the engagement signed exactly this."""
    value = strict_json(data, what="register of cases", error=_malformed, most=10 * MAX_LINES)
    if not isinstance(value, dict) or set(value) != {"schema", "heads", "keyid", "sig"}:
        raise _malformed("the register of cases has other fields than its schema")
    if value["schema"] != "probity.cases/v1" or canonical_bytes(value) != data:
        raise _malformed("the register of cases is not in its one form")
    _verify(value, keys, "the register of cases")
    heads = value["heads"]
    if not isinstance(heads, dict):
        raise _malformed("the register of cases has no heads")
    return {case: _head(stated) for case, stated in heads.items()}


def check_head(case: str, lines: Sequence[Line], at_least: Head) -> None:
    """Raise `BrokenCaseLog` unless a head that was noted before is still part of the log."""
    if len(lines) < at_least.seq:
        raise _broken(case, at_least.seq, f"was there once and is not: the log ends with line {len(lines)}")
    if lines[at_least.seq - 1].head != at_least:
        raise _broken(case, at_least.seq, "is another line than the one that was noted")


def read_head(text: str) -> Head:
    """Return a head written `SEQ:SHA256`; BadInput for anything else."""
    seq, _, digest = text.partition(":")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", seq, re.ASCII) or not _HEX.fullmatch(digest):
        hint = "write SEQ:SHA256, as `probity breach list` prints it"
        raise BadInput(Problem("B020", f"{text[:80]!r} is no head of a case's log", Place("--head"), hint))
    return Head(int(seq), digest)


def _root(case: str) -> str:
    return sha256_hex(SIGNED + case.encode())


def _message(unsigned: Mapping[str, Any]) -> bytes:
    return SIGNED + sha256_hex(canonical_bytes(dict(unsigned))).encode()


def _sign(unsigned: Mapping[str, Any], signer: Signer) -> str:
    """Return the signature, verified at once, so that a faulty signing service is noticed now and not in an audit."""
    key, message = signer.public_key, _message(unsigned)
    if not isinstance(key, EllipticCurvePublicKey):
        raise BadInput(Problem("K013", "cases are signed by the P-256 key", Place("signer"), "name one in audit.yaml"))
    signature = p256.low_s(signer.sign(message))
    p256.check(key, signature, message)
    return base64.b64encode(signature).decode()


def _verify(value: Mapping[str, Any], keys: Keys, what: str) -> None:
    key = keys.get(value["keyid"]) if isinstance(value["keyid"], str) else None
    if key is None:
        hint = "if the engagement's key was changed, name the earlier public key under breach.earlier_keys"
        raise BrokenCaseLog("CASE_LOG_KEY", f"{what}: signed by a key that is not the engagement's; {hint}")
    unsigned = {name: stated for name, stated in value.items() if name != "sig"}
    try:
        signature = base64.b64decode(value["sig"], validate=True)
        p256.check(key, signature, _message(unsigned))
    except (VerificationError, binascii.Error, ValueError, TypeError):
        raise BrokenCaseLog("CASE_LOG_SIGNATURE", f"{what}: the signature is not over this content") from None


def _strict(case: str, seq: int, data: bytes) -> dict[str, Any]:
    if len(data) > MAX_LINE_BYTES:
        raise _broken(case, seq, f"is longer than {MAX_LINE_BYTES} bytes")
    value = strict_json(data, what=f"{case}, line {seq}", error=_malformed)
    if not isinstance(value, dict) or set(value) != _FIELDS or canonical_bytes(value) != data:
        raise _broken(case, seq, "is not in its one form")
    if not isinstance(value["who"], str) or not isinstance(value["entry"], dict):
        raise _broken(case, seq, "has a name or an entry of another type")
    return value


def _instant(case: str, seq: int, text: Json) -> datetime:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or instant_text(at) != text:
        raise _broken(case, seq, "has no instant in its one form")
    return at


def _head(stated: Json) -> Head:
    if isinstance(stated, dict) and set(stated) == {"seq", "sha256"}:
        seq, digest = stated["seq"], stated["sha256"]
        if type(seq) is int and 0 < seq <= MAX_LINES and isinstance(digest, str) and _HEX.fullmatch(digest):
            return Head(seq, digest)
    raise _malformed("the register of cases has a head in another form")


def _malformed(text: str) -> BrokenCaseLog:
    return BrokenCaseLog("CASE_LOG_FORM", text)


def _broken(case: str, seq: int, text: str) -> BrokenCaseLog:
    return BrokenCaseLog("CASE_LOG_CHAIN", f"{case}, line {seq}: {text}")
