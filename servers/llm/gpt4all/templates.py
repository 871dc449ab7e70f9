"""The form of a model's prompts: how its turns are marked.

GPT4All's catalogue has the template of a request for each of its models, and for a few a system
prompt. For files from elsewhere, the marks are found in the Jinja template of the file itself.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

_JINJA = b"tokenizer.chat_template"
_STRING = 8
"""The type of a text in GGUF (ggml/docs/gguf.md)."""
_LONGEST = 1 << 20
"""Bytes of a Jinja template; the longest known have some 20 kB."""


class Form(msgspec.Struct, frozen=True):
    """The marks of the turns; `{0}` stands for the text."""

    mark: str
    """What only templates of this form contain."""
    system: str
    """Empty where a model has no system prompt: it then precedes the first request."""
    request: str
    answer: str
    """What follows an answer."""


FORMS = (
    Form(
        "<|im_start|>",
        "<|im_start|>system\n{0}<|im_end|>\n",
        "<|im_start|>user\n{0}<|im_end|>\n<|im_start|>assistant\n",
        "<|im_end|>\n",
    ),
    Form(
        "<|start_header_id|>",
        "<|start_header_id|>system<|end_header_id|>\n\n{0}<|eot_id|>",
        "<|start_header_id|>user<|end_header_id|>\n\n{0}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|eot_id|>",
    ),
    Form(
        "<start_of_turn>",
        "",
        "<start_of_turn>user\n{0}<end_of_turn>\n<start_of_turn>model\n",
        "<end_of_turn>\n",
    ),
    Form(
        "<|end|>", "<|system|>\n{0}<|end|>\n", "<|user|>\n{0}<|end|>\n<|assistant|>\n", "<|end|>\n"
    ),
    Form("[INST]", "", "[INST] {0} [/INST]", "</s>"),
)
PLAIN = Form("### ", "### System:\n{0}\n\n", "### Human:\n{0}\n\n### Assistant:\n", "\n\n")
"""For models without marks of their own, as most of GPT4All's first ones."""


def form_of(template: str, path: Path) -> Form:
    """Return the form of a model by its template, or by that of its file if it is empty."""
    known = template or jinja_of(path)
    found = next((form for form in FORMS if form.mark in known), PLAIN)
    if not template:
        return found
    request, _, answer = _with_placeholder(template).partition("%2")
    return msgspec.structs.replace(found, request=request, answer=answer or found.answer)


def jinja_of(path: Path) -> str:
    """Return the chat template within a GGUF file; empty if it has none."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_JINJA)
        if at < 0:
            return ""
        at += len(_JINJA)
        kind, length = struct.unpack_from("<IQ", content, at)
        if kind != _STRING or length > _LONGEST:
            return ""
        return content[at + 12 : at + 12 + length].decode("utf-8", "replace")


def beginning(form: Form, messages: Sequence[dict[str, Any]]) -> str:
    """Return the prompt before the newest request: system prompt and earlier exchanges."""
    parts, pending = [], ""
    for message in messages:
        text = plain(message["content"])
        if message["role"] == "system":
            if form.system:
                parts.append(form.system.replace("{0}", text))
            else:
                pending = f"{text}\n\n"
        elif message["role"] == "user":
            parts.append(form.request.replace("{0}", pending + text))
            pending = ""
        else:
            parts.append(text + form.answer)
    return "".join(parts)


def session_template(form: Form) -> str:
    """Return the template of a request and its answer, as `GPT4All.chat_session` takes it."""
    request, answer = (
        text.replace("{", "{{").replace("}", "}}").replace("{{0}}", "{0}")
        for text in (form.request, form.answer)
    )
    return f"{request}{{1}}{answer}"


def unsaid_system(form: Form, messages: Sequence[dict[str, Any]]) -> str:
    """Return the system prompt if no earlier request has held it; it then precedes this one."""
    if form.system or any(message["role"] == "user" for message in messages):
        return ""
    return "".join(f"{plain(m['content'])}\n\n" for m in messages if m["role"] == "system")


def plain(text: str) -> str:
    """Return a text whose marks are no marks any more: they are for the model alone."""
    return text.replace("<|", "< |").replace("[INST]", "[ INST]").replace("%1", "% 1")


def _with_placeholder(template: str) -> str:
    """Return a template of the catalogue, or of the user, with `{0}` for the text."""
    return template.replace("%1", "{0}") if "{0}" not in template else template
