"""The options of the engine `ollama`, named as Ollama names them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from satellite.options import OptionSet, option


class OllamaOptions(OptionSet, frozen=True):
    """Which model answers, and how."""

    model: Annotated[str, option("Model, as `ollama list` shows it")] = "llama3.2"
    host: Annotated[
        str, option("Where Ollama is; models.ollama, OLLAMA_HOST or port 11434 here by default")
    ] = ""
    system: Annotated[str, option("The persona: what the model is told to be")] = ""
    temperature: (
        Annotated[
            float, option("How freely it chooses words; the model's own by default", minimum=0)
        ]
        | None
    ) = None
    top_p: (
        Annotated[float, option("Share of the likely words it chooses from", minimum=0, maximum=1)]
        | None
    ) = None
    seed: Annotated[int, option("The same seed gives the same answer")] | None = None
    num_ctx: Annotated[int, option("Context of the model", unit="tokens", minimum=256)] = 4096
    num_predict: Annotated[int, option("Longest answer", unit="tokens", minimum=1)] = 512
    stop: Annotated[tuple[str, ...], option("Texts at which an answer ends")] = ()
    keep_alive: Annotated[
        str, option("How long the model stays in memory (10m, 2h, -1 for ever)")
    ] = "30m"
    think: Annotated[
        Literal["false", "true", "low", "medium", "high"],
        option("Whether it thinks before it answers; what it thinks is not spoken"),
    ] = "false"
    modelfile: Annotated[
        str, option("Modelfile to create the model from, under the name `model`")
    ] = ""
    local_first: Annotated[
        bool, option("Answer what the built-in sentences foresee without the model")
    ] = True
    tool_rounds: Annotated[
        int, option("How often the model may use tools for one answer", minimum=0, maximum=20)
    ] = 4
    languages: Annotated[
        tuple[str, ...],
        option("Languages of the model; the first is that of the built-in sentences"),
    ] = ("en",)
    timeout: Annotated[
        float, option("Longest silence of Ollama, loading a model included", unit="s", minimum=1)
    ] = 120.0

    def parameters(self) -> dict[str, Any]:
        """What goes into `options` of Ollama's interface."""
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
        """Tokens there are for the prompt: what the answer may take is left free."""
        return max(self.num_ctx - self.num_predict, self.num_ctx // 2)

    @property
    def thinking(self) -> bool | str:
        """`think` as Ollama's interface wants it."""
        return {"false": False, "true": True}.get(self.think, self.think)

    @property
    def kept(self) -> str | int:
        """`keep_alive` as Ollama's interface wants it: seconds are a number there."""
        text = self.keep_alive.strip()
        return int(text) if text.lstrip("-").isdigit() else text
