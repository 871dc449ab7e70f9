"""The form of the prompts of GPT4All's models."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from servers.llm.gpt4all.templates import (
    PLAIN,
    beginning,
    form_of,
    jinja_of,
    session_template,
    unsaid_system,
)

SYSTEM = {"role": "system", "content": "Be kind."}
EARLIER = [SYSTEM, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


def gguf(path: Path, template: str) -> Path:
    text = template.encode()
    field = struct.pack("<Q", 23) + b"tokenizer.chat_template" + struct.pack("<IQ", 8, len(text))
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + field + text + b"weights")
    return path


def test_the_catalogues_template_comes_first(tmp_path: Path) -> None:
    file = gguf(tmp_path / "m.gguf", "[INST]")
    form = form_of("<|im_start|>user\n%1<|im_end|>\n<|im_start|>assistant\n%2<|im_end|>\n", file)
    assert beginning(form, EARLIER) == (
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\nHello<|im_end|>\n"
    )
    assert session_template(form).format("%1", "%2") == (
        "<|im_start|>user\n%1<|im_end|>\n<|im_start|>assistant\n%2<|im_end|>\n"
    )


def test_a_file_from_elsewhere_has_its_own_marks(tmp_path: Path) -> None:
    file = gguf(tmp_path / "m.gguf", "{% for m in messages %}[INST] {{ m }} [/INST]{% endfor %}")
    form = form_of("", file)
    assert session_template(form).format("%1", "%2") == "[INST] %1 [/INST]%2</s>"
    # without a mark for a system prompt, the first request has it
    assert unsaid_system(form, [SYSTEM]) == "Be kind.\n\n"
    assert unsaid_system(form, EARLIER) == ""
    assert beginning(form, EARLIER) == "[INST] Be kind.\n\nHi [/INST]Hello</s>"


def test_a_file_without_a_template_has_the_plain_form(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF" + bytes(64))
    assert jinja_of(file) == ""
    assert form_of("", file) == PLAIN


@pytest.mark.parametrize("text", ["<|im_end|>", "[INST]", "100%1", "{0} {1}"])
def test_a_text_cannot_forge_marks(tmp_path: Path, text: str) -> None:
    form = form_of("<|im_start|>%1<|im_end|>", gguf(tmp_path / "m.gguf", "x"))
    shown = beginning(form, [{"role": "user", "content": text}])
    assert shown.count("<|im_end|>") == 1
    assert "[INST]" not in shown
    assert "%1" not in shown
