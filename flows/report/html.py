"""Renders the report as one HTML file without script or remote reference; same input, same bytes."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files

from flows.report import closing, words
from flows.report.document import document
from flows.report.harmless import harmless_part
from flows.report.subject import ReportSubject

#: The package whose folder holds the template and the style sheets.
PACKAGE = "flows.report"


def render(subject: ReportSubject) -> bytes:
    """Return the report as UTF-8 HTML; the same subject always gives the same bytes."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - the base install has no template engine
    from markupsafe import Markup  # noqa: PLC0415

    folder = files(PACKAGE)
    css = "".join(folder.joinpath(name).read_text("utf-8") for name in ("charts.css", "report.css"))
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Everything a template prints passes here, so that no text can be forgotten; escaping follows.
        finalize=_printed,
    )
    environment.filters |= {"svg": Markup, "unbroken": words.unbroken}
    template = environment.from_string(folder.joinpath("template.html.j2").read_text("utf-8"))
    made = document(subject)
    checks = (*made.seal, closing.page_check(subject), closing.judge_again(subject))
    page = template.render(
        d=replace(made, seal=checks),
        proves=closing.proves_nothing("page"),
        css=Markup(css),  # noqa: S704 - our own files
        css_hash=_style_hash(css),
    )
    return page.encode("utf-8")


def _printed(value: object) -> object:
    return harmless_part(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _style_hash(css: str) -> str:
    return "sha256-" + b64encode(sha256(css.encode("utf-8")).digest()).decode("ascii")
