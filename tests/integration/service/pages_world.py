"""A small assessed company behind the pages, browsers of people who are signed in, and what a page holds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from ascertain.domain.permission import Role
from ascertain.pipeline.sign_in import open_session
from ascertain.runtime import App, open_app
from ascertain.service.app import create_app
from ascertain.service.auth import COOKIE
from ascertain.service.pages.forms import token_of
from tests.integration.job_harness import settings_in
from tests.integration.pipeline.test_overview import GDPR
from tests.integration.pipeline.world import BOB, World, exam, migrated, open_world

ORIGIN = {"Origin": "http://localhost"}


@contextmanager
def assessed_world(folder: Path) -> Iterator[World]:
    """Two analysts who were assessed and their manager; one of them has a name that tries to be markup."""
    made = open_world(migrated(folder), folder).fill()
    made.person(BOB, name="Bob <img src=x onerror=alert(1)>")
    made.content(GDPR)
    made.add(exam("e-gdpr", title="GDPR", content_id="gdpr", score=0.9))
    made.assess("E1")
    made.assess("E2")
    try:
        yield made
    finally:
        made.store.close()


@contextmanager
def app_on(world: World, folder: Path) -> Iterator[App]:
    """The application on that world's database, with its keys and without connections."""
    none = folder / "connectors.yaml"
    none.write_text("connections: []\n", encoding="utf-8")
    keys = folder / "home" / "audit"
    keys.mkdir(parents=True)
    shutil.copy(world.file.parent / "audit.key", keys)  # the same installation: the keys go with the database
    made = open_app(settings_in(folder, database_url=f"sqlite:///{world.file}", connectors_file=none))
    try:
        yield made
    finally:
        made.close()


class Visitor:
    """A browser of somebody who is signed in."""

    def __init__(self, app: App, email: str, roles: dict[Role, tuple[str, ...]] | None = None) -> None:
        with app.units() as uow:
            self.secret = open_session(uow, "", email, roles or {}, clock=app.clock)
            uow.commit()
        self.client = TestClient(create_app(app, []), base_url="http://localhost", follow_redirects=False)
        self.client.cookies.set(COOKIE, self.secret)

    def get(self, path: str) -> str:
        """A page that is there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.text

    def send(self, path: str, **form: str) -> Any:
        """A form of this session, sent; the client's own response."""
        return self.client.post(path, data={"csrf": token_of(self.secret), **form}, headers=ORIGIN)

    def status(self, path: str) -> int:
        """How it is answered."""
        return self.client.get(path).status_code


class Page(HTMLParser):
    """What a browser would see: text by element, and every attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.told: list[str] = []
        self.tables: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {k: v or "" for k, v in attrs}
        self.attributes += [(tag, k, v) for k, v in values.items()]
        self.ids.add(values.get("id", ""))
        if tag == "a":
            self.links.append(values.get("href", ""))
        if tag not in ("meta", "link", "input", "br", "img"):
            self._open.append((tag, values.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(c == "told" for _, c in self._open):
            self.told.append(data)
        elif any(t == "table" for t, _ in self._open):
            self.tables.append(data)
