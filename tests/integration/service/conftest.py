"""One application without a queue for the tests of webhooks, one with people for those of the infer endpoint."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ascertain.runtime import App, open_app
from tests.integration.job_harness import settings_in
from tests.integration.service.harness import Served, SigningConnector, serving

NOWHERE = "redis://127.0.0.1:1/0"
"""A queue that is always away."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    made = open_app(settings_in(tmp_path_factory.mktemp("service"), queue_url=NOWHERE, webhooks_per_minute=100_000))
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(app: App) -> Iterator[Served]:
    with serving(app, SigningConnector()) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with served.client() as found:
        yield found


@pytest.fixture
def anybody(served: Served) -> None:
    """Allowances start afresh: the tests call more often than a system would."""
    served.api.state.service.hook_limit._buckets.clear()
    served.api.state.service.api_limit._buckets.clear()
