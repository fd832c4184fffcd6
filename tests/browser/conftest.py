"""The fixtures of the browser tests; see :mod:`tests.browser.harness`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import harness
from tests.browser.harness import Company
from tests.e2e.harness import Place, demonstration, shared_folder


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The demonstration, served, in a copy that the tests may write in: one for each test process.

    The home itself is that of the end-to-end tests, made once. With ``ASCERTAIN_DEMO_HOME`` in the environment it is a
    copy of that folder, for trying a test again and again.
    """
    if harness.chromium() is None:
        pytest.skip(harness.REMEDY)
    folder = tmp_path_factory.mktemp("browser")
    given = os.environ.get("ASCERTAIN_DEMO_HOME")
    home = harness.given(Path(given), folder / "given") if given else _made(tmp_path_factory)
    with harness.company(home, folder) as made:
        yield made


def _made(factory: pytest.TempPathFactory) -> Place:
    return demonstration(shared_folder(factory)).place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium. Not for longer than a module: while it is there, an event loop runs in this thread."""
    if harness.chromium() is None:
        pytest.skip(harness.REMEDY)
    with sync_playwright() as playwright:
        made = harness.launch(playwright)
        yield made
        made.close()


@pytest.fixture(autouse=True)
def nothing_elsewhere(request: pytest.FixtureRequest) -> Iterator[None]:
    """No page asks for anything from elsewhere, breaks its own security policy or fails in its script."""
    if "company" not in request.fixturenames:
        yield
        return
    company: Company = request.getfixturevalue("company")
    company.watched.clear()
    yield
    for window in company.watched:
        window.context.close()
    assert [w.elsewhere for w in company.watched if w.elsewhere] == []
    assert [w.complaints for w in company.watched if w.complaints] == []
