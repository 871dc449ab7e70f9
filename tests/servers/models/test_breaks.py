"""A download that breaks is resumed, a bounded number of times."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.errors import DownloadFailed
from servers.models import Store
from tests.servers.models.conftest import FAST, REPOSITORY, VOICE, RecordedProgress
from tests.support import model_files
from tests.support.hub import Hub, Misdeed, Request


def breaks_off(after: int) -> Misdeed:
    """Announce the whole length and hang up early."""

    def answer(request: Request) -> None:
        content = request.content
        assert content is not None
        rest = content[request.offset :]
        headers = {}
        if request.offset:
            headers["content-range"] = f"bytes {request.offset}-{len(content) - 1}/{len(content)}"
        request.reply(206 if request.offset else 200, rest[:after], headers, length=len(rest))
        request.close_connection = True

    return answer


def says(status: int, **headers: str) -> Misdeed:
    return lambda request: request.reply(
        status, b"no", {name.replace("_", "-"): value for name, value in headers.items()}
    )


def ends_early(request: Request) -> None:
    """End the response regularly, without a length, but early."""
    assert request.content is not None
    request.reply(200, request.content[:1000], length=None)
    request.close_connection = True


def hangs(request: Request) -> None:
    """Send nothing until the client has gone."""
    request.connection.settimeout(5)
    request.rfile.read(1)


def test_a_broken_download_is_resumed(store: Store, hub: Hub, progress: RecordedProgress) -> None:
    hub.misdeeds["model.bin"] = [breaks_off(30_000), breaks_off(40_000)]
    store.pull("whisper:base.en", progress)
    assert hub.asked("model.bin") == ["", "bytes=30000-", "bytes=70000-"]
    assert progress.here == progress.total
    assert len(progress.texts) == 2
    assert "model.bin: " in progress.texts[0]
    assert "trying again in" in progress.texts[0]


@pytest.mark.parametrize(
    "misdeed",
    [ends_early, hangs, says(500), says(503, retry_after="0"), says(429), says(416)],
    ids=["ends early", "hangs", "500", "503", "429", "416"],
)
def test_a_temporary_failure_is_retried(store: Store, hub: Hub, misdeed: Misdeed) -> None:
    hub.misdeeds["model.bin"] = [breaks_off(20_000), misdeed]
    store.pull("whisper:base.en")
    assert len(hub.asked("model.bin")) == 3


@pytest.mark.parametrize("name", ["faster-whisper-base.en", "config.json"])
@pytest.mark.parametrize("misdeed", [says(502), hangs], ids=["502", "hangs"])
def test_lists_and_small_files_are_retried(
    store: Store, hub: Hub, name: str, misdeed: Misdeed
) -> None:
    hub.misdeeds[name] = [misdeed]
    store.pull("whisper:base.en")
    assert len(hub.asked(name)) == 2


def test_it_gives_up_and_the_next_pull_resumes(
    store: Store, hub: Hub, progress: RecordedProgress
) -> None:
    hub.misdeeds["model.bin"] = [breaks_off(10_000) for _ in range(3)]
    with pytest.raises(DownloadFailed, match=r"model\.bin: .* \(3 tries\); the next pull resumes"):
        store.pull("whisper:base.en", progress)
    assert progress.ended == 1
    assert store.path("whisper", "base.en") is None
    assert store.installed() == ()
    ((name, count, state),) = store.broken()
    assert (str(name), state) == ("whisper:base.en", "unfinished")
    assert count > 30_000
    before = hub.sent
    store.pull("whisper:base.en")
    assert hub.asked("model.bin")[-1] == "bytes=30000-"
    assert hub.sent - before < 100_000 - 30_000 + 2_000
    assert store.broken() == ()


def test_many_breaks_with_progress_are_no_reason_to_give_up(store: Store, hub: Hub) -> None:
    hub.repositories[REPOSITORY] = model_files.whisper(size=3_000_000)
    hub.misdeeds["model.bin"] = [breaks_off(300_000) for _ in range(9)]
    store.pull("whisper:base.en")
    assert len(hub.asked("model.bin")) == 10


def test_a_server_that_cannot_resume_sends_the_whole_file_again(store: Store, hub: Hub) -> None:
    def from_the_start(request: Request) -> None:
        assert request.content is not None
        request.reply(200, request.content)

    hub.misdeeds["model.bin"] = [breaks_off(30_000), from_the_start]
    folder = store.pull("whisper:base.en")
    assert (folder / "model.bin").read_bytes() == hub.repositories[REPOSITORY]["model.bin"]


def test_a_response_that_resumes_at_another_byte_is_refused(store: Store, hub: Hub) -> None:
    def elsewhere(request: Request) -> None:
        assert request.content is not None
        request.reply(206, request.content[7:], {"content-range": "bytes 7-9/10"})

    hub.misdeeds["model.bin"] = [breaks_off(30_000), elsewhere]
    store.pull("whisper:base.en")
    assert hub.asked("model.bin") == ["", "bytes=30000-", ""]
    assert store.verify("whisper", "base.en") == []


def test_a_part_of_another_version_is_discarded(
    store: Store, hub: Hub, progress: RecordedProgress
) -> None:
    hub.misdeeds["model.bin"] = [breaks_off(10_000) for _ in range(3)]
    with pytest.raises(DownloadFailed):
        store.pull("whisper:base.en")
    hub.repositories[REPOSITORY] = model_files.whisper(seed=9)
    folder = store.pull("whisper:base.en", progress)
    assert (folder / "model.bin").read_bytes() == hub.repositories[REPOSITORY]["model.bin"]
    assert "downloading all of it again" in progress.texts[-1]
    assert progress.here == progress.total


def test_a_part_longer_than_the_file_is_discarded(store: Store, hub: Hub) -> None:
    hub.misdeeds[f"{VOICE}.onnx"] = [breaks_off(10_000) for _ in range(3)]
    with pytest.raises(DownloadFailed):
        store.pull(f"piper:{VOICE}")
    hub.add_voice(VOICE, model_files.voice(VOICE, size=5_000))
    store.pull(f"piper:{VOICE}")
    assert store.verify("piper", VOICE) == []


@pytest.mark.parametrize("model", ["whisper:base.en", f"piper:{VOICE}"])
def test_a_refused_connection_is_reported(model: str, tmp_path: Path) -> None:
    unreachable = Store(tmp_path, endpoint="http://127.0.0.1:9", retry=FAST)
    with pytest.raises(DownloadFailed, match=rf"{model}: http://127\.0\.0\.1:9.*3 tries"):
        unreachable.pull(model)
