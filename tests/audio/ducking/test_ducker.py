"""After any sequence of events, every program has the volume that its user set."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.ducking.ducker import STEPS, DuckedStream, Ducker
from satellite.audio.sound_server import FULL, ServerStream, Volume
from satellite.lib.persistence import StoredValue

PROGRAMS = ("music", "radio", "game")


class Server:
    """A sound server that remembers volumes as WirePlumber does: they cannot be changed."""

    def __init__(self) -> None:
        self.playing: dict[int, ServerStream] = {}
        self.set_volumes: dict[str, Volume] = {}
        """The volume of each program as its user set it."""
        self._memory: dict[str, Volume] = {}
        self._next = 0

    def begin(self, program: str) -> None:
        volume = self._memory.get(program, (FULL, FULL))
        self.set_volumes.setdefault(program, volume)
        self._next += 1
        self.playing[self._next] = ServerStream(
            id=self._next, program=program, process=1, binary="", memory=program, volume=volume
        )

    def streams(self) -> list[ServerStream]:
        return list(self.playing.values())

    def set_volume(self, stream: int, volume: Volume) -> None:
        if stream in self.playing:
            changed = msgspec.structs.replace(self.playing[stream], volume=volume)
            self.playing[stream] = changed
            self._memory[changed.program] = volume

    def remembered(self) -> dict[str, Volume]:
        return {}

    def remember(self, memory: str, volume: Volume) -> None:
        raise AssertionError("its memory cannot be changed")

    def close(self) -> None:
        pass


STORIES = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(0, STEPS)),
        st.tuples(st.sampled_from(("begin", "end", "louder")), st.sampled_from(PROGRAMS)),
        st.tuples(st.just("crash"), st.just(0)),
    ),
    max_size=40,
)


@given(STORIES)
def test_every_program_ends_at_the_volume_that_its_user_set(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, int | str]]
) -> None:
    store = StoredValue("ducked", tuple[DuckedStream, ...], (), tmp_path_factory.mktemp("state"))
    server = Server()
    ducker = make(server, store)
    for number, (what, which) in enumerate(story):
        running = {stream.program: stream for stream in server.streams()}
        if what == "step":
            ducker.apply(int(which))
        elif what == "begin" and which not in running:
            server.begin(str(which))
        elif what == "end" and which in running:
            del server.playing[running[str(which)].id]
        elif what == "louder" and which in running:
            # a volume that no step of another one comes near: 1.7 % of FULL and some
            volume = (FULL // 3 + 1117 * (number % 40) + 7,) * 2
            server.set_volumes[str(which)] = volume
            server.set_volume(running[str(which)].id, volume)
        elif what == "crash":
            ducker = make(server, store)
            ducker.recover()
    ducker.apply(0)
    for program in server.set_volumes.keys() - {stream.program for stream in server.streams()}:
        server.begin(program)
    ducker.recover()
    for stream in server.streams():
        volume = server.set_volumes[stream.program][0]
        assert stream.volume[0] == pytest.approx(volume, abs=FULL // 100), stream.program
    assert not ducker.has_unrestored
    assert store.read() == ()


def make(server: Server, store: StoredValue[tuple[DuckedStream, ...]]) -> Ducker:
    return Ducker(server, 0.45, store, is_own_stream=lambda stream: False)


def test_nothing_is_written_while_nothing_changes(tmp_path: Path) -> None:
    store = StoredValue("ducked", tuple[DuckedStream, ...], (), tmp_path)
    server = Server()
    ducker = make(server, store)
    server.begin("music")
    ducker.apply(STEPS)
    (tmp_path / "ducked.json").unlink()
    for _ in range(3):
        ducker.apply(STEPS)
    assert not (tmp_path / "ducked.json").exists()
