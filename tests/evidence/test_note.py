from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import checkpoint, merkle, note
from evidence.checkpoint import Checkpoint, Proof
from evidence.errors import BadInput, NotLogged
from evidence.note import KeyType, NoteSigner

# The example of Go's golang.org/x/mod/sumdb/note, and two checkpoints of the Go checksum database.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
GO_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_CHECKPOINTS = (
    "go.sum database tree\n30055305\nmXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=\n\n— sum.golang.org "
    "Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=\n",
    "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— sum.golang.org "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n",
)
# The example of c2sp.org/tlog-cosignature, whose keys are not published: a vector for the form.
COSIGNED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe"
    "+mbIUBkBIfZ+qnA==\n"
)
LOG = NoteSigner("log.example/audits", KeyType.LOG, Ed25519PrivateKey.from_private_bytes(b"L" * 32))
WITNESS = NoteSigner("witness.example/w1", KeyType.WITNESS, Ed25519PrivateKey.from_private_bytes(b"W" * 32))
STRANGER = NoteSigner("log.example/audits", KeyType.LOG, Ed25519PrivateKey.from_private_bytes(b"S" * 32))
TREE = [merkle.leaf_hash(f"leaf {i}".encode()) for i in range(5)]
STATE = Checkpoint("log.example/audits", 5, merkle.root(TREE))
NOW = 1_751_000_000


def cosigned(witness: NoteSigner = WITNESS) -> bytes:
    return note.Note(STATE.text, (LOG.sign(STATE.text), witness.cosign(STATE.text, NOW))).encode()


def reason_of(data: bytes, witness: NoteSigner | None = WITNESS) -> str:
    with pytest.raises(NotLogged) as error:
        checkpoint.check(data, LOG.key, witness.key if witness else None)
    return error.value.reason


def test_published_note_is_read_verified_and_written_again_byte_for_byte() -> None:
    signer, key = note.parse_secret(SECRET, KeyType.LOG, "k"), note.parse_vkey(VKEY, KeyType.LOG, "k")
    data = f"{TEXT}\n{LINE}".encode()
    found = note.parse(data)
    note.check(found.signatures[0], key, found.text)
    assert (signer.key, signer.key.vkey, signer.encode()) == (key, VKEY, SECRET)
    assert note.Note(TEXT, (signer.sign(TEXT),)).encode() == data


@pytest.mark.parametrize("data", GO_CHECKPOINTS)
def test_checkpoints_of_the_go_checksum_database_verify(data: str) -> None:
    found = note.parse(data.encode())
    note.check(found.signatures[0], note.parse_vkey(GO_VKEY, KeyType.LOG, "k"), found.text)
    assert checkpoint.parse_text(found.text).origin == "go.sum database tree"
    assert checkpoint.parse_text(found.text).text == found.text


def test_cosignature_has_the_form_of_the_specification() -> None:
    found = note.parse(COSIGNED.encode())
    time = int.from_bytes(found.signatures[1].signature[:8], "big")
    assert (time, len(found.signatures[1].signature)) == (1679315147, 72)
    assert found.encode() == COSIGNED.encode()


def test_cosigned_message_is_header_time_and_text() -> None:
    line = WITNESS.cosign(STATE.text, 1679315147)
    message = f"cosignature/v1\ntime 1679315147\n{STATE.text}".encode()
    WITNESS.private.public_key().verify(line.signature[8:], message)


def test_published_manglings_of_a_key_are_refused() -> None:
    adjusted = (
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    )
    cut = [VKEY[i:j] for i in range(len(VKEY)) for j in range(i, len(VKEY) + 1) if (i, j) != (0, len(VKEY))]
    bumped = [VKEY[:i] + chr(ord(VKEY[i]) + 1) + VKEY[i + 1 :] for i in range(len(VKEY))]
    for text in (*adjusted, *cut, *bumped):
        with pytest.raises(BadInput, match="K020"):
            note.parse_vkey(text, KeyType.LOG, "ledger.vkey")


def test_key_of_a_witness_is_not_taken_for_that_of_a_log() -> None:
    with pytest.raises(BadInput, match="not the key of a log"):
        note.parse_vkey(WITNESS.key.vkey, KeyType.LOG, "ledger.vkey")
    with pytest.raises(BadInput, match="not the key of a witness"):
        note.parse_secret(LOG.encode(), KeyType.WITNESS, "witness.key")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 a\n",
        b"text\n\n\xe2\x80\x94 a AAAA\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAA\n",
        b"te\rxt\n\n\xe2\x80\x94 a AAAAAAAA\n",
        b"\xff\n\n\xe2\x80\x94 a AAAAAAAA\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAAA",
        b"text\n\n\xe2\x80\x94 a b AAAAAAAA\n",
    ],
)
def test_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(NotLogged, match="LEDGER_NOTE_FORM"):
        note.parse(data)


def test_witnessed_checkpoint_verifies_and_tells_the_witnesss_time() -> None:
    seen = checkpoint.check(cosigned(), LOG.key, WITNESS.key)
    assert (seen.checkpoint, seen.witnessed) == (STATE, NOW)
    assert checkpoint.check(STATE.signed(LOG), LOG.key, None).witnessed is None


def test_checkpoint_is_refused_for_its_own_reason() -> None:
    later = Checkpoint(STATE.origin, 6, STATE.root)
    forged = note.Note(later.text, note.parse(cosigned()).signatures).encode()
    twice = note.Note(STATE.text, (*note.parse(cosigned()).signatures, WITNESS.cosign(STATE.text, NOW + 1))).encode()
    elsewhere = Checkpoint("other.example/log", 5, STATE.root)
    shifted = bytearray(note.parse(cosigned()).signatures[1].signature)
    shifted[7] ^= 1
    retimed = note.Signature(WITNESS.name, WITNESS.key.id, bytes(shifted))
    assert reason_of(STATE.signed(STRANGER)) == "LEDGER_WRONG_KEY"
    assert reason_of(forged) == "LEDGER_BAD_SIGNATURE"
    assert reason_of(STATE.signed(LOG)) == "WITNESS_MISSING"
    assert reason_of(cosigned(), None) == "LEDGER_UNPINNED_SIGNATURE"
    assert reason_of(twice) == "LEDGER_UNPINNED_SIGNATURE"
    assert reason_of(elsewhere.signed(LOG), None) == "LEDGER_ORIGIN"
    assert reason_of(note.Note(STATE.text, (LOG.sign(STATE.text), retimed)).encode()) == "WITNESS_BAD_SIGNATURE"
    assert reason_of(note.Note(STATE.text, (LOG.sign(STATE.text),) * 2).encode()) == "WITNESS_WRONG_KEY"


@pytest.mark.parametrize(
    "text",
    [
        "o\n5\n\n",
        "o\n05\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nextension\n",
        "o\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "o\n99999999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    ],
)
def test_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NotLogged):
        checkpoint.parse_text(text)


def test_proof_has_the_form_of_the_specification() -> None:
    first, second = TREE[:2]
    data = Proof(5, (first, second), b"checkpoint\n", b"extra information").encode()
    lines = data.decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra ZXh0cmEgaW5mb3JtYXRpb24=", "index 5"]
    assert lines[5:] == ["", "checkpoint", ""]
    assert Proof(0, (), b"checkpoint\n").encode() == b"c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n"
    assert checkpoint.parse_proof(data) == Proof(5, (first, second), b"checkpoint\n", b"extra information")


def test_proof_proves_its_leaf_and_no_other() -> None:
    proof = Proof(2, merkle.inclusion_proof(TREE, 2), cosigned())
    read = checkpoint.parse_proof(proof.encode())
    assert checkpoint.check_leaf(b"leaf 2", read, LOG.key, WITNESS.key).checkpoint == STATE
    with pytest.raises(NotLogged, match="LEDGER_INCLUSION"):
        checkpoint.check_leaf(b"leaf 3", read, LOG.key, WITNESS.key)


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.replace(b"@v1", b"@v2"),
        lambda d: d.replace(b"index 2", b"index 02"),
        lambda d: d.replace(b"index 2", b"index -2"),
        lambda d: d.replace(b"index 2\n", b"extra \nindex 2\n"),
        lambda d: d.replace(b"index 2\n", b"extra AA=A\nindex 2\n"),
        lambda d: d.replace(b"index 2\n", b"index 2\nAAAA\n"),
        lambda d: d.replace(b"index 2\n", b"index 2\n\xff\n"),
        lambda d: d.replace(b"index 2\n", b"index 2\n" + b"A" * 43 + b"=\n" * 1 + b""),
        lambda d: d[:20],
        lambda d: b"",
    ],
)
def test_malformed_proof_is_refused(edit) -> None:
    data = edit(Proof(2, merkle.inclusion_proof(TREE, 2), cosigned()).encode())
    with pytest.raises(NotLogged):
        checkpoint.check_leaf(b"leaf 2", checkpoint.parse_proof(data), LOG.key, WITNESS.key)
