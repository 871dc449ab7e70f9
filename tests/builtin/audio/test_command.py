"""Programs as microphones and speakers; the programs are shell scripts and Python."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from time import monotonic, sleep

import pytest

from satellite.builtin.audio import program
from satellite.builtin.audio.command import CommandMic, CommandSpeaker
from satellite.errors import DeviceLost, DeviceMissing
from satellite.values import AudioFormat

SECOND = 32000


def mic(script: str, *, channels: int = 1) -> CommandMic:
    """A microphone that is a shell script."""
    return CommandMic(CommandMic.Options(command=f"sh -c {quote(script)}", channels=channels))


def speaker(script: str, rate: int = 16000) -> CommandSpeaker:
    return CommandSpeaker(CommandSpeaker.Options(command=f"sh -c {quote(script)}", rate=rate))


def python(code: str) -> str:
    return f"{quote(sys.executable)} -c {quote(code)}"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def write_on(sink: CommandSpeaker) -> None:
    for _ in range(1000):
        await sink.write(bytes(4096))
        await asyncio.sleep(0.001)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def test_a_programs_output_is_recorded_in_whole_frames() -> None:
    source = mic("printf '\\1\\0\\2'; sleep 0.05; printf '\\0\\3\\0'; exec sleep 60", channels=2)
    assert await source.open() == AudioFormat(16000, 2)
    heard = b""
    while len(heard) < 4:
        heard += await source.read()
    assert heard == b"\1\0\2\0"
    assert (source.finished, source.overruns) == (False, 0)
    await source.close()
    await source.close()
    with pytest.raises(DeviceLost, match="not open"):
        await source.read()


async def test_a_fast_program_is_not_read_further_ahead_than_its_reader() -> None:
    source = mic("exec cat /dev/zero")
    await source.open()
    await asyncio.sleep(0.05)
    assert len(await source.read()) <= 128 * 1024  # asyncio stops reading at twice its limit
    total = 0
    while total < 10 * SECOND:
        total += len(await source.read())
    await source.close()


async def test_a_missing_program_is_reported() -> None:
    with pytest.raises(DeviceMissing, match="no-such-program cannot be started"):
        await CommandMic(CommandMic.Options(command="no-such-program -x")).open()
    with pytest.raises(DeviceMissing, match="no-such-program cannot be started"):
        await CommandSpeaker(CommandSpeaker.Options(command="no-such-program")).open()


@pytest.mark.parametrize(("command", "problem"), [("", "empty"), ("play 'it", "not well quoted")])
async def test_an_invalid_command_is_reported(command: str, problem: str) -> None:
    with pytest.raises(DeviceMissing, match=problem):
        await CommandMic(CommandMic.Options(command=command)).open()


async def test_a_program_that_fails_at_once_is_reported_with_its_reason() -> None:
    script = "echo first >&2; printf 'no such device' >&2; exit 3"
    for device in (mic(script), speaker(script)):
        with pytest.raises(DeviceMissing, match="ended with status 3: no such device"):
            await device.open()


async def test_a_microphone_that_ends_later_is_lost_and_can_be_reopened() -> None:
    source = mic("printf '\\1\\0'; sleep 0.05; echo unplugged >&2; exit 1")
    for _ in range(2):
        await source.open()
        assert await source.read() == b"\1\0"
        with pytest.raises(DeviceLost, match="status 1: unplugged"):
            await source.read()
    await source.close()


async def test_a_microphone_without_sound_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_FIRST_SOUND", 0.1)
    monkeypatch.setattr(program, "_NEXT_SOUND", 0.05)
    with pytest.raises(DeviceMissing, match=r"no sound within 0\.1 s"):
        await mic("exec sleep 60").open()
    source = mic("printf '\\1\\0'; exec sleep 60")
    await source.open()
    await source.read()
    with pytest.raises(DeviceLost, match=r"no sound for 0\.05 s"):
        await source.read()
    await source.close()


async def test_closing_ends_a_stubborn_program_and_its_children_within_a_second(
    tmp_path: Path,
) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 60 & echo $$ $! > {pids}; printf '\\1\\0'; wait; sleep 60"
    source = mic(script)
    await source.open()
    parent, child = map(int, pids.read_text().split())
    began = monotonic()
    await source.close()
    assert monotonic() - began < 1.0
    await until(lambda: not alive(child))
    assert not Path(f"/proc/{parent}").exists()  # a zombie would still have its entry


async def test_cancelling_an_open_leaves_no_program(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    opening = asyncio.ensure_future(mic(f"echo $$ > {pid}; exec sleep 60").open())
    await until(lambda: pid.exists() and pid.read_text().endswith("\n"))
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert not alive(int(pid.read_text()))


async def test_each_piece_of_sound_is_played_to_its_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sink = speaker(f"cat >> {out}; sleep 0.05; echo . >> {out}")
    assert await sink.open() == AudioFormat(16000)
    await sink.write(b"aa" * 100)
    await sink.write(b"bb" * 100)
    await sink.drain()
    assert out.read_bytes() == b"aa" * 100 + b"bb" * 100 + b".\n"
    await sink.drain()  # nothing was written since
    await sink.write(b"cc")
    await sink.drain()
    assert out.read_bytes().endswith(b".\ncc.\n")
    await sink.close()
    await sink.close()
    with pytest.raises(DeviceLost, match="not open"):
        await sink.write(b"dd")


async def test_writing_waits_for_a_slow_player() -> None:
    code = "import sys, time\ntime.sleep(0.3)\nwhile sys.stdin.buffer.read(65536): pass"
    sink = CommandSpeaker(CommandSpeaker.Options(command=python(code)))
    await sink.open()
    began = monotonic()
    await sink.write(bytes(10 * SECOND))
    assert monotonic() - began > 0.1
    await sink.drain()
    await sink.close()


async def test_stop_is_immediate_and_the_next_sound_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sink = speaker(f"trap '' TERM; cat >> {out}; sleep 60")
    await sink.open()
    await sink.write(b"aa")
    await until(lambda: out.exists() and out.read_bytes() == b"aa")
    began = monotonic()
    await sink.stop()
    assert monotonic() - began < 0.3
    await sink.write(b"bb")
    await until(lambda: out.read_bytes() == b"aabb")
    await sink.close()


async def test_a_player_that_fails_is_lost_with_its_reason(tmp_path: Path) -> None:
    sink = speaker("head -c 2 > /dev/null; echo unplugged >&2; exit 1")
    await sink.open()
    with pytest.raises(DeviceLost, match="status 1: unplugged"):
        await write_on(sink)
    await sink.write(b"aa")  # a fresh run of the program
    with pytest.raises(DeviceLost, match="status 1: unplugged"):
        await sink.drain()
    await sink.close()


async def test_a_player_that_never_ends_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_DRAIN_SLACK", 0.1)
    sink = speaker("exec sleep 60")
    await sink.open()
    await sink.write(b"aa")
    with pytest.raises(DeviceLost, match="still running"):
        await sink.drain()
    await sink.close()


async def test_a_player_that_ended_during_a_stall_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "_DRAIN_SLACK", 0.1)
    sink = speaker("cat >/dev/null")
    await sink.open()
    await sink.write(bytes(320))
    asyncio.get_running_loop().call_soon(sleep, 0.5)
    await sink.drain()
    await sink.close()


async def test_losses_that_a_program_reports_are_counted() -> None:
    script = "printf 'overrun!!! (at least 3.1 ms long)\\n' >&2; printf '\\1\\0'; exec sleep 60"
    source = mic(script)
    await source.open()
    await until(lambda: source.overruns == 1)
    await source.close()
    sink = speaker("echo 'underrun!!! (at least 3.1 ms long)' >&2; exec cat > /dev/null")
    await sink.open()
    await until(lambda: sink.underruns == 1)
    await sink.close()
