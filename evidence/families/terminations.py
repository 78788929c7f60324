"""`terminations`: notices that end the contract, when they were sent and received, and when the contract ends.

Dates are those of the parties' own calendars: a notice has no time of day.
"""

from __future__ import annotations

from evidence.families.schema import Family, date, text

FAMILY = Family(
    name="terminations",
    about="notices that end the contract, and when it ends",
    columns=(
        text("termination_id"),
        text("given_by", "customer", "vendor"),
        text("ground", "convenience", "cause", "other"),
        date("sent_on"),
        date("received_on"),
        date("effective_on"),
    ),
)
