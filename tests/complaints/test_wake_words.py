"""Wake words can be changed without a restart of the satellite."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.engines.reload import Reload
from satellite.errors import ConfigError, EngineClosed, ModelMissing, UsageError
from satellite.ports import EngineContext, Wake
from satellite.settings import AssistantSettings, ListenSettings, Settings, SoundSettings
from tests.support.engines import ScriptedWake
from tests.support.microphone import say
from tests.support.program import Program, command, satellite
from tests.support.speech import silence, speak

ENGINES = ("--asr", "pocketsphinx", "--llm", "intents", "--tts", "espeak", "--vad", "energy")
NABU, JARVIS = ("okay nabu", "en-us+m3"), ("hey jarvis", "en-us+klatt6")


def detected_word(running: Program, folder: Path, words: tuple[str, str]) -> str:
    """Speak a wake word until it is detected; return the satellite's name for it."""
    before = len(running.events("wake"))
    say(folder, speak(*words) + silence(1.0))
    return str(running.wait_for("wake", before + 1)[-1]["word"])


def describe(running: Program) -> dict[str, object]:
    """Return the answer to Home Assistant's describe."""
    found = re.search(r"reach this satellite at (tcp://\S+)", running.errors())
    assert found, running.errors()

    async def ask() -> dict[str, object]:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(found[1].rpartition(":")[2])
        )
        writer.write(b'{"type": "describe"}\n')
        header = json.loads(await asyncio.wait_for(reader.readline(), 10))
        data = json.loads(await reader.readexactly(header["data_length"]))
        writer.close()
        await writer.wait_closed()
        return dict(data["satellite"])

    return asyncio.run(ask())


@pytest.mark.timeout(180)
def test_changing_the_second_wake_word_needs_no_restart(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    """Test with real engines: another word, another engine, and an invalid setting."""
    file = tmp_path / "satellite.toml"
    file.write_text('wake = "microwakeword:okay_nabu"\n')
    mic = f"command:{sys.executable} -m tests.support.microphone {tmp_path}"
    arguments = ("--config", str(file), "--mic", mic, "--speaker", f"wav:{tmp_path / 'out.wav'}")
    http = ("--set", f"http.port={unused_tcp_port}")
    with satellite(
        *(tmp_path, *arguments, *ENGINES, *http, "--no-zeroconf", "--listen", "tcp://127.0.0.1:0")
    ) as running:
        running.wait_for("ready")
        assert describe(running)["active_wake_words"] == ["okay_nabu"]
        assert detected_word(running, tmp_path, NABU) == "okay_nabu"
        running.wait_for("turn_end")

        file.write_text('wake = "openwakeword:okay_nabu,hey_jarvis"\n[listen]\nsilence = 0.9\n')
        running.process.send_signal(signal.SIGHUP)
        (changed,) = running.wait_for("wake_words")
        assert changed["words"] == ["okay_nabu", "hey_jarvis"]
        deferred = "taken with the next start: listen.silence"
        running.wait_until(lambda: deferred in running.errors(), deferred)
        assert describe(running)["active_wake_words"] == ["hey_jarvis", "okay_nabu"]
        assert detected_word(running, tmp_path, JARVIS) == "hey_jarvis"
        running.wait_for("turn_end", 2)

        file.write_text('wake = "openwakeword:hey_jervis"\n')
        wrong = command("reload", *http)
        assert wrong.returncode == 2
        assert "hey_jervis is unknown (did you mean hey_jarvis?)" in wrong.stderr
        assert detected_word(running, tmp_path, NABU) == "okay_nabu"
        running.wait_for("turn_end", 3)

        file.write_text('wake = "microwakeword:hey_jarvis"\n')
        right = command("reload", *http)
        assert (right.returncode, right.stdout) == (0, "in use now: wake\n")
        assert detected_word(running, tmp_path, JARVIS) == "hey_jarvis"
        assert running.stop() < 5.0


BEFORE = Settings(
    name="den",
    wake="microwakeword:okay_nabu",
    assistants={"butler": AssistantSettings(wake=("hey_jarvis",))},
)


class Office:
    """A reload of settings chosen by the test; records the adopted ones."""

    def __init__(self, *read: Settings | Exception) -> None:
        self._read = list(read)
        self.adopted: list[tuple[Settings, Wake | None]] = []
        self.first = ScriptedWake()
        self.reload = Reload(BEFORE, self.first, self._next, self._adopt, context=EngineContext())

    def _next(self) -> Settings:
        found = self._read.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def _adopt(self, settings: Settings, engine: Wake | None) -> None:
        self.adopted.append((settings, engine))


def changed(**fields: Any) -> Settings:
    return msgspec.structs.replace(BEFORE, **fields)


async def test_an_assistant_gets_another_word_and_no_engine_is_loaded_for_it() -> None:
    assistants = {
        "butler": AssistantSettings(wake=("alexa",), voice="en-gb"),
        "maria": AssistantSettings(),
    }
    office = Office(changed(assistants=assistants), changed(assistants=assistants))
    done = await office.reload.now()
    assert done.changed == ("assistants.butler.wake",)
    assert done.restart == ("assistants.butler.voice",)
    ((settings, engine),) = office.adopted
    assert settings.assistants == {"butler": AssistantSettings(wake=("alexa",))}
    assert engine is None
    assert (await office.reload.now()).changed == ()
    assert len(office.adopted) == 1


async def test_settings_that_parts_can_change_are_used_at_once_and_others_are_not() -> None:
    listen = ListenSettings(follow_up="always", stop_words=False, silence=1.0)
    sound = SoundSettings(mic_volume=2.0, auto_gain=10.0, mic_channel=1)
    office = Office(changed(listen=listen, sound=sound))
    done = await office.reload.now()
    assert set(done.changed) == {
        "listen.follow_up",
        "listen.stop_words",
        "sound.auto_gain",
        "sound.mic_volume",
    }
    assert set(done.restart) == {"listen.silence", "sound.mic_channel"}
    ((settings, engine),) = office.adopted
    assert settings == office.reload.settings
    assert settings.listen == ListenSettings(follow_up="always", stop_words=False)
    assert settings.sound == SoundSettings(mic_volume=2.0, auto_gain=10.0)
    assert engine is None


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (ConfigError(["wake is wrong"]), ConfigError),
        (changed(wake="microwakeword:no_such_word"), ModelMissing),
        (changed(wake="no_such_plugin"), UsageError),
    ],
)
async def test_an_invalid_setting_changes_nothing(
    found: Settings | Exception, error: type[Exception]
) -> None:
    office = Office(found, changed())
    with pytest.raises(error):
        await office.reload.now()
    assert office.adopted == []
    assert not office.first.closed
    assert str(await office.reload.now()) == "no setting has changed"


async def test_the_replaced_engine_is_closed_and_the_new_one_at_shutdown() -> None:
    office = Office(changed(wake="microwakeword:hey_jarvis"))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(office.reload.run())
        assert (await office.reload.now()).changed == ("wake",)
        assert office.first.closed
        ((_, engine),) = office.adopted
        assert isinstance(engine, MicroWakeWord)
        running.cancel()
    with pytest.raises(EngineClosed):
        await engine.load()


async def test_without_a_settings_file_reload_reads_nothing() -> None:
    async def adopt(settings: Settings, engine: Wake | None) -> None:
        raise AssertionError

    read: Callable[[], Settings] | None = None
    with pytest.raises(UsageError, match="no settings"):
        await Reload(BEFORE, ScriptedWake(), read, adopt, context=EngineContext()).now()
