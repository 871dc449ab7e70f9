"""Modelfiles: parsed, refused with the line, and created as a model on Ollama's server."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from satellite.errors import EngineFailed
from servers.llm.ollama.modelfile import Modelfile, parse
from tests.servers.llm.asking import ask, brain, heard
from tests.support.ollama_fake import fake_ollama, words

TEXT = '''# a comment
from llama3.2
PARAMETER temperature 0.3
PARAMETER num_ctx 2048
parameter stop "<|end|>"
PARAMETER stop User:
PARAMETER use_mmap true

SYSTEM """You are a butler.
Be brief."""
TEMPLATE "{{ .Prompt }}"
MESSAGE user Who are you?
MESSAGE assistant Your butler.
LICENSE free
'''


def test_every_instruction_is_read() -> None:
    assert parse(TEXT) == Modelfile(
        base="llama3.2",
        texts={"system": "You are a butler.\nBe brief.", "template": "{{ .Prompt }}"},
        parameters={
            "temperature": 0.3,
            "num_ctx": 2048,
            "stop": ["<|end|>", "User:"],
            "use_mmap": True,
        },
        licenses=("free",),
        messages=(
            {"role": "user", "content": "Who are you?"},
            {"role": "assistant", "content": "Your butler."},
        ),
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "FROM"),
        ("FROM a\nSYSTM b", "line 2: SYSTM"),
        ('FROM a\nSYSTEM """b', "line 2.*not closed"),
        ("FROM a\nMESSAGE robot hello", "line 2.*robot"),
        ("FROM a\nPARAMETER top_p", "line 2.*no value"),
        ("FROM", "line 1"),
    ],
)
def test_a_wrong_line_is_reported_by_number(text: str, why: str) -> None:
    with pytest.raises(EngineFailed, match=why):
        parse(text)


async def test_the_model_is_created_before_the_first_request(tmp_path: Path) -> None:
    weights = b"GGUF and so on"
    (tmp_path / "w.gguf").write_bytes(weights)
    file = tmp_path / "Modelfile"
    file.write_text("FROM ./w.gguf\nPARAMETER top_k 5\n")
    digest = f"sha256:{hashlib.sha256(weights).hexdigest()}"
    async with fake_ollama(words("Sir?"), models=[]) as fake:
        for _ in range(2):
            async with brain(fake.host, model="butler", modelfile=str(file)) as engine:
                assert heard(await ask(engine, "hello")) == "Sir?"
                assert engine.describe().models[0].installed
        assert fake.blobs == {digest: weights}
    created = fake.created[0]
    assert (created["model"], created["files"]) == ("butler", {"w.gguf": digest})
    assert created["parameters"] == {"top_k": 5}
    assert len(fake.created) == 2


async def test_a_missing_modelfile_is_reported(tmp_path: Path) -> None:
    async with (
        fake_ollama() as fake,
        brain(fake.host, modelfile=str(tmp_path / "none")) as engine,
    ):
        with pytest.raises(EngineFailed, match=r"modelfile = .*none: cannot be read"):
            await ask(engine, "hello")
