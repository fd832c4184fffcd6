"""What an operator's tools see: figures for Prometheus, traces at a real OTLP receiver, and nobody's name."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ascertain import spans
from ascertain.connectors.traces_out import traced
from ascertain.errors import ConfigError
from ascertain.runtime import App, open_app
from ascertain.service.metrics import Metrics
from tests.integration.job_harness import job_queue, settings_in, submit, work_off
from tests.integration.service.harness import Served

NAME = "Zwetlana-Planted"


class Collector:
    """An OTLP receiver over HTTP; keeps what came."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def spans(self) -> list[tuple[str, Span]]:
        """Service and span."""
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                (service,) = (a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
                found += [(service, s) for scope in resource.scope_spans for s in scope.spans]
        return found


@contextmanager
def collector() -> Iterator[tuple[str, Collector]]:
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def attributes(span: Span) -> dict[str, Any]:
    return {a.key: getattr(a.value, str(a.value.WhichOneof("value"))) for a in span.attributes}


def scraped(metrics: Metrics) -> dict[str, float]:
    """What Prometheus reads at the port, by name and labels."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    end = metrics.serve("127.0.0.1", port)
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    finally:
        end()
    assert NAME not in text
    return {n: float(v) for n, v in re.findall(r"^(\w+(?:\{.*?\})?) (\S+)$", text, re.MULTILINE)}


def test_calls_are_counted_by_route_and_nothing_a_caller_wrote_is_a_label(served: Served, client: httpx.Client) -> None:
    client.get("/healthz", params={"who": NAME})
    client.get(f"/v1/learners/{NAME}/skills")
    client.get(f"/{NAME}")
    client.request(NAME.upper()[:8], "/healthz")
    found = scraped(served.api.state.service.metrics)
    assert found['ascertain_http_requests_total{method="GET",route="/healthz",status="200"}'] >= 1
    assert found['ascertain_http_requests_total{method="GET",route="/v1/learners/{learner}/skills",status="401"}'] >= 1
    assert found['ascertain_http_requests_total{method="GET",route="(none)",status="404"}'] >= 1
    assert any('method="other"' in name for name in found)
    assert found["ascertain_database_up"] == 1
    assert found["ascertain_queue_up"] == 0, "this service's queue is away, and the scrape says so"
    assert found['ascertain_inbox_events{state="waiting"}'] >= 0


def test_the_queue_is_counted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    app: App = open_app(settings)
    try:
        with job_queue(settings) as jobs:
            submit(jobs, "mark", tmp_path, "one")
            found = scraped(Metrics(app))
    finally:
        app.close()
    assert found["ascertain_queue_up"] == 1
    assert found['ascertain_queue_jobs{queue="default"}'] == 1
    assert found['ascertain_queue_failed{queue="default"}'] == 0
    assert found["ascertain_workers"] == 0
    assert found["ascertain_stopped"] == 0


def test_a_taken_port_is_named(app: App) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="--metrics-port: cannot listen"):
            Metrics(app).serve("127.0.0.1", taken.getsockname()[1])


def test_calls_are_traced_to_a_real_receiver(client: httpx.Client) -> None:
    with collector() as (url, kept):
        with traced(url, "service"):
            client.get("/healthz", params={"who": NAME})
            with pytest.raises(ValueError, match=NAME), spans.span("inner"):
                raise ValueError(NAME)
        found = kept.spans()
        after = len(kept.bodies)
        client.get("/healthz")
        assert len(kept.bodies) == after, "nothing is sent when it is over"
    by_name = {s.name: s for _, s in found}
    assert {service for service, _ in found} == {"ascertain-service"}
    call = attributes(by_name["GET /healthz"])
    assert call == {"http.request.method": "GET", "http.route": "/healthz", "http.response.status_code": 200}
    assert attributes(by_name["inner"]) == {"error.type": "ValueError"}
    assert not by_name["inner"].events, "an exception's message is no event"
    assert all(NAME.encode() not in body for body in kept.bodies)


def test_a_workers_jobs_are_traced(tmp_path: Path) -> None:
    with collector() as (url, kept):
        settings = settings_in(tmp_path, traces_url=url)
        with job_queue(settings) as jobs:
            submit(jobs, "mark", tmp_path, "one")
            work_off(settings)
    ((service, span),) = [(n, s) for n, s in kept.spans() if s.name.startswith("job ")]
    assert service == "ascertain-worker"
    assert attributes(span)["ascertain.done"] is True


@pytest.mark.parametrize("url", ["http://169.254.169.254/v1/traces", "http://[fe80::1]/v1/traces"])
def test_traces_go_nowhere_that_is_never_called(url: str) -> None:
    with pytest.raises(ConfigError, match="an address that is never called"), traced(url, "service"):
        pytest.fail("it went on")
