"""The best server answers; when it fails before it has answered, the next one does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager
from typing import Any

import pytest

from satellite.engines import circuit_breaker, selection
from satellite.engines.failover import failover
from satellite.errors import EngineBusy, EngineFailed, PeerClosed
from satellite.events import Event, Failover
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.pairing import Pairing
from satellite.values import ReplyRequest, SpeechRequest, TranscribeRequest
from servers.serve import serving
from tests.support.engines import Scripted, ScriptedAsr, ScriptedLlm, ScriptedTts

DEAD = "tcp://127.0.0.1:1"


class Lan:
    """What discovery knows, without the network."""

    def __init__(self, *uris: str) -> None:
        self.uris = list(uris)
        self.pins: list[str] = []
        self.ours = False
        self.doubted: list[str] = []
        self.watched: list[tuple[str, Callable[[], None]]] = []
        self.pairing = Pairing()

    @property
    def preferences(self) -> Preferences:
        """The order in which they are asked."""
        return Preferences(pin=tuple(self.pins))

    def servers(self, role: str, language: str | None = None) -> Sequence[RemoteService]:
        return tuple(
            RemoteService(name=uri, uri=uri, roles=(role,), ours=self.ours) for uri in self.uris
        )

    def mark_used(self, uri: str) -> None:
        """A server is asked."""

    def mark_suspect(self, uri: str) -> None:
        self.doubted.append(uri)

    @contextmanager
    def when_lost(self, uri: str, call: Callable[[], None]) -> Iterator[None]:
        self.watched.append((uri, call))
        try:
            yield
        finally:
            self.watched.remove((uri, call))

    def lose(self, uri: str) -> None:
        """Let a server stop answering."""
        for watched, call in tuple(self.watched):
            if watched == uri:
                call()


class Scene:
    """Served engines, a built-in one, and the engine that chooses among them."""

    def __init__(self, role: str, built_in: Scripted, deadline: float) -> None:
        self.lan = Lan()
        self.events: list[Event] = []
        lan: Any = self.lan
        self.engine = failover(role, built_in, lan, self.events.append, deadline)
        self.built_in = built_in

    @property
    def moves(self) -> list[tuple[str, str]]:
        return [(event.origin, event.to) for event in self.events if isinstance(event, Failover)]


async def scene(
    stack: AsyncExitStack, role: str, built_in: Scripted, *served: Scripted, deadline: float = 5.0
) -> Scene:
    made = Scene(role, built_in, deadline)
    for engine in served:
        uri = await stack.enter_async_context(serving(role, engine, "tcp://127.0.0.1:0"))
        made.lan.uris.append(uri)
        made.lan.pins.append(uri)
    return made


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as entered:
        yield entered


async def say(engine: Any, text: str = "one two") -> int:
    async with aclosing(engine.synthesize(SpeechRequest(text=text))) as chunks:
        return len([chunk async for chunk in chunks])


async def reply(engine: Any) -> str:
    async with aclosing(engine.reply(ReplyRequest(text="x"))) as parts:
        return "".join([part async for part in parts])


async def sound(*chunks: bytes, pause: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    for number, chunk in enumerate(chunks):
        if number and pause is not None:
            await pause.wait()
        yield chunk
        await asyncio.sleep(0)


async def hear(engine: Any, audio: AsyncIterator[bytes]) -> list[str]:
    async with aclosing(engine.transcribe(audio, TranscribeRequest())) as items:
        return [item.text for item in [item async for item in items] if item.final]


async def test_with_no_server_the_built_in_engine_answers(stack: AsyncExitStack) -> None:
    here = await scene(stack, "tts", ScriptedTts())
    assert await say(here.engine) == 2
    assert here.engine.label == "scriptedtts"
    assert here.events == []


async def test_a_server_is_used_as_soon_as_there_is_one_and_for_as_long(
    stack: AsyncExitStack,
) -> None:
    served = ScriptedTts()
    here = await scene(stack, "tts", ScriptedTts(), served)
    (uri,) = here.lan.uris
    here.lan.uris = []
    await say(here.engine)
    here.lan.uris = [uri]
    await say(here.engine)
    assert (here.engine.label, len(served.requests)) == (uri, 1)
    here.lan.uris = []
    await say(here.engine)
    assert here.moves == [("scriptedtts", uri), (uri, "scriptedtts")]


async def test_the_server_asked_last_is_kept_when_another_comes_first(
    stack: AsyncExitStack,
) -> None:
    first, second = ScriptedTts(), ScriptedTts()
    here = await scene(stack, "tts", ScriptedTts(), first, second)
    here.lan.pins = []
    await say(here.engine)
    here.lan.uris.reverse()
    await say(here.engine)
    assert sorted((len(first.requests), len(second.requests))) == [0, 2]


@pytest.mark.parametrize(
    "broken",
    [
        {"error": EngineFailed("no voice"), "words": 0},
        {"error": EngineBusy("full"), "words": 0},
        {"error": ZeroDivisionError("bug"), "words": 0},
        {"hang": True, "words": 0},
    ],
    ids=["fails", "is busy", "has a bug", "hangs"],
)
async def test_who_fails_before_the_first_sound_is_replaced(
    broken: dict[str, Any], stack: AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = ScriptedTts(**broken), ScriptedTts()
    here = await scene(stack, "tts", ScriptedTts(), bad, good, deadline=0.3)
    assert await say(here.engine) == 2
    assert await say(here.engine) == 2
    assert (len(bad.requests), len(good.requests)) == (1, 2), "set aside after its failure"
    assert here.moves == [tuple(here.lan.uris)]
    told = [record for record in caplog.records if record.name == selection.__name__]
    assert [record.levelno for record in told] == [logging.WARNING]


async def test_who_cannot_be_reached_is_replaced_by_the_built_in_engine(
    stack: AsyncExitStack,
) -> None:
    here = await scene(stack, "llm", ScriptedLlm([("built-in",)]))
    here.lan.uris = [DEAD]
    assert await reply(here.engine) == "built-in"
    (event,) = here.events
    assert isinstance(event, Failover)
    assert (event.origin, event.to, event.role) == (DEAD, "scriptedllm", "llm")
    assert "nothing listens there" in str(event.error)


async def test_a_failed_server_is_asked_again_later_and_logged_once(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(circuit_breaker, "GONE", 0.0)
    here = await scene(stack, "tts", ScriptedTts())
    here.lan.uris = [DEAD]
    with caplog.at_level(logging.DEBUG, selection.__name__):
        for _ in range(3):
            await say(here.engine)
    levels = [record.levelno for record in caplog.records if record.name == selection.__name__]
    assert levels == [logging.WARNING, logging.DEBUG, logging.DEBUG]
    assert here.lan.doubted == [DEAD] * 3, "discovery looks whether it is there"


async def test_the_built_in_engines_error_is_raised(stack: AsyncExitStack) -> None:
    here = await scene(stack, "llm", ScriptedLlm([()], error=EngineFailed("last")))
    here.lan.uris = [DEAD]
    with pytest.raises(EngineFailed, match="last"):
        await reply(here.engine)


@pytest.mark.parametrize("moment", ["while it is spoken", "after its end"])
async def test_the_whole_utterance_is_said_again_to_the_next(
    moment: str, stack: AsyncExitStack
) -> None:
    pause = asyncio.Event()
    early = moment == "while it is spoken"
    bad = ScriptedAsr(["", "partial|"], error=PeerClosed("gone"), early=early)
    good = ScriptedAsr(["hello"])
    here = await scene(stack, "asr", ScriptedAsr(), bad, good)
    chunks = [bytes([number]) * 3200 for number in range(4)]
    async with asyncio.TaskGroup() as tasks:
        heard = tasks.create_task(hear(here.engine, sound(*chunks, pause=pause)))
        if early:
            async with asyncio.timeout(5):
                while not good.running:
                    await asyncio.sleep(0.001)
        pause.set()
        assert await heard == ["hello"]
    assert good.heard == [b"".join(chunks)]


async def test_an_asr_that_does_not_answer_after_the_end_is_replaced(
    stack: AsyncExitStack,
) -> None:
    """Its deadline begins when the utterance ends, however long that was."""
    hangs = ScriptedAsr(["one|two"], hang=True)
    here = await scene(stack, "asr", ScriptedAsr(["built-in"]), hangs, deadline=0.1)
    pause = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        heard = tasks.create_task(hear(here.engine, sound(bytes(3200), bytes(3200), pause=pause)))
        await asyncio.sleep(0.2)
        assert not heard.done()
        assert here.events == []
        pause.set()
        assert await heard == ["built-in"]
    assert "did not answer within 0.25 s" in str(here.events[0].error)  # type: ignore[attr-defined]


async def test_the_built_in_engine_has_no_deadline_here(stack: AsyncExitStack) -> None:
    gate = asyncio.Event()
    here = await scene(stack, "llm", ScriptedLlm(gate=gate), deadline=0.01)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(reply(here.engine))
        await asyncio.sleep(0.05)
        gate.set()
        assert await task == "It is seven o'clock."


@pytest.mark.parametrize(
    ("role", "built_in"), [("asr", ScriptedAsr([])), ("llm", ScriptedLlm()), ("tts", ScriptedTts())]
)
async def test_only_a_server_before_another_has_a_mere_share_of_the_stages_deadline(
    stack: AsyncExitStack, role: str, built_in: Scripted
) -> None:
    here = await scene(stack, role, built_in, deadline=selection.SHARE * 10.0)

    def deadlines(*uris: str) -> list[float | None]:
        here.lan.uris = list(uris)
        return [candidate.deadline for candidate in here.engine._candidates(None)]  # noqa: SLF001

    assert deadlines() == [None]
    assert deadlines("tcp://a:1") == [pytest.approx(10), None]
    assert deadlines("tcp://a:1", "tcp://b:1") == [
        pytest.approx(4), pytest.approx(6), None,
    ]  # fmt: skip


async def test_the_only_server_may_take_longer_than_a_share(stack: AsyncExitStack) -> None:
    gate = asyncio.Event()
    here = await scene(stack, "llm", ScriptedLlm(), ScriptedLlm(gate=gate), deadline=0.4)
    asyncio.get_running_loop().call_later(0.6, gate.set)
    await reply(here.engine)
    assert here.moves == []


async def test_a_server_of_another_language_is_left_out_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    lan: Any = Lan()
    lan.servers = lambda role, language=None: (
        RemoteService(name="big", uri=DEAD, roles=(role,), languages=("en",)),
    )
    engine = failover("llm", ScriptedLlm([("Hallo.",)]), lan)
    for _ in range(2):
        parts = [part async for part in engine.reply(ReplyRequest(text="hallo", language="de"))]
        assert parts == ["Hallo."]
    assert caplog.text.count(f"llm: {DEAD} is not asked: knows en and not de") == 1


USES: dict[str, Callable[[Any], Any]] = {
    "asr": lambda engine: hear(engine, sound(b"\0\0")),
    "llm": reply,
    "tts": say,
}


@pytest.mark.parametrize("role", USES)
@pytest.mark.parametrize("ours", [True, False])
async def test_a_request_leaves_a_server_of_ours_that_has_stopped_answering_checks(
    stack: AsyncExitStack, role: str, ours: bool
) -> None:
    """Another program may work on one request at a time, and answer no check meanwhile."""
    kinds: dict[str, type[Any]] = {"asr": ScriptedAsr, "llm": ScriptedLlm, "tts": ScriptedTts}
    gate = asyncio.Event()
    here = await scene(stack, role, kinds[role](), kinds[role](gate=gate))
    here.lan.ours = ours
    asking = asyncio.create_task(USES[role](here.engine))
    (uri,) = here.lan.uris
    async with asyncio.timeout(5):
        while bool(here.lan.watched) != ours or here.engine.label != uri:
            await asyncio.sleep(0.01)
        here.lan.lose(uri)
        if not ours:
            gate.set()
        assert await asking
    assert len(here.built_in.requests) == ours
    assert here.lan.doubted == [uri] * ours
    assert here.lan.watched == []
