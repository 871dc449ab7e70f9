"""Models of Ollama: pulled with progress, listed, removed; failures are reported."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from satellite.errors import DownloadFailed, ModelMissing
from servers.models import parse
from servers.models.ollama_models import OllamaModels
from tests.servers.models.conftest import FAST, RecordedProgress

SMALL = parse("ollama:small")
LISTED = {"model": "small:latest", "size": 1234, "modified_at": "2026-01-02T03:04:05Z"}
WHOLE = [
    {"status": "pulling manifest"},
    {"status": "pulling a", "digest": "a", "total": 1000, "completed": 400},
    {"status": "pulling a", "digest": "a", "total": 1000, "completed": 1000},
    {"status": "pulling b", "digest": "b", "total": 234},
    {"status": "pulling b", "digest": "b", "total": 234, "completed": 234},
    {"status": "verifying sha256 digest"},
    {"status": "success"},
]
NO_SUCH = [{"error": "pull model manifest: file does not exist"}]


class Ollama(ThreadingHTTPServer):
    """Answers as Ollama does, with `pulls` for one request to pull after another."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pulls: list[list[dict[str, Any]]] = []
        self.asked: list[tuple[str, str]] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Ollama

    def do_GET(self) -> None:
        self.reply(200, [{"models": [LISTED]}])

    def do_DELETE(self) -> None:
        name = self.body()["model"]
        self.reply(*((200, []) if name == "small" else (404, [{"error": f"model {name!r} not"}])))

    def do_POST(self) -> None:
        self.body()
        self.reply(200, self.server.pulls.pop(0))

    def body(self) -> dict[str, Any]:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, asked["model"]))
        return asked

    def reply(self, status: int, lines: list[dict[str, Any]]) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    server = Ollama()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def models(ollama: Ollama) -> OllamaModels:
    return OllamaModels(ollama.address, retry=FAST)


def test_a_model_is_pulled_with_progress(
    ollama: Ollama, models: OllamaModels, progress: RecordedProgress
) -> None:
    ollama.pulls = [WHOLE]
    models.pull(SMALL, progress)
    assert ollama.asked == [("/api/pull", "small")]
    assert progress.total == 1234
    assert (progress.begun, progress.ended) == (2, 1)


def test_a_broken_pull_is_retried(
    ollama: Ollama, models: OllamaModels, progress: RecordedProgress
) -> None:
    ollama.pulls = [WHOLE[:3], [{"error": "connection reset"}], WHOLE]
    models.pull(SMALL, progress)
    assert len(ollama.asked) == 3
    assert "Ollama stopped at: pulling a" in progress.texts[0]
    assert "connection reset" in progress.texts[1]
    ollama.pulls = [[{"error": "no space left on device"}]] * 3
    with pytest.raises(DownloadFailed, match="Ollama says: no space left on device"):
        models.pull(SMALL, progress)


def test_an_unknown_model_is_reported(
    ollama: Ollama, models: OllamaModels, progress: RecordedProgress
) -> None:
    ollama.pulls = [NO_SUCH]
    with pytest.raises(ModelMissing, match="Ollama has no such model"):
        models.pull(SMALL, progress)
    assert progress.ended == 0


def test_offline_makes_no_request(ollama: Ollama, progress: RecordedProgress) -> None:
    offline = OllamaModels(ollama.address, offline=True)
    offline.pull(SMALL, progress)
    with pytest.raises(ModelMissing, match="forbids the download"):
        offline.pull(parse("ollama:small:1b"), progress)
    assert ollama.asked == []


def test_models_are_listed_and_removed(ollama: Ollama, models: OllamaModels) -> None:
    (small,) = models.installed()
    assert (str(small), small.bytes) == ("ollama:small:latest", 1234)
    assert models.has(SMALL)
    models.remove(SMALL)
    assert ollama.asked == [("/api/delete", "small")]
    with pytest.raises(ModelMissing, match="ollama:other: Ollama has no such model"):
        models.remove(parse("ollama:other"))


def test_a_stopped_ollama_is_reported(progress: RecordedProgress) -> None:
    stopped = OllamaModels("127.0.0.1:9", retry=FAST)
    assert stopped.installed() == ()
    says = r"Ollama does not answer at http://127.0.0.1:9: start it \(ollama serve\)"
    with pytest.raises(DownloadFailed, match=says):
        stopped.pull(SMALL, progress)
