"""Drives the whole product in a browser: a home of the demonstration, ``ascertain serve`` on it as a process of its own
with its real queue, an identity provider and the company's systems on loopback, and Debian's chromium.

The browser may reach the service and the provider, and nothing else: every other name resolves to nothing, and a
request to elsewhere fails the test that made it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, ViewportSize

from ascertain.domain.permission import EVERYBODY, Grant, Role
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.grants import grant_role, record_training
from ascertain.pipeline.permit import operator
from ascertain.pipeline.sign_in import open_session
from ascertain.runtime import App, open_app
from ascertain.sandbox.oidc import OidcProvider, Person
from ascertain.service.auth import COOKIE
from ascertain.settings import Settings
from tests.e2e.harness import Place, copy, sandbox
from tests.integration.job_harness import wait_for

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY = "no chromium on the PATH: `make browser` as root, or install Chrome; without it no page is proved"

LEARNER = "priya.raghunathan@fjordlane.example"
MANAGER = "tobias.ehrenfeld@fjordlane.example"
DEVELOPER = "learning@fjordlane.example"
"""For learning and development; no learner of the company, like the three that follow."""
AUDITOR = "auditor@fjordlane.example"
FAIRNESS = "fairness@fjordlane.example"
ADMIN = "admin@fjordlane.example"
STEWARD = "steward@fjordlane.example"
NOBODY = "visitor@fjordlane.example"
GRANTS: Mapping[str, Grant] = {
    DEVELOPER: Grant(Role.L_AND_D, frozenset({EVERYBODY})),
    AUDITOR: Grant(Role.AUDITOR),
    FAIRNESS: Grant(Role.FAIRNESS_AUDITOR),
    ADMIN: Grant(Role.ADMIN),
}
GROUPS = """groups:
  skills-audit: {role: auditor}
  skills-admin: {role: admin}
  skills-learning: {role: l_and_d, populations: [all]}
"""
"""What groups of the identity provider give, for those who sign in there."""

TALENT = CONFIG_DIR / "demo" / "talent.yaml"
"""Under which the demonstration's people are compared with openings; as shipped they are not."""
DESK = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
NARROWEST = ViewportSize(width=320, height=640)
"""At which WCAG 2.2 (1.4.10, reflow) wants no scrolling in two directions."""


def chromium() -> str | None:
    """Path of the browser that is installed here; none is ever downloaded."""
    return next((found for name in CHROMIUMS if (found := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """The installed browser, to which no name but this machine's resolves."""
    path = chromium()
    assert path is not None, REMEDY
    rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", rules])


@dataclass
class Company:
    """A served company.

    Attributes:
        url: of the service.
        app: the same home opened in this process, to find ids and to open sessions without a sign-in.
        env: settings of every process on this home.
    """

    place: Place
    url: str
    app: App
    provider: OidcProvider
    env: Mapping[str, str]
    watched: list[Watched] = field(default_factory=list)

    def session(self, email: str) -> str:
        """The secret of a session, as after a sign-in."""
        with self.app.units() as uow:
            secret = open_session(uow, "", email, {}, clock=self.app.clock)
            uow.commit()
        return secret

    def visitor(self, browser: Browser, email: str = "", **options: Any) -> BrowserContext:
        """A browser window of its own: signed in as ``email``, or as nobody."""
        settings: dict[str, Any] = {
            "viewport": DESK,
            "color_scheme": "light",
            "reduced_motion": "reduce",
            "base_url": self.url,
            **options,
        }
        context = browser.new_context(locale="en-GB", timezone_id="UTC", **settings)
        context.set_default_timeout(20_000)
        if email:
            context.add_cookies([{"name": COOKIE, "value": self.session(email), "url": self.url, "httpOnly": True}])
        self.watched.append(Watched(context, {origin(self.url), origin(self.provider.url)}))
        return context

    def signs_in(self, email: str, *groups: str, subject: str = "") -> None:
        """Who the provider vouches for from now on."""
        self.provider.person = Person(subject or f"s-{email}", email, groups)

    def worker(self, log: Path) -> subprocess.Popen[bytes]:
        """`ascertain worker` on this home; whoever starts it stops it."""
        return self.place.start("worker", "--processes", "1", env=self.env, log=log)


@dataclass
class Watched:
    """What the pages of one browser window asked for and complained of."""

    context: BrowserContext
    allowed: set[str]
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", self._asked)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda e: self.complaints.append(str(e.error)))

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob", "about") and origin(request.url) not in self.allowed:
            self.elsewhere.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        # A page that answers 403 or 404 is reported as a failed load; everything else is a fault of the page.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@contextmanager
def serve(place: Place, env: Mapping[str, str], log: Path) -> Iterator[str]:
    """`ascertain serve`, ready; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    running = place.start("serve", "--port", str(port), env=env, log=log)
    try:
        wait_for(lambda: _ready(url) or running.poll() is not None, seconds=90)
        assert running.poll() is None, log.read_text()
        yield url
    finally:
        stop(running)


def stop(running: subprocess.Popen[bytes]) -> None:
    """End a process that ``Place.start`` started, with all that it started itself."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGTERM)
    running.wait(timeout=60)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def company(home: Place, folder: Path) -> Iterator[Company]:
    """Serve a copy of ``home``, in which people of every role are known."""
    folder.mkdir(parents=True, exist_ok=True)
    place = copy(home, folder / "home")
    access = folder / "access.yaml"
    access.write_text(GROUPS, encoding="utf-8")
    with ExitStack() as stack:
        provider = stack.enter_context(OidcProvider())
        _, systems = stack.enter_context(sandbox())
        env = {
            **systems,
            **provider.environment(),
            "ASCERTAIN_ACCESS_FILE": str(access),
            "ASCERTAIN_TALENT_FILE": str(TALENT),
        }
        app = open_app(Settings(home=place.home, talent_file=TALENT, _env_file=None))  # type: ignore[call-arg]
        stack.callback(app.close)
        _appoint(app)
        url = stack.enter_context(serve(place, env, folder / "serve.log"))
        yield Company(place, url, app, provider, env)


def given(home: Path, folder: Path) -> Place:
    """A place around a copy of a home folder that `ascertain demo` has made, without its sockets."""
    place = Place(folder / "work")
    shutil.copytree(home, place.home, ignore=lambda d, names: [n for n in names if Path(d, n).is_socket()])
    return place


def _appoint(app: App) -> None:
    by = operator("demonstration", today=app.clock.today())
    with app.units() as uow:
        for name, grant in GRANTS.items():
            grant_role(uow, by, name, grant, clock=app.clock)
        skills = sorted({a.skill_id for a in uow.assertions.of("FL1101")})[:3]
        grant_role(uow, by, STEWARD, Grant(Role.SKILL_OWNER, frozenset(), frozenset(skills)), clock=app.clock)
        record_training(uow, by, DEVELOPER, app.clock.today(), clock=app.clock)
        uow.commit()


def went_to(page: Page) -> str:
    """Path and query of the page that is shown."""
    parts = urlsplit(page.url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
