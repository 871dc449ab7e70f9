"""The options of the engine `ollama`, named as Ollama names them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from satellite.options import OptionSet, option
from satellite.text.whole_number import whole_number


class OllamaOptions(OptionSet, frozen=True):
    """The model and the parameters of its answers."""

    context_option: ClassVar[str] = "num_ctx"

    model: Annotated[str, option("Model, as `ollama list` shows it")] = "llama3.2"
    host: Annotated[
        str, option("Address of Ollama; models.ollama, OLLAMA_HOST or port 11434 here by default")
    ] = ""
    system: Annotated[str, option("System prompt: the character of the assistant")] = ""
    temperature: (
        Annotated[float, option("Randomness of the answer; the model's own by default", minimum=0)]
        | None
    ) = None
    top_p: (
        Annotated[
            float,
            option("Choose among the likeliest words of this total share", minimum=0, maximum=1),
        ]
        | None
    ) = None
    seed: Annotated[int, option("Random seed: the same seed gives the same answer")] | None = None
    num_ctx: Annotated[int, option("Context length of the model", unit="tokens", minimum=256)] = (
        4096
    )
    num_predict: Annotated[int, option("Longest answer", unit="tokens", minimum=1)] = 512
    stop: Annotated[tuple[str, ...], option("Texts that end an answer")] = ()
    keep_alive: Annotated[
        str, option("Keep the model in memory this long after an answer (10m, 2h, -1 for ever)")
    ] = "30m"
    think: Annotated[
        Literal["false", "true", "low", "medium", "high"],
        option("Reason before answering; the reasoning is never spoken"),
    ] = "false"
    modelfile: Annotated[
        str, option("Modelfile to create the model from, under the name `model`")
    ] = ""
    local_first: Annotated[
        bool, option("Answer what the built-in sentences understand without the model")
    ] = True
    tool_rounds: Annotated[
        int, option("Most rounds of tool calls for one answer", minimum=0, maximum=20)
    ] = 4
    languages: Annotated[
        tuple[str, ...],
        option("Languages of the model and of the built-in sentences; any language if empty"),
    ] = ()
    timeout: Annotated[
        float, option("Longest silence of Ollama, model loading included", unit="s", minimum=1)
    ] = 120.0

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as `options` of Ollama's API; unset ones are left out."""
        chosen = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
            "num_ctx": self.num_ctx,
            "num_predict": self.num_predict,
            "stop": list(self.stop) or None,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    @property
    def prompt_tokens(self) -> int:
        """Tokens available for the prompt; the rest of the context is for the answer."""
        return max(self.num_ctx - self.num_predict, self.num_ctx // 2)

    @property
    def thinking(self) -> bool | str:
        """`think` as Ollama's API expects it."""
        return {"false": False, "true": True}.get(self.think, self.think)

    @property
    def model_lifetime(self) -> str | int:
        """`keep_alive` as Ollama's API expects it: seconds are a number there."""
        text = self.keep_alive.strip()
        seconds = whole_number(text.removeprefix("-"))
        if seconds is None:
            return text
        return -seconds if text.startswith("-") else seconds
