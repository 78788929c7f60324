"""Damage seal files at random and compare the page with the program; `make page-fuzz` runs it.

Fails when one of them verifies what the other does not, or when they stop at different steps. Reasons that differ at
the same step are counted: inside one broken certificate or stamp, readers of ASN.1 do not notice the same thing first.
"""

from __future__ import annotations

import base64
import random
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from evidence import layout
from evidence.trust import load_trust
from evidence.verify import verify
from tests.attacks import again
from tests.attacks.parts import pack, unpack
from tests.evidence import doubly, logged
from tests.page.browser import VerifyPage, chromium

Files = Mapping[str, bytes]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Flip a bit, change, drop or insert a byte; of a PEM file inside its DER."""
    if data.startswith(b"-----"):
        first, *lines, last = data.split(b"\n")[:-1]
        text = base64.b64encode(damaged(base64.b64decode(b"".join(lines)), rng))
        return b"\n".join([first, *(text[i : i + 64] for i in range(0, len(text), 64)), last, b""])
    at, byte = rng.randrange(len(data)), rng.randrange(256)
    kind = rng.choice(("flip", "flip", "flip", "change", "drop", "insert"))
    if kind == "flip":
        byte = data[at] ^ 1 << byte % 8
    return data[:at] + (b"" if kind == "drop" else bytes([byte])) + data[at + (kind != "insert") :]


def bundles(folder: Path) -> dict[str, tuple[Files, Path]]:
    """Return three forms of bundle, each with the trust of its reader."""
    made = {
        "stamped": (doubly.seal(folder / "a.zip"), doubly.trust()),
        "plain": (doubly.seal(folder / "b.zip", None), doubly.trust(time="local-clock")),
        "logged": (logged.seal(folder / "c.zip"), logged.trust()),
    }
    for form, (_, held) in made.items():
        (folder / form).mkdir()
        logged.write_trust(folder / form, held)
    return {form: (unpack(bundle.read_bytes()), folder / form) for form, (bundle, _) in made.items()}


def damage(form: str, files: Files, rng: random.Random) -> bytes:
    """Return the bundle with one seal file damaged; where it was stamped, stamped anew by an authority."""
    name = rng.choice([n for n in files if n.startswith((layout.SEAL, layout.ARCHIVE))])
    changed = {**files, name: damaged(files[name], rng)}
    return again.restamped(changed) if form == "stamped" and not name.endswith(layout.STAMP) else pack(changed)


def main(rounds: int, seed: int) -> int:
    """Try so many damages and print how many ended differently."""
    rng, wrong, reasons = random.Random(seed), [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        forms = bundles(folder)
        cases = [(form, damage(form, forms[form][0], rng)) for form in rng.choices(list(forms), k=rounds)]
        with chromium() as browser:
            page = VerifyPage(browser)
            for number, (form, bundle) in enumerate(cases):
                (folder / "x.zip").write_bytes(bundle)
                trust = forms[form][1]
                expected = verify(folder / "x.zip", load_trust(trust), at=doubly.NOW).as_json()
                found = page.verify(bundle, trust, doubly.NOW)[1]
                ends = [(r["verified"], [s["outcome"] for s in r["steps"]]) for r in (expected, found)]
                if ends[0] != ends[1]:
                    wrong.append((number, form, expected["reason"], found["reason"]))
                reasons += expected["reason"] != found["reason"]
    sys.stdout.write(
        f"seed {seed}: {rounds} damaged bundles, {reasons} with another reason, {len(wrong)} otherwise: {wrong}\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 500, int(sys.argv[2]) if sys.argv[2:] else 1))
