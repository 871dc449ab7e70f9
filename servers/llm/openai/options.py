"""The options of the engine `openai`, named as OpenAI's API names them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from satellite.options import OptionSet, option


class OpenAiOptions(OptionSet, frozen=True):
    """The server, the model and the parameters of its answers."""

    context_option: ClassVar[str] = "context"

    url: Annotated[
        str,
        option(
            "Address with its path, as http://localhost:8080/v1; OPENAI_BASE_URL, or that, by "
            "default"
        ),
    ] = ""
    key_file: Annotated[
        str,
        option(
            "File with the API key; OPENAI_API_KEY by default, never sent unencrypted to others"
        ),
    ] = ""
    model: Annotated[str, option("Model; the server's only one by default")] = ""
    system: Annotated[str, option("System prompt: the character of the assistant")] = ""
    temperature: (
        Annotated[float, option("Randomness of the answer; the server's own by default", minimum=0)]
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
    max_tokens: Annotated[int, option("Longest answer", unit="tokens", minimum=1)] = 512
    stop: Annotated[tuple[str, ...], option("Texts that end an answer")] = ()
    context: Annotated[
        int, option("Context that the server gives a conversation", unit="tokens", minimum=512)
    ] = 4096
    enable_thinking: Annotated[
        Literal["default", "false", "true"],
        option("Switch reasoning of llama.cpp and vLLM; it is never spoken"),
    ] = "default"
    reasoning_effort: Annotated[str, option("The same for other servers: low, medium, high")] = ""
    local_first: Annotated[
        bool, option("Answer what the built-in sentences understand without the model")
    ] = True
    tool_rounds: Annotated[
        int, option("Most rounds of tool calls for one answer", minimum=0, maximum=20)
    ] = 4
    languages: Annotated[
        tuple[str, ...], option("Languages of the model; any language if empty")
    ] = ()
    timeout: Annotated[
        float, option("Longest silence of the server, model loading included", unit="s", minimum=1)
    ] = 120.0

    @property
    def num_ctx(self) -> int:
        """`context`, as `Chat` names it."""
        return self.context

    @property
    def prompt_tokens(self) -> int:
        """Tokens available for the prompt; the rest of the context is for the answer."""
        return max(self.context - self.max_tokens, self.context // 2)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a request; unset ones are left out."""
        thinking = {"false": False, "true": True}.get(self.enable_thinking)
        chosen = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
            "max_tokens": self.max_tokens,
            "stop": list(self.stop) or None,
            "chat_template_kwargs": None if thinking is None else {"enable_thinking": thinking},
            "reasoning_effort": self.reasoning_effort or None,
        }
        return {name: value for name, value in chosen.items() if value is not None}
