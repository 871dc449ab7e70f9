"""The engine `homeassistant`: Home Assistant's conversation agents answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, Any, ClassVar

from satellite.errors import ConfigError, EngineClosed, EngineFailed, HomeFailed, HomeStarting
from satellite.homeassistant.client import address
from satellite.homeassistant.client.api import Api
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.tools import Tool
from satellite.values import Declined, EngineInfo, ModelInfo, ReplyPart, ReplyRequest
from servers.llm.homeassistant_tools import TOOLS

PATH = "/api/conversation/process"
"""https://developers.home-assistant.io/docs/intent_conversation_api"""

NOT_UNDERSTOOD = ("no_intent_match", "no_valid_targets")
"""Error codes for which Home Assistant itself falls back to its language model: its sentences take
"what is the capital of France" for a question about an entity of that name."""

_CONVERSATIONS = 64
"""Conversations whose ids of Home Assistant are remembered: a large house has fewer rooms."""


class HomeAssistant:
    """Passes requests to Home Assistant, which executes and answers them."""

    class Options(OptionSet, frozen=True):
        """The address of Home Assistant, and the agent to ask."""

        url: Annotated[
            str, option("Address, as http://homeassistant.local:8123; home.url by default")
        ] = ""
        token_file: Annotated[
            str, option("File with a long-lived access token; home.token_file by default")
        ] = ""
        agent: Annotated[
            str, option("Conversation agent, as conversation.ollama; its own sentences by default")
        ] = ""
        device: Annotated[
            str,
            option("Device id of the satellite in Home Assistant; looked up by name by default"),
        ] = ""
        language: Annotated[
            str, option("Language of requests; the satellite's language by default")
        ] = ""
        timeout: Annotated[
            float, option("Wait this long for an answer", unit="s", minimum=1, maximum=300)
        ] = 30.0

    argument: ClassVar[str] = "url"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("aiohttp"),)
    tools: ClassVar[tuple[Tool, ...]] = TOOLS

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        self._options = options
        self._context = context or EngineContext()
        self._api: Api | None = None
        self._closed = False
        self._conversations: OrderedDict[str, str] = OrderedDict()

    async def load(self) -> None:
        """Check the configuration. Home Assistant itself may be unavailable until later.

        Raises `EngineFailed` for a missing or malformed address.
        """
        self._ready()

    def describe(self) -> EngineInfo:
        """Describe the engine; its only model is the agent."""
        return EngineInfo(
            name="homeassistant",
            description="Home Assistant's conversation agent",
            author="Home Assistant",
            url="https://www.home-assistant.io",
            models=(ModelInfo(name=self._options.agent or "home_assistant"),),
            home_control=True,
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer whole; `Declined` for a request that Home Assistant does not understand.

        Raises `HomeDown`, `HomeStarting`, `HomeRefused`, `HomeAgentMissing`, `HomeFailed`.
        """
        api = self._ready()
        if not request.text.strip():
            return
        try:
            answer = await api.post(PATH, self._asked(request), self._options.timeout)
        except HomeFailed as error:
            # while Home Assistant starts, this path does not exist yet
            if error.status == 404 and (state := await api.state()) != "RUNNING":
                raise HomeStarting(f"Home Assistant at {api.url} is not ready: {state}") from error
            raise
        if request.conversation and isinstance(id_there := answer.get("conversation_id"), str):
            self._remember(request.conversation, id_there)
        yield spoken_text(answer)

    async def close(self) -> None:
        self._closed = True
        if self._api is not None:
            await self._api.close()

    def _asked(self, request: ReplyRequest) -> dict[str, Any]:
        asked = {"text": request.text}
        if language := self._options.language or request.language:
            asked["language"] = language
        if self._options.agent:
            asked["agent_id"] = self._options.agent
        if conversation := request.conversation:
            asked["conversation_id"] = self._conversations.get(conversation, conversation)
        if device := self._options.device or self._device(request):
            asked["device_id"] = device
        return asked

    def _remember(self, conversation: str, id_there: str) -> None:
        self._conversations[conversation] = id_there
        self._conversations.move_to_end(conversation)
        while len(self._conversations) > _CONVERSATIONS:
            self._conversations.popitem(last=False)

    def _device(self, request: ReplyRequest) -> str | None:
        """Return the satellite's device id in Home Assistant; None without one of its name."""
        home, satellite = self._context.home, request.situation.satellite
        return home.device_of(satellite) if home is not None and satellite else None

    def _ready(self) -> Api:
        if self._closed:
            raise EngineClosed("homeassistant was closed")
        if self._api is None:
            home = self._context.home_settings
            url = self._options.url or home.url
            if not url:
                raise EngineFailed(
                    "homeassistant: no address: set home.url, or name it as "
                    "homeassistant:http://HOST:8123"
                )
            try:
                url = address.parse(url)
            except ConfigError as error:
                raise EngineFailed(f"homeassistant: {error}") from error
            if not self._options.token_file and home.url and address.parse(home.url) != url:
                raise EngineFailed(
                    f"homeassistant: the token of {home.url} is not sent to {url}: set the option "
                    "token_file"
                )
            self._api = Api(url, self._options.token_file or home.token_file)
        return self._api


def spoken_text(answer: Any) -> str | Declined:
    """Return the spoken text of Home Assistant's answer. Raises `HomeFailed` for other JSON."""
    response = answer.get("response") if isinstance(answer, dict) else None
    if not isinstance(response, dict):
        raise HomeFailed(
            "Home Assistant's answer is not that of a conversation: is Home Assistant up to date?"
        )
    speech = _object(_object(response.get("speech")).get("plain")).get("speech")
    text = speech if isinstance(speech, str) else ""
    failed = response.get("response_type") == "error"
    if failed and _object(response.get("data")).get("code") in NOT_UNDERSTOOD:
        return Declined(text=text)
    if failed and not text:
        raise HomeFailed(f"Home Assistant failed: {_object(response.get('data')).get('code')}")
    return text


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
