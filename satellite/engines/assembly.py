"""The engines of the settings: built-in, plugins or servers, created, loaded and closed here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import chain
from typing import Any

import msgspec

from satellite.components import spec
from satellite.components.auto import BUILT_IN, preference
from satellite.components.spec import AUTO
from satellite.engines.chain import FallbackChain
from satellite.engines.closing import close
from satellite.engines.external_tools import external_tools
from satellite.engines.failover import failover
from satellite.engines.home_aware import at_home
from satellite.engines.known_servers import KnownServers
from satellite.engines.language_gaps import LanguageGap, knows, language_gaps, languages_of
from satellite.engines.other_language import SpeaksAnyLanguage
from satellite.engines.ranking import rank
from satellite.engines.selection import SHARE
from satellite.errors import SatelliteError, WireError
from satellite.events import Event
from satellite.homeassistant.client.home import Home
from satellite.homeassistant.client.home import opened as opened_home
from satellite.languages import codes
from satellite.lib.containment import Containment
from satellite.lib.taskgroups import first_error
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.discovery.preferences import Preferences
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import TURN_ROLES, Asr, Engine, EngineContext, Vad, Wake
from satellite.settings import Settings
from satellite.turns.assistants import (
    Assistants,
    EngineKey,
    assistant_components,
    build_assistants,
    engine_key,
)
from satellite.turns.context import Engines

_LOGGER = logging.getLogger(__name__)

ELSEWHERE = TURN_ROLES
"""Roles for which `auto` prefers a server. Not wake: sound leaves the device only after a word."""

STAND_IN = BUILT_IN["tts"]
"""The text-to-speech engine for languages that another one has no voice for."""

DESCRIBED = 5.0
"""Seconds for a server to describe itself where only its languages are of interest."""

SETTLE = 0.6
"""Seconds to wait for servers at the start: they answer a question on the LAN within 0.12 s
(RFC 6762, 6), are then described, and the models take longer than this to load anyway."""

CERTAIN = 3.0
"""Seconds to wait for servers before a command's only request: adverts come after 1 to 2 s where a
question or its answer is lost, as mDNS repeats it after 1 s."""


class Assembly(msgspec.Struct, frozen=True):
    """The engines of a satellite, loaded.

    `gaps` are the roles whose engine does not know the language of an assistant.
    """

    wake: Wake
    vad: Vad
    turn: Engines
    assistants: Assistants
    context: EngineContext
    gaps: tuple[LanguageGap, ...] = ()
    local_asr: dict[str, Asr | None] = {}
    """By language of the assistants, the speech recognition of this machine that knows it."""


class _Made(msgspec.Struct, frozen=True):
    """Loaded engines."""

    engines: dict[EngineKey, Any]
    links: dict[EngineKey, list[Any]]
    """The engines that each of them consists of, without servers that are found on the LAN."""
    context: EngineContext
    discovery: Discovery | None

    def local_asr(self, assistants: Sequence[Settings]) -> dict[str, Asr | None]:
        """Return this machine's speech recognition that knows a language, by the assistants'."""
        found: dict[str, Asr | None] = {}
        for own in assistants:
            if not any(codes.same(own.language, language) for language in found):
                found[own.language] = self._local_asr(own)
        return found

    def _local_asr(self, settings: Settings) -> Asr | None:
        key = engine_key("asr", settings)
        if spec.is_uri(key[1]):
            return None
        for engine in self.links[key]:
            if knows(settings.language, languages_of("asr", engine)):
                found: Asr = engine
                return found
        return None

    def gaps(self, settings: Settings) -> tuple[LanguageGap, ...]:
        """Return the roles whose engine does not know its language."""

        def served(role: str, language: str) -> bool:
            return self.discovery is not None and any(
                place.unfit is None
                for place in rank(
                    role,
                    self.discovery.servers(role, language),
                    preferences=self.discovery.preferences,
                    language=language,
                )
            )

        return tuple(language_gaps(settings, self.links, served))


async def create(role: str, text: str, context: EngineContext) -> Any:
    """Create the engine of a component; `auto` is the best one on this machine, without servers.

    An llm may be a chain. Raises what `components.create` raises.
    """
    if len(links := spec.chain(role, text)) > 1:
        return FallbackChain([await create(role, link, context) for link in links])
    if spec.is_uri(text):
        return remote(text, role, Pairing(context.pairing))
    component = (await preference(role, context)).component if text == AUTO else text
    return spec.create(role, component, context)


@asynccontextmanager
async def opened(role: str, settings: Settings) -> AsyncGenerator[Any, None]:
    """Load the engine of a role for one request; it is closed at the end of the block.

    If servers may serve it, wait for them until it is certain that there is none.
    """
    wanted = engine_key(role, settings)
    made = _made([wanted], settings, lambda event: None, known=KnownServers(), settle=CERTAIN)
    async with made as opened_engines:
        engine = opened_engines.engines[wanted]
        await engine.load()
        yield engine


@asynccontextmanager
async def conversing(
    settings: Settings,
    publish: Callable[[Event], None],
    roles: Sequence[str],
    *also: Callable[[], None],
) -> AsyncGenerator[dict[str, Any], None]:
    """Load the engines of some roles, by role, and run `also` on threads meanwhile.

    For a conversation without a wake word. The engines are closed at the end of the block.
    """
    keys = {role: engine_key(role, settings) for role in roles}
    async with _made(list(keys.values()), settings, publish, *also) as made:
        for gap in made.gaps(msgspec.structs.replace(settings, assistants={})):
            _LOGGER.warning("%s", gap)
        yield {role: made.engines[key] for role, key in keys.items()}


@asynccontextmanager
async def assembled(
    settings: Settings, publish: Callable[[Event], None]
) -> AsyncGenerator[Assembly, None]:
    """Load the engines of the settings concurrently; they are closed at the end of the block."""
    vad: Vad = await create("vad", settings.vad, EngineContext.for_settings(settings))
    wake = ("wake", settings.wake, "")
    wanted = [*assistant_components(settings), wake]
    async with _made(wanted, settings, publish, vad.load) as made:
        assistants = build_assistants(settings, made.engines)
        yield Assembly(
            made.engines[wake],
            vad,
            assistants.first.engines,
            assistants,
            made.context,
            made.gaps(settings),
            made.local_asr(assistants.settings),
        )


async def quick_gaps(
    settings: Settings, served: Callable[[str, str], bool] = lambda role, language: False
) -> tuple[LanguageGap, ...]:
    """Return the roles whose engine does not know its language, without loading large models.

    `served` returns whether a server of the LAN serves a role in a language. An engine that cannot
    be created, or a server that does not answer, is no gap: others report that.
    """
    context = EngineContext.for_settings(settings)
    async with AsyncExitStack() as stack:
        links: dict[EngineKey, list[Any]] = {}
        for key in assistant_components(settings):
            role, component, language = key
            links[key] = []
            try:
                for text in spec.chain(role, component):
                    engine = await create(role, text, for_language(context, language))
                    stack.push_async_callback(close, engine, seconds=DESCRIBED / 2)
                    if spec.is_uri(text) or engine.describe().name == STAND_IN:
                        async with asyncio.timeout(DESCRIBED):
                            await engine.load()
                    links[key].append(engine)
            except (SatelliteError, TimeoutError) as error:
                _LOGGER.debug("languages of %s are unknown: %s", component, error)
                links[key] = []
        return tuple(language_gaps(settings, links, served))


@asynccontextmanager
async def _made(
    named: Sequence[EngineKey],
    settings: Settings,
    publish: Callable[[Event], None],
    *also: Callable[[], None],
    known: KnownServers | None = None,
    settle: float = SETTLE,
) -> AsyncGenerator[_Made, None]:
    chains = {wanted: spec.chain(*wanted[:2]) for wanted in named}
    shared = [name for name, texts in chains.items() if name[0] in ELSEWHERE and AUTO in texts]
    async with AsyncExitStack() as stack:
        home = await stack.enter_async_context(opened_home(settings.home))
        tools = await stack.enter_async_context(external_tools(settings))
        context = EngineContext.for_settings(settings, home, tools=tools)
        made = {
            name: [await create(name[0], text, for_language(context, name[2])) for text in texts]
            for name, texts in chains.items()
        }
        links = {name: list(parts) for name, parts in made.items()}
        stack.push_async_callback(close, *chain.from_iterable(made.values()))
        discovery = None
        preferences = Preferences.from_settings(settings.servers)
        if shared and (settings.zeroconf or preferences.addresses or preferences.names):
            pairing = Pairing(settings.pairing)
            answering: tuple[str, ...] = ()
            # a preference may name a server by its advert, which is unknown of an address
            if known and settings.zeroconf and not (preferences.pin or preferences.exclude):
                answering = await known.answering(shared[0][0], pairing)
            discovery = Discovery(
                publish,
                pairing=pairing,
                preferences=preferences,
                announced=settings.zeroconf,
                addresses=answering,
            )
            looking = await stack.enter_async_context(_looking(discovery))
            for name in shared:
                role, place = name[0], chains[name].index(AUTO)
                patience = SHARE * getattr(settings.deadlines, role)
                made[name][place] = failover(role, made[name][place], discovery, publish, patience)
        engines: dict[EngineKey, Any] = {
            name: _joined(name, parts, context, home) for name, parts in made.items()
        }
        stack.push_async_callback(close, *engines.values())
        with first_error(SatelliteError):
            async with asyncio.TaskGroup() as tasks:
                for (role, *_), engine in engines.items():
                    tasks.create_task(_load(role, engine))
                for load in also:
                    tasks.create_task(asyncio.to_thread(load))
                if discovery is not None:
                    roles = [role for role, *_ in shared]
                    tasks.create_task(_settle(discovery, looking, roles, settle))
        yield _Made(engines, links, context, discovery)
        if known and discovery is not None:
            role = shared[0][0]
            found = discovery.servers(role)
            await known.remember(role, [server.uri for server in found])


def for_language(context: EngineContext, language: str) -> EngineContext:
    """Return the context for an engine of a language; unchanged for an empty one."""
    if not language or codes.same(language, context.language):
        return context
    return msgspec.structs.replace(context, language=language)


def _joined(
    name: EngineKey, links: Sequence[Any], context: EngineContext, home: Home | None
) -> Any:
    """Return the engine of a chain, with the home; one that speaks has a stand-in for languages
    without a voice.

    It owns the links: closing it closes them.
    """
    role, component, _ = name
    engine: Any = FallbackChain(links) if len(links) > 1 else links[0]
    if role == "tts" and (spec.is_uri(component) or spec.parse(component).plugin != STAND_IN):
        return SpeaksAnyLanguage(engine, partial(create, role, STAND_IN, context))
    return engine if home is None else at_home(role, engine, home)


async def _load(role: str, engine: Engine) -> None:
    try:
        await engine.load()
    except WireError as error:
        # machines start in any order after a power cut
        _LOGGER.warning("%s: not available yet, retried at the next request: %s", role, error)


@asynccontextmanager
async def _looking(discovery: Discovery) -> AsyncGenerator[asyncio.Task[None], None]:
    """Keep the list of servers on the LAN up to date inside this block."""
    async with asyncio.TaskGroup() as tasks:
        work = Containment("discovery of servers").run(partial(_look, discovery))
        looking = tasks.create_task(work, name="discovery")
        try:
            yield looking
        finally:
            looking.cancel()


async def _settle(
    discovery: Discovery, looking: asyncio.Task[None], roles: Sequence[str], seconds: float
) -> None:
    """Wait up to `seconds` for a server of every role, or until none can be found."""
    waiting = asyncio.ensure_future(discovery.wait_for(roles, seconds))
    try:
        await asyncio.wait([waiting, looking], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])


async def _look(discovery: Discovery) -> None:
    try:
        await discovery.run()
    except NoMulticast as error:
        _LOGGER.warning("cannot discover servers on the LAN: %s", error)
