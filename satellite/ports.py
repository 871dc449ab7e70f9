"""The protocols: the whole plugin surface on one screen.

A plugin is a class, named by an entry point of the group `satellite.<role>`. Beside it stands its
`Options` (see `satellite.options`), and it is constructed as `Plugin(options)`, or as
`Plugin(options, context=context)` where its constructor has a parameter `context`, an
`EngineContext`. Constructing is cheap and imports nothing heavy. State machines, retries,
deadlines, logging and metrics stay with the caller.

What a plugin may offer beyond its role stands in `OFFERS`, each with a protocol of its own.

Every engine method is an async generator. Its caller may stop at any await (cancel it, or close the
generator); the engine then stops working and is ready for the next call. Calls may overlap.
Engines raise only `EngineError`s, `PackageMissing`, and, when remote, `WireError`s.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
)
from contextlib import aclosing, suppress
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from satellite.errors import EngineClosed
from satellite.events import Event
from satellite.requirements import Requirement
from satellite.settings import (
    HomeSettings,
    ModelSettings,
    PairingSettings,
    Settings,
    VoiceSettings,
)
from satellite.values import (
    Action,
    AudioChunk,
    AudioFormat,
    Detection,
    DetectRequest,
    EngineInfo,
    Extent,
    ProgramInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)

T = TypeVar("T")

ROLES = ("mic", "speaker", "wake", "vad", "asr", "llm", "tts", "hook")
ENGINE_ROLES = ("asr", "llm", "tts", "wake")
TURN_ROLES = ("asr", "llm", "tts")
"""Roles whose engines an assistant may have of its own."""


class ConnectedHome(Protocol):
    """The Home Assistant that this process is connected to.

    Only what is exposed to voice assistants exists here. Methods raise `EngineError`s.
    """

    def device_of(self, satellite: str) -> str | None:
        """Return Home Assistant's device id of the satellite of a name; None where it has none."""

    async def perform(self, action: Action, area: str | None = None) -> str:
        """Carry out a `home.do` or `home.ask` action; return the sentence that reports the result.

        `area` is the room in which it was asked for.
        """

    async def describe(self, name: str | None, area: str | None, near: str | None) -> str:
        """Return a line for each entity of a name, in an area, with its state; for a language
        model. `near` is the room in which it was asked for."""


class ExternalTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of another program, such as a server of MCP, for language models.

    Its texts are bounded, and without invisible characters.
    """

    name: str
    """The name by which a model calls it: 1 to 64 letters, digits, `_` and `-`."""
    origin: str
    """The server that has it, and its name there."""
    doc: str
    parameters: Mapping[str, Any]
    """The JSON schema of its arguments: an object."""
    run: Callable[[Mapping[str, Any]], Awaitable[str]]
    """Call it; return its result.

    Raises `EngineTimeout` and `AnswerBroken` where it may have been carried out nevertheless, and
    other `EngineError`s where it was not.
    """
    effect: bool = True
    """Whether it may change something, so that it must not be done twice."""
    home: bool = False
    """Whether it controls the home: it then takes the place of our tools for that."""


class ExternalTools(Protocol):
    """The tools of other programs."""

    def start(self) -> None:
        """Begin to look for them. Idempotent."""

    async def offered(self) -> tuple[ExternalTool, ...]:
        """Return the tools that can be called now; wait a moment for those not known yet."""


class PieceOfWork(Protocol):
    """A piece of computing, which takes several cores and cannot be stopped."""

    def may_begin(self) -> bool:
        """Return whether it may begin now, or others come first."""

    def begin(self) -> None:
        """Note that it begins."""

    def end(self) -> None:
        """Note that it is over, or is not wanted any more. Idempotent."""


class SharedProcessors(Protocol):
    """The processors of a server, which addresses of clients share over all engines."""

    def piece(self, address: str) -> PieceOfWork:
        """Return a new piece of work for an address, which waits from now on."""


class EngineContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a program hands to each of its engines besides their own options."""

    models: ModelSettings = ModelSettings()
    """Where models are stored, and whether they may be fetched."""
    home: ConnectedHome | None = None
    """The home that this process is connected to."""
    tools: ExternalTools | None = None
    """Tools of other programs, for language models."""
    home_settings: HomeSettings = HomeSettings()
    """The settings of that home; its address is set even while it cannot be reached."""
    pairing: PairingSettings = PairingSettings()
    voices: Mapping[str, VoiceSettings] = {}
    """The cloned voices of the settings, by name."""
    language: str = "en"
    """The language that is mostly spoken. `auto` chooses a model of it; requests name their own."""
    satellite: str = ""
    """The name of the satellite, whose learned voices a wake engine reads; empty for none."""
    nice: int = 0
    """How much lower than the event loop's the priority of model threads is, in steps of nice(1);
    see `satellite.lib.worker`."""
    processors: SharedProcessors | None = None
    """What engines that compute for seconds ask before each piece of work; None where an engine
    has the processors to itself."""

    @classmethod
    def for_settings(
        cls,
        settings: Settings,
        home: ConnectedHome | None = None,
        nice: int = 0,
        tools: ExternalTools | None = None,
    ) -> EngineContext:
        """Return the context of a program with these settings."""
        return cls(
            models=settings.models,
            home=home,
            tools=tools,
            home_settings=settings.home,
            pairing=settings.pairing,
            voices=settings.voices,
            language=settings.language,
            satellite=settings.name,
            nice=nice,
        )


class Engine(Protocol):
    """What every engine has in common."""

    async def load(self) -> None:
        """Load models and import heavy dependencies. Idempotent."""

    def describe(self) -> EngineInfo:
        """Say what this is; after `load`, with its models."""

    async def close(self) -> None:
        """Release all resources. Idempotent. Later calls raise `EngineClosed`."""


@runtime_checkable
class Asr(Engine, Protocol):
    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield partial transcripts, if any, then exactly one that is final (perhaps empty).

        `audio` is 16 kHz mono in chunks of any size; the result does not depend on their sizes.
        """


@runtime_checkable
class Llm(Engine, Protocol):
    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer's text piece by piece, and actions, or `Declined` alone.

        Yields nothing for a text with nothing said.
        """


@runtime_checkable
class Tts(Engine, Protocol):
    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech, all of one format; nothing for a text with nothing to say."""


@runtime_checkable
class Wake(Engine, Protocol):
    def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        """Yield each wake word heard in `audio` (16 kHz mono, any chunk size) until it ends."""


class Vad(Protocol):
    """Voice activity detector. Small and quick enough to be called on the event loop."""

    frame_samples: int
    """Samples (16 kHz) it looks at in one call."""

    def load(self) -> None:
        """Load the model. Idempotent."""

    def probability(self, frame: bytes) -> float:
        """How likely a frame of exactly `frame_samples` holds speech, 0 to 1."""

    def reset(self) -> None:
        """Forget what was heard before."""


class Mic(Protocol):
    """Where sound comes from. Blocking work belongs on a thread of its own."""

    async def open(self) -> AudioFormat:
        """Begin to record; say in which format. Raises `DeviceMissing`, `AudioFileError`."""

    async def read(self) -> bytes:
        """Return the next samples, at least one frame. Raises `DeviceLost`."""

    @property
    def finished(self) -> bool:
        """A source with an end has reached it; from then on it gives silence, at its usual pace."""

    @property
    def overruns(self) -> int:
        """How often samples were lost because they were not read in time, since `open`."""

    async def close(self) -> None:
        """Release the device, which may be opened again. Idempotent."""


class Speaker(Protocol):
    """Where sound goes to."""

    async def open(self) -> AudioFormat:
        """Make ready to play; say in which format. Raises `DeviceMissing`."""

    async def write(self, audio: bytes) -> None:
        """Take samples, returning when there is room for more. Raises `DeviceLost`."""

    async def drain(self) -> None:
        """Return when the last sample written has been heard."""

    async def stop(self) -> None:
        """Fall silent at once, forgetting what was written and not yet heard."""

    @property
    def underruns(self) -> int:
        """How often the device ran dry within a piece of sound, since `open`."""

    async def close(self) -> None:
        """Release the device, which may be opened again. Idempotent."""


class SatelliteControls(Protocol):
    """What a person in front of the satellite can do: see `satellite.http.controls`."""

    def state(self) -> dict[str, Any]:
        """Return the state, as `GET /api/state` shows it."""

    def wake(self) -> bool:
        """Listen as after the wake word; return False if it listens already, or is muted."""

    def stop(self) -> None:
        """End what is said or rung."""

    def mute(self, muted: bool | None) -> bool:
        """Close the microphone, open it, or (None) what it is not; whether it is closed now."""

    def volume(self, level: object) -> None:
        """Set the loudness, 0 to 1. Raises `UsageError`."""


class Hook(Protocol):
    """A receiver of every event, in order; it cannot slow down or stop anything else."""

    async def start(self) -> None:
        """Make ready."""

    async def handle(self, event: Event) -> None:
        """Take note of an event."""

    async def close(self) -> None:
        """Release all resources. Idempotent."""


@runtime_checkable
class TakesArgument(Protocol):
    """A plugin class with an option that `PLUGIN:ARGUMENT` sets."""

    argument: str
    """The name of that option."""


@runtime_checkable
class HasRequirements(Protocol):
    """A plugin class that needs packages or programs of its machine."""

    requires: tuple[Requirement, ...]


@runtime_checkable
class ChecksOptions(Protocol):
    """A plugin class that checks its options together; each alone is checked already."""

    @staticmethod
    def problems(options: Any) -> Iterable[str]:
        """Return what is wrong with the options."""


@runtime_checkable
class Licensed(Protocol):
    """A plugin class that brings software or models with a license other than Apache-2.0."""

    license: str
    """Such as "eSpeak NG: GPL-3.0-or-later"; `satellite plugins` shows it."""


@runtime_checkable
class HasConformanceSample(Protocol):
    """A plugin class with the input that `satellite plugins check` gives to it."""

    @staticmethod
    def conformance_sample() -> Any:
        """Return the sample of its role; see `satellite.conformance`."""


@runtime_checkable
class OffersTools(Protocol):
    """A plugin class (llm or hook) with tools for language models; see `satellite.tools`."""

    tools: tuple[Any, ...]


@runtime_checkable
class JudgesTexts(Protocol):
    """An llm that knows how far a text is a request of its own, as by a grammar. Its `describe`
    says so in `judges`."""

    def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield how far `request.text` is such a request, once. Quick, and without any effect."""


@runtime_checkable
class AnswersAhead(Protocol):
    """An llm that can answer a text before it is certain that the person has finished. Its
    `describe` says so in `ahead`."""

    def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply, as `reply` would, without any effect: no tool, nothing in the home.

        Actions are executed by the caller. Raises an `EngineError` where the reply needs more.
        """


@runtime_checkable
class HasModel(Protocol):
    """A plugin class whose engine needs a model to be downloaded."""

    model: str
    """The model that `satellite models pull` downloads for it, such as `whisper:base.en`."""


@runtime_checkable
class ChosenByAuto(HasModel, Protocol):
    """A plugin class that `auto` prefers to the built-in engine once its model is installed."""

    look_every: float
    """Seconds between two calls of `auto`."""

    async def auto(self, context: EngineContext) -> str | None:
        """Return the argument to use; None without a model that serves `context.language`. A quick
        class method, which may do without the parameter `context`."""


@runtime_checkable
class ServedByProgram(Protocol):
    """An engine whose work a program of another project does, such as llama.cpp."""

    async def served_by(self) -> ProgramInfo:
        """Ask the program what it is. Raises `EngineError`s that name the remedy."""


@runtime_checkable
class Labeled(Protocol):
    """An engine that events and logs call by a label instead of `describe().name`."""

    @property
    def label(self) -> str:
        """The label, such as the URI of a server."""


@runtime_checkable
class Sharing(Protocol):
    """An engine that accepts all requests at once, and divides its own threads among them."""

    @property
    def shares(self) -> bool:
        """Whether it does so."""


@runtime_checkable
class Preparing(Protocol):
    """An engine that needs time before some requests, in which others can use it."""

    async def prepare_for(self, request: Any) -> None:
        """Make ready what a request needs, before it has a place. Raises what the request would."""


@runtime_checkable
class Queueing(Protocol):
    """An engine that lets requests wait inside it."""

    @property
    def queued(self) -> int:
        """The number of requests that wait."""


@runtime_checkable
class WaitsForReader(Protocol):
    """A microphone whose sound can wait to be read, as that of a file."""

    waits: bool
    """Whether it is read no faster than a slow wake engine listens."""


@runtime_checkable
class OperatesSatellite(Protocol):
    """A hook that operates the satellite, as a button does."""

    def operate(self, controls: SatelliteControls) -> None:
        """Take the controls; called once, when the satellite is ready."""


@runtime_checkable
class ReportsPresses(Protocol):
    """A hook with a button, whose presses others follow, too."""

    def report(self, pressed: Callable[[str], None]) -> None:
        """Call `pressed` with "press" or "hold" from now on."""


@runtime_checkable
class Dimmable(Protocol):
    """A hook with lamps that are dimmed while it runs."""

    @property
    def brightness(self) -> float:
        """Their brightness, from 0 (off) to 1."""

    def dim(self, brightness: float) -> None:
        """Set the brightness, until the hook ends."""


@runtime_checkable
class HasPatience(Protocol):
    """A hook that may need longer for one event than `satellite.components.hooks.PATIENCE`."""

    patience: float
    """Seconds."""


_OF_CLASSES = (
    TakesArgument,
    HasRequirements,
    ChecksOptions,
    Licensed,
    HasConformanceSample,
)
_OF_ENGINES = (HasModel, ChosenByAuto, ServedByProgram, Labeled, Sharing, Queueing)

OFFERS: dict[str, tuple[type, ...]] = {
    "mic": (*_OF_CLASSES, WaitsForReader),
    "speaker": _OF_CLASSES,
    "wake": (*_OF_CLASSES, *_OF_ENGINES),
    "vad": _OF_CLASSES,
    "asr": (*_OF_CLASSES, *_OF_ENGINES),
    "llm": (*_OF_CLASSES, *_OF_ENGINES, OffersTools, JudgesTexts, AnswersAhead),
    "tts": (*_OF_CLASSES, *_OF_ENGINES),
    "hook": (
        *_OF_CLASSES,
        OffersTools,
        OperatesSatellite,
        ReportsPresses,
        Dimmable,
        HasPatience,
    ),
}
"""What plugins of each role may offer beyond the protocol of the role."""

_PROTOCOLS: dict[str, type] = {
    "mic": Mic,
    "speaker": Speaker,
    "wake": Wake,
    "vad": Vad,
    "asr": Asr,
    "llm": Llm,
    "tts": Tts,
    "hook": Hook,
}

_SIMILAR = 0.85
"""Similarity (difflib's ratio) of a name that is taken for a misspelling: one letter of six."""


def misspelled_offers(kind: type, role: str) -> dict[str, str]:
    """Return the attributes of a plugin class that look like misspelled offers of its role, with
    the right spellings. Such an attribute would be ignored silently."""
    offers = {name for offer in OFFERS[role] for name in _public_names(offer)}
    own = _public_names(kind)
    unused = offers - own
    return {
        name: similar[0]
        for name in sorted(own - offers - _public_names(_PROTOCOLS[role]) - {"Options"})
        if (similar := get_close_matches(name, unused, 1, _SIMILAR))
    }


def _public_names(kind: type) -> set[str]:
    return {
        name
        for base in kind.__mro__
        for name in (*vars(base), *vars(base).get("__annotations__", ()))
        if base is not object and not name.startswith("_")
    }


class OpenCalls:
    """The calls of an engine that are under way; closing ends them with `EngineClosed`.

    An engine need not use it, but each has to keep the promise: after `close`, a call that is
    waiting ends at once, and every later call is refused.

        def reply(self, request):
            return self._calls.run(self._answer(request))

        async def close(self):
            await self._calls.close()
    """

    def __init__(self, engine: str) -> None:
        """`engine` is the name in the error's text."""
        self._engine = engine
        self._closed = False
        self._waiting: dict[asyncio.Task[Any], bool] = {}
        """Tasks that wait for the next item; True once `close` has interrupted the wait."""
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Yield the items of a call until it ends. Raises `EngineClosed` once closed."""
        async with aclosing(items):
            while True:
                if self._closed:
                    raise EngineClosed(f"{self._engine} is closed")
                try:
                    item = await self._next(items)
                except StopAsyncIteration:
                    return
                yield item

    async def close(self, seconds: float = 5.0) -> None:
        """End the calls under way; return when none waits any longer, or after `seconds`."""
        self._closed = True
        for task, interrupted in self._waiting.items():
            if not interrupted and task is not asyncio.current_task():
                self._waiting[task] = True
                task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    async def _next(self, items: AsyncGenerator[T, None]) -> T:
        task = asyncio.current_task()
        assert task is not None, "engines are used in tasks"
        cancelling = task.cancelling()
        self._waiting[task] = False
        self._idle.clear()
        try:
            return await anext(items)
        except asyncio.CancelledError:
            # the same way by which asyncio.timeout knows its own cancellation from others'
            if self._waiting[task] and task.uncancel() <= cancelling:
                self._waiting[task] = False
                raise EngineClosed(f"{self._engine} was closed") from None
            raise
        finally:
            if self._waiting.pop(task):
                task.uncancel()
            if not self._waiting:
                self._idle.set()
