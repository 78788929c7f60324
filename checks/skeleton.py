"""The files that `probity init` writes: a small engagement that lints clean and says what to change."""

from __future__ import annotations

import re
from collections.abc import Mapping

CONTRACT = """\
# yaml-language-server: $schema=probity-contract.schema.json
# What was promised. `probity schema > probity-contract.schema.json` makes the schema for your editor.
# Everything below is an example: replace it with what your contract says. `probity lint .` checks it.
probity: contract/v1
id: {id}
version: 1                                # raise it with every amendment
customer: {{name: "Your Company, Inc."}}    # a name with a comma needs quotes
vendor: {{name: "Vendor, PBC"}}
services: [api]
term: {{from: 2026-01-01, to: 2028-12-31}}  # both days included
documents:
  DPA: {{title: Data Processing Addendum}}  # add file and sha256 when you have the signed paper
commitments:
  RET-24H:
    kind: data-retention-limit            # `probity explain data-retention-limit`
    clause: DPA §4.2 p.7                  # document, section and page
    quote: shall delete Inputs and Outputs within twenty-four (24) hours
    severity: critical                    # critical | major | minor
    max_age: 24h                          # a number needs its unit
    content: [prompt, output]
    systems: [inference-log]
  RES-EU:
    kind: data-residency
    clause: DPA §7.1 p.10
    severity: critical
    allowed: EU                           # EU | EEA | a list of country codes such as [DE, NO]
    activities: [process, store]
"""

AUDIT = """\
# Where evidence comes from, who signs and where bundles go. Write no secrets here: ${VAR} reads the environment.
probity: audit/v1
contract: contract.yaml
sources:
  - {kind: files, path: evidence}
engine: duckdb
signer: {kind: local, keys: keys/private}   # `probity keys new keys` makes them
store: {kind: folder, path: bundles}
"""

EVIDENCE = """\
# Evidence

The source `files` reads this folder. Put here what was exported, unchanged: one folder or file per record family,
named after it, as JSON Lines, CSV or Parquet. The commitments of the example contract read:

* `data_lifecycle`: when each record holding content was captured, deleted or last seen
* `processing_activity`: where content was processed and stored
* `system_inventory`: the systems that hold content
* `usage_totals`: how many requests an independent meter counted

`probity explain RET-24H` says what each commitment needs. Nothing here means `unproven`, never `met`.
"""


def skeleton(engagement: str) -> Mapping[str, str]:
    """Return the text of each file of a new engagement by its path; `engagement` is the folder's name."""
    slug = re.sub(r"[^a-z0-9]+", "-", engagement.lower())[:63].strip("-") or "engagement"
    return {
        "contract.yaml": CONTRACT.format(id=slug),
        "audit.yaml": AUDIT,
        "evidence/README.md": EVIDENCE,
    }
