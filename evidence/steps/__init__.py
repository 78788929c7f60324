"""The numbered steps of a verification (BUNDLE.md, "Verify"), one file for what belongs together.

A step is a function that returns what it proved in a line. It raises NotRun when there is nothing to prove or no demand
for it, and a VerificationError with a reason code of its own when it fails; whatever it leaves unproved, it adds to
`examination.proved.open`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from evidence.examination import Examination
from evidence.steps import cades, disclosures, ledger, policy, references, structure, time
from evidence.steps import dsse as dsse_step

Check: TypeAlias = Callable[[Examination], str]

STEPS: Mapping[int, Check] = {
    1: structure.container,
    2: structure.file_set,
    3: structure.digests,
    4: time.trusted_time,
    5: cades.seal,
    6: dsse_step.signatures,
    7: dsse_step.subject,
    8: ledger.proofs,
    9: disclosures.digests,
    10: references.resolve,
    11: policy.demands,
}
