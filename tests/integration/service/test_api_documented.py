"""docs/api.md names every route that reads, with what it asks."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi.routing import APIRoute

from ascertain.service.api.routers import API
from tests.integration.service.test_routes import asks

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def test_every_route_that_reads_is_in_the_table_with_its_action() -> None:
    table = [line.split("|")[1:3] for line in PAGE.splitlines() if line.startswith("| `/v1")]
    checked = 0
    for router in API:
        for route in router.routes:
            declared = asks(route.dependant) if isinstance(route, APIRoute) else None
            if declared is None or not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
                continue
            words = re.sub(r"/\{[^}]+\}", "", route.path.removeprefix("/v1/")).split("/")
            row = [r for r in table if all(re.search(rf"/{w}\b", r[0]) for w in words)]
            wanted = declared.action.value if declared.action else "anybody who is known"
            assert any(wanted in r[1] for r in row), f"{route.path} asks for {wanted}"
            checked += 1
    assert checked >= 28
