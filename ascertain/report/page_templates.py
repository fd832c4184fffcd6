"""How pages are made of templates, the same for every report."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from ascertain.domain.text import shown


def page_templates() -> Environment:
    """The templates of the reports; the caller adds its filters. Values are escaped, and a name that is not there is an
    error."""
    return Environment(
        loader=PackageLoader("ascertain.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
