"""The options of the engine `gpt4all`, named as its package names them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from satellite.options import OptionSet, option


class Gpt4AllOptions(OptionSet, frozen=True):
    """The model and the parameters of its answers."""

    context_option: ClassVar[str] = "n_ctx"

    model: Annotated[
        str,
        option("Model, as `satellite models` lists it without gpt4all:, or path of a GGUF file"),
    ] = "Phi-3-mini-4k-instruct.Q4_0.gguf"
    system: Annotated[str, option("System prompt: the character of the assistant")] = ""
    prompt_template: Annotated[
        str, option("Template of a request, with {0} for its text; by default the catalogue's")
    ] = ""
    n_ctx: Annotated[int, option("Context", unit="tokens", minimum=256, maximum=1 << 20)] = 2048
    n_threads: Annotated[int, option("Threads; 0 is all cores, up to 8", minimum=0)] = 0
    device: Annotated[
        str, option("cpu, gpu, kompute, cuda, or the name of a GPU; Metal by default on a Mac")
    ] = ""
    ngl: Annotated[int, option("Layers on the GPU", minimum=0)] = 100
    max_tokens: Annotated[int, option("Longest answer", unit="tokens", minimum=1)] = 200
    temp: Annotated[float, option("Randomness of the answer", minimum=0, maximum=5)] = 0.7
    top_k: Annotated[int, option("Choose among this many words", minimum=1)] = 40
    top_p: Annotated[
        float, option("Choose among the likeliest words of this total share", minimum=0, maximum=1)
    ] = 0.4
    min_p: Annotated[
        float,
        option("Leave out words below this share of the likeliest one", minimum=0, maximum=1),
    ] = 0.0
    repeat_penalty: Annotated[float, option("Penalty of repeated words", minimum=0)] = 1.18
    repeat_last_n: Annotated[int, option("Words that count as repeated", minimum=0)] = 64
    n_batch: Annotated[int, option("Tokens of a prompt computed at once", minimum=1)] = 128
    local_first: Annotated[
        bool, option("Answer what the built-in sentences understand without the model")
    ] = True
    languages: Annotated[
        tuple[str, ...], option("Languages of the model; empty for any language")
    ] = ()

    @property
    def num_ctx(self) -> int:
        """`n_ctx`, as `Chat` names it."""
        return self.n_ctx

    @property
    def prompt_tokens(self) -> int:
        """Tokens available for the prompt, by an estimate of 3 characters each; the rest of the
        context is for the answer.

        The package counts no tokens, which would correct the estimate, and a prompt longer than the
        context takes it minutes: a third is spare, for numbers, names and Chinese.
        """
        return max(self.n_ctx - self.max_tokens, self.n_ctx // 2) * 2 // 3

    @property
    def tool_rounds(self) -> int:
        """None: the package passes no tools to its models."""
        return 0

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of an answer, as `GPT4All.generate` takes them."""
        names = ("max_tokens", "temp", "top_k", "top_p", "min_p")
        more = ("repeat_penalty", "repeat_last_n", "n_batch")
        return {name: getattr(self, name) for name in (*names, *more)}
