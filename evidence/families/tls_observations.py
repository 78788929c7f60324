"""`tls_observations`: the worst that an endpoint accepts, found by trying.

`lowest_protocol` is the lowest that was accepted, not the one negotiated; `plaintext_refused` says that an attempt
without encryption was turned away.
"""

from __future__ import annotations

from evidence.families.schema import Family, boolean, instant, machine, text

FAMILY = Family(
    name="tls_observations",
    about="the worst that an endpoint accepts, found by trying",
    columns=(
        machine(text("endpoint")),
        text("lowest_protocol", "SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
        boolean("plaintext_refused"),
        instant("observed_at"),
    ),
)
