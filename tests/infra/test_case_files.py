"""The logs of breach cases on disk: every change by somebody without the key is seen, and no crash looks like one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from evidence.canonical import canonical_bytes, sha256_hex, strict_json
from evidence.case_log import Head, Line, Said, check_head, read_head, write_line
from evidence.errors import BadInput, BrokenCaseLog
from evidence.signer import LocalSigner
from evidence.spki import digest_of_key
from infra.case_files import CaseFiles

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
KEY = ec.derive_private_key(4711, ec.SECP256R1())
OTHER = ec.derive_private_key(4712, ec.SECP256R1())
ROOT = Path(__file__).parents[2]


def files(root: Path, key: ec.EllipticCurvePrivateKey = KEY) -> CaseFiles:
    return CaseFiles(root, LocalSigner(key), {digest_of_key(KEY.public_key()): KEY.public_key()})


def say(root: Path, case: str, *words: str, key: ec.EllipticCurvePrivateKey = KEY) -> None:
    for word in words:
        files(root, key).change(lambda _, word=word: [(case, Said(NOW, "Jo", {"kind": word}))], only=case)


def said(lines: Sequence[Line]) -> list[str]:
    return [line.entry["kind"] for line in lines]


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two cases of four lines each, in one folder."""
    say(tmp_path, "case-0001", "a", "b", "c", "d")
    say(tmp_path, "case-0002", "a", "b", "c", "d")
    return tmp_path


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(line + b"\n" for line in change(path.read_bytes().splitlines())))


def resigned(line: bytes, key: ec.EllipticCurvePrivateKey, named: ec.EllipticCurvePrivateKey, **changes: str) -> bytes:
    """Return a line as somebody with another key would write it, under the name of either key."""
    value = strict_json(line, what="line", error=BadInput)
    assert isinstance(value, dict)
    before = Head(3, str(value["previous"]))
    forged = Said(NOW, changes.get("who", "Jo"), {"kind": "forged"})
    data, _ = write_line("case-0001", before, forged, LocalSigner(key))
    made = strict_json(data, what="line", error=BadInput)
    assert isinstance(made, dict)
    return canonical_bytes(made | {"keyid": digest_of_key(named.public_key())})


ATTACKS: dict[str, Callable[[Path], None]] = {
    "edit": lambda p: rewrite(p / "case-0001.jsonl", lambda x: [x[0].replace(b"Jo", b"Al"), *x[1:]]),
    "edit the last": lambda p: rewrite(p / "case-0001.jsonl", lambda x: [*x[:-1], x[-1].replace(b'"d"', b'"e"')]),
    "drop the first": lambda p: rewrite(p / "case-0001.jsonl", lambda x: x[1:]),
    "drop one between": lambda p: rewrite(p / "case-0001.jsonl", lambda x: [x[0], *x[2:]]),
    "reorder": lambda p: rewrite(p / "case-0001.jsonl", lambda x: [x[0], x[2], x[1], x[3]]),
    "repeat": lambda p: rewrite(p / "case-0001.jsonl", lambda x: [*x, x[-1]]),
    "cut one from the end": lambda p: rewrite(p / "case-0001.jsonl", lambda x: x[:-1]),
    "tear the end": lambda p: (p / "case-0001.jsonl").write_bytes((p / "case-0001.jsonl").read_bytes()[:-1]),
    "cut everything": lambda p: (p / "case-0001.jsonl").write_bytes(b""),
    "remove the case": lambda p: (p / "case-0001.jsonl").unlink(),
    "remove the register": lambda p: (p / "register.json").unlink(),
    "keep first lines alone and remove the register": lambda p: (
        [rewrite(p / f"case-000{n}.jsonl", lambda x: x[:1]) for n in (1, 2)] and (p / "register.json").unlink()
    ),
    "remove a case and the register": lambda p: (
        ((p / "case-0002.jsonl").unlink() or rewrite(p / "case-0001.jsonl", lambda x: x[:1]))
        or (p / "register.json").unlink()
    ),
    "splice": lambda p: rewrite(
        p / "case-0001.jsonl", lambda x: [*x[:2], *(p / "case-0002.jsonl").read_bytes().splitlines()[2:]]
    ),
    "rename": lambda p: (p / "case-0001.jsonl").rename(p / "case-0003.jsonl") and None,
    "swap": lambda p: shutil.copyfile(p / "case-0002.jsonl", p / "case-0001.jsonl") and None,
    "sign with another key": lambda p: rewrite(p / "case-0001.jsonl", lambda x: [*x[:3], resigned(x[3], OTHER, OTHER)]),
    "sign with another key in the name of ours": lambda p: rewrite(
        p / "case-0001.jsonl", lambda x: [*x[:3], resigned(x[3], OTHER, KEY)]
    ),
    "add white space": lambda p: rewrite(p / "case-0001.jsonl", lambda x: [*x[:-1], x[-1].replace(b'":', b'": ', 1)]),
    "lower a head": lambda p: (
        (p / "register.json").write_bytes((p / "register.json").read_bytes().replace(b'"seq":4', b'"seq":3')) and None
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_whoever_lacks_the_key_cannot_change_a_log_unseen(two: Path, attack: str) -> None:
    ATTACKS[attack](two)
    with pytest.raises(BrokenCaseLog):
        files(two).read()


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a != "rename"])
def test_nothing_is_appended_to_a_log_that_does_not_verify(two: Path, attack: str) -> None:
    ATTACKS[attack](two)
    before = {p.name: p.read_bytes() for p in two.glob("case-*")}
    with pytest.raises(BrokenCaseLog):
        say(two, "case-0001", "more")
    assert {p.name: p.read_bytes() for p in two.glob("case-*")} == before


def test_an_older_state_of_all_files_is_seen_by_whoever_noted_a_head(
    two: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("older") / "cases"
    shutil.copytree(two, copy)
    say(two, "case-0001", "e")
    noted = read_head(str(files(two).read_one("case-0001")[-1].head))
    lines = files(copy).read_one("case-0001")
    with pytest.raises(BrokenCaseLog):
        check_head("case-0001", lines, noted)
    check_head("case-0001", files(two).read_one("case-0001"), noted)


@pytest.mark.parametrize("text", ["", "4", "4:", "0:" + "0" * 64, "4:" + "g" * 64, "x:" + "0" * 64])
def test_a_head_has_one_form(text: str) -> None:
    with pytest.raises(BadInput):
        read_head(text)


def test_a_line_that_a_crash_tore_never_counted_and_is_overwritten(two: Path) -> None:
    log = two / "case-0001.jsonl"
    whole = log.read_bytes()
    longer = Said(NOW, "Jo", {"kind": "z" * 2000})
    torn = write_line("case-0001", files(two).read_one("case-0001")[-1].head, longer, LocalSigner(KEY))[0]
    for length in (1, len(torn) // 2, len(torn)):
        log.write_bytes(whole + torn[:length])
        assert said(files(two).read_one("case-0001")) == ["a", "b", "c", "d"]
    say(two, "case-0001", "e")
    assert said(files(two).read_one("case-0001")) == ["a", "b", "c", "d", "e"]


def test_a_line_whose_head_a_crash_kept_out_of_the_register_counts(two: Path) -> None:
    register = (two / "register.json").read_bytes()
    say(two, "case-0001", "e")
    (two / "register.json").write_bytes(register)
    assert said(files(two).read_one("case-0001")) == ["a", "b", "c", "d", "e"]
    say(two, "case-0001", "f")
    assert said(files(two).read_one("case-0001"))[-2:] == ["e", "f"]


def test_a_case_that_a_crash_tore_at_its_first_line_is_no_case(tmp_path: Path) -> None:
    (tmp_path / "case-0001.jsonl").write_bytes(b'{"at":')
    assert files(tmp_path).read() == {}
    say(tmp_path, "case-0001", "a")
    assert said(files(tmp_path).read()["case-0001"]) == ["a"]


def test_what_the_decision_raises_leaves_everything_as_it_was(two: Path) -> None:
    before = {p.name: p.read_bytes() for p in two.glob("*.json*")}

    def refuse(_: object) -> list[tuple[str, Said]]:
        raise BadInput

    with pytest.raises(BadInput):
        files(two).change(refuse)
    assert {p.name: p.read_bytes() for p in two.glob("*.json*")} == before


def test_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.infra.test_case_files import say\n"
        "say(Path(sys.argv[1]), 'case-0001', *(f'{sys.argv[2]}{n}' for n in range(12)))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name], cwd=ROOT, env=os.environ)
        for name in "pqr"
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    words = said(files(tmp_path).read_one("case-0001"))
    assert sorted(words) == sorted(f"{name}{n}" for name in "pqr" for n in range(12))
    assert all([w for w in words if w[0] == name] == [f"{name}{n}" for n in range(12)] for name in "pqr")


def test_the_hash_of_the_line_before_is_that_of_its_bytes(two: Path) -> None:
    first, second = (two / "case-0001.jsonl").read_bytes().splitlines()[:2]
    value = strict_json(second, what="line", error=BadInput)
    assert isinstance(value, dict)
    assert value["previous"] == sha256_hex(first)


def fork(two: Path, into: Path) -> Path:
    """Return the same cases as they would be if other lines had followed the second, signed by the same key."""
    shutil.copytree(two, into)
    (into / "case-0001.jsonl").unlink()
    (into / "register.json").unlink()
    (into / "case-0002.jsonl").unlink()
    say(into, "case-0001", "a", "b", "other", "end")
    return into


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "case-0001.jsonl").read_bytes().splitlines()


def test_a_line_of_another_branch_of_the_same_case_does_not_fit(
    two: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = lines_of(fork(two, tmp_path_factory.mktemp("fork") / "cases"))
    ours = lines_of(two)
    for changed in ([*ours[:2], other[2], ours[3]], other, [*ours, other[3]]):
        rewrite(two / "case-0001.jsonl", lambda _, changed=changed: changed)
        with pytest.raises(BrokenCaseLog):
            files(two).read()


def test_a_line_that_is_one_ahead_of_the_register_must_be_signed_by_our_key(two: Path) -> None:
    ours = lines_of(two)
    head = files(two).read_one("case-0001")[-1].head
    forged = write_line("case-0001", head, Said(NOW, "Jo", {"kind": "forged"}), LocalSigner(OTHER))[0]
    named = strict_json(forged, what="line", error=BadInput)
    assert isinstance(named, dict)
    in_our_name = canonical_bytes(named | {"keyid": digest_of_key(KEY.public_key())})
    for line in (forged, in_our_name):
        rewrite(two / "case-0001.jsonl", lambda _, line=line: [*ours, line])
        with pytest.raises(BrokenCaseLog):
            files(two).read()


def test_a_line_that_is_one_ahead_of_the_register_has_one_form(two: Path) -> None:
    register = (two / "register.json").read_bytes()
    say(two, "case-0001", "e")
    (two / "register.json").write_bytes(register)
    rewrite(two / "case-0001.jsonl", lambda x: [*x[:-1], x[-1].replace(b'":', b'": ', 1)])
    with pytest.raises(BrokenCaseLog):
        files(two).read()


def test_a_register_that_was_made_to_fit_a_shorter_log_is_not_signed(two: Path) -> None:
    lines = files(two).read_one("case-0001")
    rewrite(two / "case-0001.jsonl", lambda x: x[:-2])
    register = (two / "register.json").read_bytes()
    shorter = register.replace(b'"seq":4', b'"seq":2', 1).replace(
        lines[3].head.sha256.encode(), lines[1].head.sha256.encode()
    )
    (two / "register.json").write_bytes(shorter)
    with pytest.raises(BrokenCaseLog):
        files(two).read()


def test_a_key_that_is_out_of_use_signs_no_further_line(two: Path) -> None:
    keys = {digest_of_key(key.public_key()): key.public_key() for key in (OTHER, KEY)}
    head = files(two).read_one("case-0001")[-1].head
    line, _ = write_line("case-0001", head, Said(NOW, "Jo", {"kind": "later"}), LocalSigner(OTHER))
    rewrite(two / "case-0001.jsonl", lambda x: [*x, line])
    with pytest.raises(BrokenCaseLog, match="out of use"):
        CaseFiles(two, None, keys).read()
    newer = dict(reversed(keys.items()))
    assert said(CaseFiles(two, None, newer).read_one("case-0001"))[-1] == "later"
