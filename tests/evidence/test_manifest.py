from __future__ import annotations

import pytest

from evidence import layout, manifest
from evidence.errors import BadContainer

HEX = "0" * 64
PAYLOAD = {"data/a": HEX}
MEMBERS = {"data/a", *manifest.TAG_FILES, manifest.TAG_MANIFEST, layout.STATEMENT}


def test_manifest_is_sorted_lines_of_digest_and_path() -> None:
    assert manifest.render({"data/b": "1" * 64, "data/a": HEX}) == f"{HEX}  data/a\n{'1' * 64}  data/b\n".encode()


def test_parsing_returns_what_was_rendered() -> None:
    digests = {"data/b": "1" * 64, "data/a": HEX}
    assert manifest.parse(manifest.render(digests), "m") == digests


@pytest.mark.parametrize(
    "data",
    [
        "",
        f"{HEX}  data/a",
        f"{HEX}  data/a\n\n",
        f"{HEX}  data/a\r\n",
        f"{HEX} data/a\n",
        f"{HEX} *data/a\n",
        f"\\{HEX}  data/a\n",
        f"{HEX}  data/../a\n",
        f"{HEX}  /a\n",
        f"{HEX.replace('0', 'A')}  data/a\n",
        f"{HEX[1:]}  data/a\n",
        f"{HEX}  data/b\n{HEX}  data/a\n",
        f"{HEX}  data/a\n{HEX}  data/a\n",
        f"# comment\n{HEX}  data/a\n",
        f"\ufeff{HEX}  data/a\n",
        f"{HEX}  data/é\n",
    ],
)
def test_second_spelling_of_a_manifest_is_refused(data: str) -> None:
    with pytest.raises(BadContainer, match="MANIFEST_GRAMMAR"):
        manifest.parse(data.encode(), "m")


def test_file_set_that_agrees_is_counted() -> None:
    assert manifest.check_file_set(MEMBERS, PAYLOAD, manifest.TAG_FILES) == 7


@pytest.mark.parametrize("member", sorted(MEMBERS - {layout.STATEMENT}))
def test_every_missing_member_is_named(member: str) -> None:
    with pytest.raises(BadContainer, match=f"MISSING_MEMBER: {member}"):
        manifest.check_file_set(MEMBERS - {member}, PAYLOAD, manifest.TAG_FILES)


def test_missing_seal_has_its_own_reason() -> None:
    with pytest.raises(BadContainer, match="SEAL_MISSING"):
        manifest.check_file_set(MEMBERS - {layout.STATEMENT}, PAYLOAD, manifest.TAG_FILES)


@pytest.mark.parametrize("member", ["data/b", "seal/note.txt", "seal/ltv/../x.crl", "archive/list", "README"])
def test_member_this_form_does_not_have_is_named(member: str) -> None:
    with pytest.raises(BadContainer, match=f"UNLISTED_MEMBER: {member}"):
        manifest.check_file_set({*MEMBERS, member}, PAYLOAD, manifest.TAG_FILES)


def test_payload_manifest_lists_nothing_outside_data() -> None:
    with pytest.raises(BadContainer, match="not below data/"):
        manifest.check_file_set({*MEMBERS, "x"}, [*PAYLOAD, "x"], manifest.TAG_FILES)


@pytest.mark.parametrize("tags", [manifest.TAG_FILES[1:], (*manifest.TAG_FILES, "x")])
def test_tag_manifest_lists_exactly_the_tag_files(tags: tuple[str, ...]) -> None:
    with pytest.raises(BadContainer, match="must list exactly"):
        manifest.check_file_set(MEMBERS, PAYLOAD, tags)
