"""Tool calls of small language models: how many are right, by model and by form.

    python -m tests.bench.tools [--model NAME ...] [--form FORM ...]

A real Ollama (`tests/support/install_ollama.sh`) runs models of `tests.support.real_models`; the
built-in sentences are left out, so that the model does all of the work. The forms:

- native: the tools are given to Ollama, whose template (that of Qwen2.5) has them
- constrained: as native, and Ollama's `format` admits only the JSON of a call of one of them, or of
  an answer in words
- again: as native; where that names a tool that does not exist, or arguments that it does not take,
  the same request once more as constrained
- text: the template has no tools; they are listed in the system message, and the model writes JSON

Of 40 requests for tools, a request is right if the first answer calls the expected tool with the
arguments that matter, and no other one; it is wrong if another tool would be used, or with other
arguments. The rest calls tools that do not exist, or with arguments that they do not take: nothing
happens, and the model may try again. Of 10 that need none, a request is right if none is called.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from satellite import options, tools
from satellite.ports import EngineContext
from satellite.values import ReplyRequest
from servers.llm.chat import prompt
from servers.llm.chat.client import ToolCall
from servers.llm.chat.spoken_stream import SpokenStream
from servers.llm.chat.tool_names import canonical
from servers.llm.chat.toolbox import Toolbox
from servers.llm.ollama import modelfile
from servers.llm.ollama.client import OllamaClient
from tests.bench.tools_requests import HOME, REQUESTS, TALK, Wanted
from tests.support import ollama_server
from tests.support.real_models import real_model

MODELS = ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "smollm2-135m")
FORMS = ("native", "constrained", "again", "text")

ANSWER = "answer"
"""The tool that stands for an answer in words, where every answer is a call."""

CHAT = """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
"""ChatML, which all three models have learned, without tools."""

TOOLS = """{{- if .Messages }}
{{- if or .System .Tools }}<|im_start|>system
{{ .System }}
{{- if .Tools }}

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{{- range .Tools }}
{"type": "function", "function": {{ .Function }}}
{{- end }}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>
{{- end }}<|im_end|>
{{ end }}
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 -}}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ if .Content }}{{ .Content }}
{{- else if .ToolCalls }}<tool_call>
{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
{{ end }}</tool_call>
{{- end }}{{ if not $last }}<|im_end|>
{{ end }}
{{- else if eq .Role "tool" }}<|im_start|>user
<tool_response>
{{ .Content }}
</tool_response><|im_end|>
{{ end }}
{{- if and (ne .Role "assistant") $last }}<|im_start|>assistant
{{ end }}
{{- end }}
{{- end }}"""
"""The template of qwen2.5 in Ollama's library."""

PARAMETERS = {"num_ctx": 4096, "num_predict": 64, "temperature": 0, "seed": 1, "num_thread": 1}
"""One thread: two wait for each other at every step, and write 1 token a second on a busy machine
of two cores, where one alone writes 18."""
LISTED = """
Tools:
{tools}
To use a tool, write nothing but {{"name": NAME, "arguments": {{...}}}}. Otherwise, write words."""


class Asked(msgspec.Struct, frozen=True):
    """The first answer to a request."""

    calls: tuple[ToolCall, ...]
    written: bool
    """Whether the calls were in the text."""
    text: str


class Bench:
    """One model, asked in one form."""

    def __init__(self, client: OllamaClient, model: str, form: str) -> None:
        self._client = client
        self._model = model
        self._form = form
        self._tools = tools.installed()
        box = Toolbox(self._tools, EngineContext(), home=True)
        self._names = box.names
        self._definitions = box.definitions()

    async def create(self) -> None:
        """Create the model on Ollama's server."""
        template = CHAT if self._form == "text" else TOOLS
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "Modelfile")
            weights = real_model(self._model) / "model.gguf"
            file.write_text(f'FROM {weights}\nTEMPLATE """{template}"""\n')
            await modelfile.create(self._client, self._name, str(file))

    @property
    def _name(self) -> str:
        return f"{self._model}-{self._form}"

    async def ask(self, text: str) -> Asked:
        """Ask in the form of this benchmark."""
        asked = await self._ask(text, constrained=self._form == "constrained")
        if self._form == "again" and any(map(self.broken, asked.calls)):
            return await self._ask(text, constrained=True)
        return asked

    def broken(self, call: ToolCall) -> bool:
        """Return whether a call names no tool, or not its arguments."""
        tool = next((t for t in self._tools if canonical(t.name) == canonical(call.name)), None)
        if tool is None:
            return True
        filled = {key: v for key, v in call.arguments.items() if v not in (None, "")}
        return options.convert(tool.arguments, filled)[0] is None

    async def _ask(self, text: str, *, constrained: bool) -> Asked:
        system = prompt.system_message("", HOME)
        if self._form == "text":
            listed = "\n".join(json.dumps(tool["function"]) for tool in self._definitions)
            system["content"] += LISTED.format(tools=listed)
        pieces = self._client.chat(
            self._name,
            [system, prompt.user_message(ReplyRequest(text=text, situation=HOME))],
            tools=() if self._form == "text" else self._definitions,
            parameters=PARAMETERS,
            keep_alive="10m",
            schema=schema(self._definitions) if constrained else None,
        )
        stream, native, raw = SpokenStream((*self._names, ANSWER)), list[ToolCall](), ""
        async with aclosing(pieces):
            async for piece in pieces:
                raw += piece.text
                stream.push(piece.text)
                native += piece.calls
        stream.flush()
        written = [call for call in stream.calls if canonical(call.name) != ANSWER]
        return Asked(tuple(native or written), not native, raw)


def schema(definitions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON schema of a call of one of these tools, or of an answer in words."""
    words = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    kinds = {tool["function"]["name"]: tool["function"]["parameters"] for tool in definitions}
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {"name": {"const": name}, "arguments": arguments},
                "required": ["name", "arguments"],
            }
            for name, arguments in {**kinds, ANSWER: words}.items()
        ]
    }


def right(calls: Sequence[ToolCall], wanted: Wanted) -> bool:
    """Return whether the calls are the expected one, in its tool and the arguments that matter."""
    name, arguments = wanted
    return (
        len(calls) == 1
        and canonical(calls[0].name) == canonical(name)
        and all(
            _plain(calls[0].arguments.get(key)) == _plain(value) for key, value in arguments.items()
        )
    )


def _plain(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value).strip().lower().removeprefix("the ")


async def measure(host: str, model: str, form: str, limit: int) -> None:
    """Print one line of the table, and before it, what was wrong."""
    client = OllamaClient(host, 600.0)
    try:
        bench = Bench(client, model, form)
        await bench.create()
        await bench.ask(TALK[0])  # loads the model and computes the beginning of its prompts
        found, began = Counter[str](), time.monotonic()
        for text, wanted in REQUESTS[:limit]:
            asked = await bench.ask(text)
            found["written"] += bool(asked.calls) and asked.written
            found["none"] += not asked.calls
            good = right(asked.calls, wanted)
            found["right"] += good
            found["wrong"] += not good and any(not bench.broken(call) for call in asked.calls)
            made = "; ".join(f"{c.name} {json.dumps(dict(c.arguments))}" for c in asked.calls)
            made = made or f"no call: {asked.text[:100]!r}"
            print(f"  {'+' if good else '-'} {text}: {made}", flush=True)
        seconds = (time.monotonic() - began) / limit
        for text in TALK:
            asked = await bench.ask(text)
            found["talk"] += not asked.calls
            if asked.calls:
                print(f"    {text}: {', '.join(call.name for call in asked.calls)}", flush=True)
    finally:
        await client.close()
    print(
        f"| {model} | {form} | {found['right']}/{limit} | {found['wrong']} | {found['none']} "
        f"| {found['written']} "
        f"| {found['talk']}/{len(TALK)} | {seconds:.1f} s |",
        flush=True,
    )


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", action="append", choices=MODELS, help="only this model")
    parser.add_argument("--form", action="append", choices=FORMS, help="only this form")
    parser.add_argument("--requests", type=int, default=len(REQUESTS), help="only the first ones")
    chosen = parser.parse_args()
    print(
        "| model | form | right | wrong | no call | calls in the text | words right | a request |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        ollama_server.serving(Path(folder), slots=1) as host,
    ):
        for model in chosen.model or MODELS:
            for form in chosen.form or FORMS:
                await measure(host, model, form, chosen.requests)


if __name__ == "__main__":
    asyncio.run(main())
