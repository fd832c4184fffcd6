"""An OpenAI-compatible embedding endpoint of the deployment's own, over HTTP: nothing else is called."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from ascertain.paths import CONFIG_DIR
from ascertain.settings import load_settings
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.langchain import own_retrieval
from ascertain.taxonomy.polyglot import OWN_MODEL

MEANS = {"law": 0, "droit": 0, "garden": 1, "jardin": 1, "budget": 2}
"""Word of any language → the number that stands for it in a vector."""


class Endpoint(BaseHTTPRequestHandler):
    """Knows a few words in two languages."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        self.asked.extend(texts)
        data: list[dict[str, Any]] = []
        for i, text in enumerate(texts):
            assert isinstance(text, str), "texts, not the numbers of somebody's tokens"
            vector = np.full(4, 0.01, np.float32)
            for word, place in MEANS.items():
                vector[place] += word in text.lower()
            plain = body.get("encoding_format") != "base64"
            embedding = vector.tolist() if plain else base64.b64encode(vector.tobytes()).decode()
            data.append({"object": "embedding", "index": i, "embedding": embedding})
        answer = {
            "object": "list",
            "data": data,
            "model": body["model"],
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }
        raw = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Endpoint.asked.clear()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    real = socket.getaddrinfo

    def local_only(host: Any, *rest: Any, **more: Any) -> Any:
        assert host in ("127.0.0.1", "localhost"), f"{host} was not configured"
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", local_only)
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("endpoint")
def test_a_french_text_finds_english_skills_through_the_endpoint(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("id,label\nlaw,employment law\ngarden,garden design\nbudget,manage budgets\n", encoding="utf-8")
    settings = load_settings(home=tmp_path, embeddings="openai:multilingual", embeddings_languages="fr")
    library = TaxonomyLibrary(tmp_path / "taxonomies", CONFIG_DIR, own=own_retrieval(settings))
    library.import_taxonomy("custom", file, name="mine")
    mapper = library.open("mine").mapper
    text = "Elle connaît bien le droit du travail."
    assert mapper.rank([text], 3)[0][0].skill_id == "law"
    assert mapper.rank(["Il a dessiné le jardin de la maison."], 1)[0][0].skill_id == "garden"
    reading = mapper.readings([text])[0]
    assert reading is not None
    assert reading.by == OWN_MODEL
    assert text in Endpoint.asked
    before = len(Endpoint.asked)
    mapper.rank(["Sie hat den Garten geplant und Kräuter gepflanzt."], 1)
    assert len(Endpoint.asked) == before, "German was not named among its languages"
