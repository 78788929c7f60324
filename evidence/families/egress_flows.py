"""`egress_flows`: what left a private deployment, whereto, and what it held.

`destination` is the host as the boundary saw it, without a port. `fields` are the names of the fields that the payload
was found to hold; left out, nobody read the payload. The contents themselves have no place here.
"""

from __future__ import annotations

from evidence.families.schema import Family, instant, listing, machine, number, optional, text

FAMILY = Family(
    name="egress_flows",
    about="what left a private deployment, whereto, and what it held",
    columns=(
        text("flow_id"),
        machine(text("destination")),
        instant("sent_at"),
        number("bytes"),
        optional(text("process")),
        optional(listing("fields")),
    ),
)
