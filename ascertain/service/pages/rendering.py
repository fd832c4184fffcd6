"""Turns figures into pages: one environment, one set of headers, addresses of static files that change with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ascertain.domain.sentences import counted
from ascertain.domain.text import clean_text, shown
from ascertain.domain.transcripts import clock_time
from ascertain.report.heat import heat
from ascertain.service.pages import figures
from ascertain.service.pages.menu import sections

STATIC = Path(__file__).parent.parent / "static"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""Content security policy of every page: nothing from elsewhere, nothing inline."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@cache
def environment() -> Environment:
    """The templates. What a person or a system wrote goes through ``clean`` (no invisible or bidirectional marks)."""
    made = Environment(
        loader=ChoiceLoader(
            # What the reports draw too comes from them, by a name that says so.
            [PackageLoader("ascertain.service"), PrefixLoader({"report": PackageLoader("ascertain.report")})]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    made.filters["clean"] = lambda text: clean_text(str(text))
    made.filters["clock"] = clock_time
    made.filters["percent"] = lambda share: "–" if share is None else f"{100 * share:.0f}\u202f%"
    made.filters["money"] = money
    made.filters["number"] = counted
    made.filters["words"] = _words
    made.filters["sentence"] = lambda text: str(text)[:1].upper() + str(text)[1:]
    made.filters["heat"] = heat
    made.filters["sections"] = sections
    made.globals["static"] = static_address
    made.globals["figures"] = figures
    made.globals["LEVELS"] = figures.LEVELS
    return made


def money(usd: float) -> str:
    """US dollars, to the cent; smaller sums to as many places as they need."""
    figure = f"{usd:,.2f}".replace(",", "\u202f") if usd >= 0.01 else f"{usd:.2g}" if usd else "0"
    return f"{figure}\u202fUSD"


@cache
def static_address(name: str) -> str:
    """The address of a static file, with a digest of what is in it: a new release is never shown with an old sheet."""
    found = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={found}"


def page(template: str, data: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
    """Render a template; it adds no figure of its own."""
    return HTMLResponse(environment().get_template(template).render(**data), status, headers=HEADERS)


def _words(name: object) -> str:
    """A name of the code as people say it."""
    return {"l_and_d": "L&D", "hrbp": "HR business partner"}.get(str(name)) or str(name).replace("_", " ")
