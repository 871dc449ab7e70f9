"""Names of models, and the refusal of other texts."""

from __future__ import annotations

import pytest

from satellite.errors import UsageError
from servers.models import Name, parse
from servers.models.whisper_sizes import SIZES


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("whisper:base.en", Name("whisper", "base.en")),
        ("whisper:Systran/faster-whisper-base.en", Name("whisper", "base.en")),
        ("whisper:large", Name("whisper", "large-v3")),
        ("whisper:turbo", Name("whisper", "large-v3-turbo")),
        ("whisper:some.one/whisper_ct2-7", Name("whisper", "some.one/whisper_ct2-7")),
        ("piper:en_US-lessac-medium", Name("piper", "en_US-lessac-medium")),
        ("ollama:llama3.2:1b", Name("ollama", "llama3.2:1b")),
        ("gguf:qwen2.5-1.5b", Name("gguf", "qwen2.5-1.5b")),
        ("gguf:some.one/tiny-GGUF:tiny.q4.gguf", Name("gguf", "some.one/tiny-GGUF:tiny.q4.gguf")),
        ("ollama:hf.co/some/one:Q4_K_M", Name("ollama", "hf.co/some/one:Q4_K_M")),
    ],
)
def test_every_spelling_gives_the_same_name(text: str, name: Name) -> None:
    assert parse(text) == name
    assert parse(str(name)) == name
    assert "/" not in name.folder


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("base.en", "names no model"),
        ("whisper:", "names no model"),
        ("wisper:base", r"wisper is unknown \(did you mean whisper\?\)"),
        ("whisper:bsae.en", r"did you mean base.en\?\)"),
        ("whisper:../up", "is not a repository OWNER/REPO"),
        ("whisper:a/b/c", "is not a repository OWNER/REPO"),
        ("whisper:a/..", "is not a repository OWNER/REPO"),
        ("piper:../../etc", "cannot be a voice's name"),
        ("piper:.part", "cannot be a voice's name"),
        (f"piper:{'a' * 5000}", "at most 200 characters"),
        (f"whisper:{'a' * 5000}/b", "at most 200 characters"),
        (f"ollama:{'a' * 5000}", "at most 200 characters"),
        ("gguf:some/one", r"is not OWNER/REPOSITORY:FILE.gguf"),
        ("gguf:some/one:../up.gguf", r"is not OWNER/REPOSITORY:FILE.gguf"),
        ("gguf:some/one:model.bin", r"is not OWNER/REPOSITORY:FILE.gguf"),
        ("gguf:..", r"is not OWNER/REPOSITORY:FILE.gguf"),
        ("ollama:-x", "cannot be an Ollama model"),
    ],
)
def test_other_texts_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse(text)


def test_the_sizes_match_faster_whisper() -> None:
    utils = pytest.importorskip("faster_whisper.utils", reason="faster-whisper is not installed")
    assert vars(utils)["_MODELS"].items() <= SIZES.items()
