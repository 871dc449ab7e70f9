"""A program as a hook: its input, and that its failures stay its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from pathlib import Path

import pytest

from satellite import events
from satellite.builtin.hooks.command import LATE, CommandFailed, CommandHook, environment
from satellite.builtin.hooks.gpio import GpioHook
from satellite.components import hooks, spec
from satellite.config.layers import from_environment
from satellite.errors import ConfigError
from satellite.events import Event
from satellite.lib.bus import Bus
from satellite.requirements import Package, install_command

NOTE_EVENT = """\
#!/bin/sh
printf '%s|%s|%s|%s\\n' "$SATELLITE_EVENT" "$SATELLITE_EVENT_WORD" "$1" "$(cat)" >>"$0.events"
"""


def script(folder: Path, text: str, name: str = "hook.sh") -> Path:
    file = folder / name
    file.write_text(text)
    file.chmod(0o755)
    return file


def hook(command: str, **values: object) -> CommandHook:
    return CommandHook(CommandHook.Options(command=command, **values))  # type: ignore[arg-type]


async def run_hook(component: str, *happened: Event, wait: bool = True) -> None:
    """Run the hook of a component while events are published."""
    bus = Bus()
    async with asyncio.timeout(20), hooks.hooked([component], bus):
        await asyncio.sleep(0)
        for event in happened:
            bus.publish(event)


def wake() -> events.Wake:
    return events.Wake(word="okay_nabu; touch /tmp/oops $(id)", score=0.9, turn="t1")


async def test_a_program_gets_the_event_without_a_shell(tmp_path: Path) -> None:
    file = script(tmp_path, NOTE_EVENT)
    heard = wake()
    await run_hook(f"command:{file} '$HOME *'", heard, events.Mute(muted=True))
    first, second = Path(f"{file}.events").read_text().splitlines()
    kind, word, argument, line = first.split("|")
    assert (kind, word, argument) == ("wake", heard.word, "$HOME *")
    assert json.loads(line) == {"event": "wake", "word": heard.word, "score": 0.9, "turn": "t1"} | {
        "time": heard.time,
        "mono": heard.mono,
    }
    assert second.startswith("mute||$HOME *|{")


async def test_it_runs_for_the_configured_events_and_for_whole_texts(tmp_path: Path) -> None:
    file = script(tmp_path, NOTE_EVENT)
    piece = events.Transcript(text="turn", final=False, engine="x")
    whole = events.Transcript(text="turn on", final=True, engine="x")
    await run_hook(f"command:{file}?events=transcript,mute", wake(), piece, whole)
    assert [line[:10] for line in Path(f"{file}.events").read_text().splitlines()] == ["transcript"]


def test_an_unknown_event_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match=r"turn_ende is unknown .did you mean turn_end"):
        spec.create("hook", "command:true?events=turn_ende")
    with pytest.raises(ConfigError, match="not well quoted"):
        spec.create("hook", "command:say 'hello")


def test_its_environment_is_no_setting_of_a_satellite_that_it_runs() -> None:
    assert from_environment(environment(wake())).problems == []
    assert environment(events.Mute(muted=False))["SATELLITE_EVENT_MUTED"] == "false"
    assert "\0" not in environment(events.Announce(text="a\0b"))["SATELLITE_EVENT_TEXT"]


async def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    file = script(tmp_path, f"#!/bin/sh\nsleep 1000 & echo $! >{tmp_path}/child\nsleep 1000\n")
    began = time.monotonic()
    with pytest.raises(CommandFailed, match=r"ended after 0\.5 s"):
        await hook(str(file), limit=0.5).run(wake())
    assert time.monotonic() - began < 3
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{child}") and time.monotonic() < deadline:
        if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            break
        await asyncio.sleep(0.01)
    assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("#!/bin/sh\nkill -9 $$\n", "status -9"),
        ("#!/bin/sh\nhead -c 3000000 /dev/urandom >&2; head -c 3000000 /dev/zero; exit 3\n", "3"),
        ("#!/bin/sh\nexec 0<&-; exit 0\n", None),
        ("no program at all", "cannot be started"),
    ],
    ids=["killed", "garbage", "reads nothing", "no program"],
)
async def test_a_failing_program_is_logged(tmp_path: Path, text: str, says: str | None) -> None:
    running = hook(str(script(tmp_path, text)))
    if says is None:
        await running.run(wake())
    else:
        with pytest.raises(CommandFailed, match=says):
            await running.run(wake())


async def test_an_old_event_is_skipped() -> None:
    old = events.Mute(muted=True, mono=time.monotonic() - LATE - 1)
    with pytest.raises(CommandFailed, match="skipped: mute"):
        await hook("true").run(old)


async def test_failures_are_a_warning_once_and_again_after_a_success(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = script(tmp_path, '#!/bin/sh\n[ "$SATELLITE_EVENT" = mute ] || exit 7\n')
    with caplog.at_level(logging.DEBUG, "satellite.builtin.hooks"):
        piece = events.Reply(text="it", final=False, engine="x")  # no run, so no success
        await run_hook(f"command:{file}", wake(), piece, wake(), events.Mute(muted=True), wake())
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "DEBUG", "WARNING"]
    assert "failed at wake: ended with status 7" in caplog.text


async def test_an_unavailable_hook_is_left_out(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GpioHook, "requires", (Package("gpiod_of_nobody", extra="gpio"),))
    await run_hook("gpio:17", wake())
    assert "hook gpio:17 is left out" in caplog.text
    assert install_command("gpio") in caplog.text
