"""The options of the engine `llamacpp`, named as llama.cpp's server names them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from satellite.options import OptionSet, option


class LlamaCppOptions(OptionSet, frozen=True):
    """The model and the parameters of its answers."""

    context_option: ClassVar[str] = "ctx_size"

    model: Annotated[
        str, option("Model, as `satellite models` lists it without gguf:, or path of a GGUF file")
    ] = "qwen2.5-1.5b"
    system: Annotated[str, option("System prompt: the character of the assistant")] = ""
    ctx_size: Annotated[
        int, option("Context of each conversation", unit="tokens", minimum=512, maximum=1 << 20)
    ] = 4096
    parallel: Annotated[
        int, option("Conversations answered at once, in batches", minimum=1, maximum=64)
    ] = 2
    threads: Annotated[int, option("Threads; 0 is all cores, up to 8", minimum=0, maximum=256)] = 0
    n_gpu_layers: Annotated[
        int, option("Layers on the GPU, where llama.cpp is built for one; -1 is all", minimum=-1)
    ] = -1
    n_predict: Annotated[int, option("Longest answer", unit="tokens", minimum=1)] = 512
    temp: Annotated[float, option("Randomness of the answer", minimum=0, maximum=5)] = 0.7
    top_k: Annotated[int, option("Choose among this many words; 0 is all", minimum=0)] = 40
    top_p: Annotated[
        float, option("Choose among the likeliest words of this total share", minimum=0, maximum=1)
    ] = 0.95
    min_p: Annotated[
        float,
        option("Leave out words below this share of the likeliest one", minimum=0, maximum=1),
    ] = 0.05
    seed: Annotated[int, option("Random seed: the same seed gives the same answer")] | None = None
    stop: Annotated[tuple[str, ...], option("Texts that end an answer")] = ()
    reasoning: Annotated[
        Literal["off", "on"], option("Reason before answering; the reasoning is never spoken")
    ] = "off"
    local_first: Annotated[
        bool, option("Answer what the built-in sentences understand without the model")
    ] = True
    tool_rounds: Annotated[
        int, option("Most rounds of tool calls for one answer", minimum=0, maximum=20)
    ] = 4
    languages: Annotated[
        tuple[str, ...], option("Languages of the model; empty for any language")
    ] = ()

    @property
    def num_ctx(self) -> int:
        """`ctx_size`, as `Chat` names it."""
        return self.ctx_size

    @property
    def prompt_tokens(self) -> int:
        """Tokens available for the prompt; the rest of the context is for the answer."""
        return max(self.ctx_size - self.n_predict, self.ctx_size // 2)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a request; unset ones are left out."""
        chosen = {
            "temperature": self.temp,
            "top_k": self.top_k,
            "top_p": self.top_p,
            "min_p": self.min_p,
            "seed": self.seed,
            "max_tokens": self.n_predict,
            "stop": list(self.stop) or None,
            "chat_template_kwargs": {"enable_thinking": self.reasoning == "on"},
        }
        return {name: value for name, value in chosen.items() if value is not None}
