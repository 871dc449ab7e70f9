"""Files that are not the model are refused with one clear error, and none of them is used."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from satellite.errors import DownloadFailed, UsageError
from servers.models import Store
from tests.servers.models.conftest import FAST, REPOSITORY, VOICE
from tests.support import model_files
from tests.support.hub import Hub, Misdeed, Request

PAGE = b"<!DOCTYPE html><html><body>Please log in to the network</body></html>"


def sends(body: bytes, status: int = 200, **headers: str) -> Misdeed:
    return lambda request: request.reply(
        status, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def other_bytes(request: Request) -> None:
    assert request.content is not None
    request.reply(200, bytes(len(request.content)))


def more_than_due(request: Request) -> None:
    assert request.content is not None
    request.reply(200, request.content + b"more", length=None)
    request.close_connection = True


def claims_more(request: Request) -> None:
    assert request.content is not None
    request.reply(200, request.content, length=len(request.content) + 1000)


def claims_less(request: Request) -> None:
    assert request.content is not None
    request.reply(200, request.content, length=len(request.content) // 2)


def back_to_itself(request: Request) -> None:
    request.reply(302, b"", {"location": request.path})


REFUSED: dict[str, tuple[Misdeed, str]] = {
    "page": (sends(PAGE, content_type="text/html; charset=utf-8"), "is an HTML page"),
    "page in disguise": (sends(PAGE), "bytes where .* are due"),
    "other bytes": (other_bytes, "are not those published"),
    "more": (more_than_due, "has more bytes than"),
    "claims more": (claims_more, "bytes where .* are due"),
    "claims less": (claims_less, "bytes where .* are due"),
    "compressed": (sends(b"x", content_encoding="gzip"), "bytes where|comes as gzip"),
    "404": (sends(b"", 404), "answers 404"),
    "401": (sends(b"", 401), r"answers 401 .*\(HF_TOKEN\)"),
    "403": (sends(b"", 403), r"answers 403 .*\(HF_TOKEN\)"),
    "loop": (back_to_itself, "redirects"),
    "elsewhere": (sends(b"", 302, location="ftp://localhost/x"), "ftp"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("model", ["whisper:base.en", f"piper:{VOICE}"])
def test_another_file_than_the_published_one_is_refused(
    store: Store, hub: Hub, case: str, model: str
) -> None:
    misdeed, says = REFUSED[case]
    name = "model.bin" if model.startswith("whisper") else f"{VOICE}.onnx"
    hub.misdeeds[name] = [misdeed]
    hub.forever = True
    with pytest.raises(DownloadFailed, match=says) as caught:
        store.pull(model)
    assert model in str(caught.value)
    assert "\n" not in str(caught.value)
    assert store.installed() == ()
    assert len(hub.asked(name)) == 1 or case == "loop"
    hub.misdeeds.clear()
    store.pull(model)
    assert store.verify(*model.split(":")) == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.json", b"not json", "config.json: is not JSON"),
        ("config.json", b"12", "neither a JSON object nor a list"),
        ("config.json", PAGE, "is an HTML page"),
        ("vocabulary.txt", PAGE, "is an HTML page"),
        ("model.bin", b"PK\3\4 what is this", "is not a Whisper model of CTranslate2"),
        ("model.bin", b"", "is not a Whisper model of CTranslate2"),
    ],
)
def test_a_published_file_of_another_kind_is_refused(
    store: Store, hub: Hub, name: str, content: bytes, says: str
) -> None:
    hub.repositories[REPOSITORY][name] = content
    with pytest.raises(DownloadFailed, match=says):
        store.pull("whisper:base.en")
    assert store.installed() == ()


@pytest.mark.parametrize(
    ("ending", "content", "says"),
    [
        (".onnx", model_files.noise(5000), "is not a complete ONNX model"),
        (".onnx", b"", "is not a complete ONNX model"),
        (".onnx", model_files.voice(VOICE)[f"{VOICE}.onnx"][:-1], "is not a complete ONNX model"),
        (".onnx.json", b"{", "is not JSON"),
    ],
)
def test_a_voice_file_of_another_kind_is_refused(
    store: Store, hub: Hub, ending: str, content: bytes, says: str
) -> None:
    hub.add_voice(VOICE, model_files.voice(VOICE) | {VOICE + ending: content})
    with pytest.raises(DownloadFailed, match=says):
        store.pull(f"piper:{VOICE}")


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"{", "is not JSON"), (b"[]", "lists no voices"), (b'{"%s": {}}', "describes no files")],
)
def test_a_malformed_list_of_voices_is_refused(
    store: Store, hub: Hub, body: bytes, says: str
) -> None:
    hub.misdeeds["voices.json"] = [sends(body.replace(b"%s", VOICE.encode()))]
    with pytest.raises(DownloadFailed, match=says):
        store.pull(f"piper:{VOICE}")


@pytest.mark.parametrize(
    ("misdeed", "says"),
    [
        (
            sends(PAGE, content_type="text/html"),
            "does not answer with a list of files; is there a page to log in",
        ),
        (sends(b"[1]"), "does not answer with a list of files"),
        (sends(b"{}", 403), "answers 403"),
        (sends(b"{}", 403, x_error_code="GatedRepo"), "accepted its terms"),
    ],
)
def test_a_malformed_list_of_files_is_refused(
    store: Store, hub: Hub, misdeed: Misdeed, says: str
) -> None:
    hub.misdeeds["faster-whisper-base.en"] = [misdeed]
    with pytest.raises(DownloadFailed, match=says):
        store.pull("whisper:base.en")


def test_a_hash_published_with_the_response_is_checked(store: Store, hub: Hub) -> None:
    """The published MD5 matches these bytes; the SHA-256 from the storage does not."""
    hub.misdeeds[f"{VOICE}.onnx"] = [
        lambda request: request.reply(
            200, request.content or b"", {"x-linked-etag": f'"{"0" * 64}"'}
        )
    ]
    with pytest.raises(DownloadFailed, match="SHA-256 differs"):
        store.pull(f"piper:{VOICE}")
    hub.linked = True
    store.pull(f"piper:{VOICE}")


def test_a_full_disk_is_reported_before_the_download(
    store: Store, monkeypatch: pytest.MonkeyPatch, hub: Hub
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 99, 99))
    with pytest.raises(DownloadFailed, match=r"needs 100,\d+ more bytes, and 99 bytes are free"):
        store.pull("whisper:base.en")
    assert hub.asked("model.bin") == []


def test_an_unwritable_folder_is_reported(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadFailed, match=r"cannot be stored in .*: Not a directory .*folder"):
        Store(tmp_path / "file", endpoint=hub.endpoint, retry=FAST).pull("whisper:base.en")


def test_a_malformed_endpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"models\.endpoint = mirror: is not an http"):
        Store(tmp_path, endpoint="mirror").pull("whisper:base.en")
