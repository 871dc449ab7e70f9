"""Models of GPT4All's catalogue: fetched with its size and MD5, beside their templates."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

import pytest

from satellite.errors import DownloadFailed, ModelMissing, UsageError
from servers.models import gpt4all_models, manifest
from servers.models.names import GPT4ALL, parse
from servers.models.store import Store
from tests.support.hub import Hub

MODEL = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + b"weights" * 50
FILE = "tiny-instruct.Q4_0.gguf"


@pytest.fixture
def publish(hub: Hub, store: Store, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Publish a catalogue with one model."""

    def publish(**more: Any) -> None:
        at = f"{hub.endpoint}/gpt4all/models/resolve/main"
        entry = {
            "filename": FILE,
            "filesize": str(len(MODEL)),
            "md5sum": hashlib.md5(MODEL).hexdigest(),
            "url": f"{at}/{FILE}",
            "promptTemplate": "<|im_start|>user\n%1<|im_end|>\n",
        }
        listed = json.dumps([entry | more, {"filename": "../evil.gguf"}, "nonsense"]).encode()
        files = {FILE: MODEL, gpt4all_models.FILE: listed}
        hub.repositories["gpt4all/models"] = files
        monkeypatch.setattr(gpt4all_models, "CATALOG", f"{at}/{gpt4all_models.FILE}")

    return publish


@pytest.mark.parametrize("name", ["tiny-instruct.Q4_0", FILE])
def test_a_model_of_the_catalogue_is_fetched_with_its_template(
    publish: Any, store: Store, name: str
) -> None:
    publish()
    folder = store.pull(f"gpt4all:{name}")
    assert {path.name for path in folder.iterdir()} == {FILE, gpt4all_models.FILE, manifest.FILE}
    assert [str(model) for model in store.installed()] == [f"gpt4all:{FILE}"]
    assert store.verify(GPT4ALL, name) == []
    models = gpt4all_models.read((folder / gpt4all_models.FILE).read_bytes())
    assert list(models) == [FILE]
    assert models[FILE].template.startswith("<|im_start|>")


@pytest.mark.parametrize(
    ("more", "words"), [({"md5sum": "0" * 32}, "MD5|md5|hash"), ({"filesize": "7"}, "bytes")]
)
def test_a_file_that_is_not_the_published_one_is_refused(
    publish: Any, store: Store, more: Any, words: str
) -> None:
    publish(**more)
    with pytest.raises(DownloadFailed, match=words):
        store.pull(f"gpt4all:{FILE}")
    assert store.installed() == ()


def test_an_unknown_model_is_reported_with_another_way(publish: Any, store: Store) -> None:
    publish()
    with pytest.raises(ModelMissing, match=rf"no such model \({FILE}.*use llamacpp"):
        store.pull("gpt4all:tiny-instruct.Q5_0.gguf")


def test_names() -> None:
    assert parse("gpt4all:a-b.Q4_0") == parse("gpt4all:a-b.Q4_0.gguf")
    with pytest.raises(UsageError):
        parse("gpt4all:../a")
