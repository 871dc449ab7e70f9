"""The page in a real Chromium, with real engines, a microphone and a loudspeaker of PulseAudio."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from satellite.audio.wavfile import write_wav
from satellite.diagnostics.recordings.folder import Recording, RecordingFolder
from satellite.diagnostics.stats.collector import TurnRow
from satellite.diagnostics.stats.database import Database, file_of
from satellite.settings import RecordingSettings
from satellite.values import SPEECH, TranscribeRequest
from servers.asr.whisper.engine import FasterWhisper
from tests.bench.word_errors import errors, words
from tests.support.axe import axe
from tests.support.chromium import Chromium, Tab, chromium
from tests.support.ports import free_ports
from tests.support.program import satellite
from tests.support.pulse import PulseServer
from tests.support.real_models import real_model
from tests.support.real_voice import VOICE, speak_all
from tests.support.recordings import okay_nabu

START = 60.0
"""Seconds for the server to load its models on a busy machine."""

IDLE = "document.body.dataset.phase === 'idle'"
READY = "document.body.dataset.link === 'on'"
SPEAKING = "document.body.dataset.phase === 'speaking'"
COUNT = "document.querySelectorAll('.assistant:not(.partial)').length"


@asynccontextmanager
async def let_in(
    environment: Mapping[str, str], *values: str
) -> AsyncGenerator[tuple[str, str], None]:
    """Run `satellite page` with settings during this block; yield the address and the code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "satellite", "page", *(f"--set={value}" for value in values)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    assert process.stdout is not None
    shown = ""
    try:
        async with asyncio.timeout(START):
            while not (code := re.search(r"code is (\d{4} \d{4})", shown)):
                piece = await process.stdout.read(4096)
                assert piece, shown
                shown += piece.decode()
        address = re.search(r"https://[0-9.]+:\d+", shown)
        assert address is not None, shown
        yield address[0], code[1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def log_in(tab: Tab, address: str, code: str) -> None:
    """Open an address of the page, and type the code."""
    await tab.open(address)
    await tab.until("!document.getElementById('login').hidden")
    await tab.run("document.querySelector('#login input').focus()")
    await tab.type(code)
    await tab.until(READY)


class House:
    """`satellite --server` with tiny.en, the sentences and Piper, on ports of its own.

    A `light` one has the sentences alone, and no models; `llm` is another language model.
    """

    def __init__(self, folder: Path, *, light: bool = False, llm: str = "intents") -> None:
        self._folder = folder
        self._light = light
        self._llm = llm
        self._process: asyncio.subprocess.Process | None = None
        *self._ports, self._secure = free_ports(7)
        self.address = f"http://127.0.0.1:{self._ports[0]}/"
        self.file = folder / "satellite.toml"
        self.file.touch()
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            **{f"XDG_{kind}_HOME": str(folder / kind) for kind in ("STATE", "DATA", "CONFIG")},
        }

    async def start(self) -> None:
        """Start the server, and wait until its page is served."""
        engines: tuple[str, ...] = ("--llm", self._llm)
        if not self._light:
            voice = real_model(VOICE) / "en_US-joe-medium.onnx"
            whisper = real_model("whisper-tiny.en")
            engines += ("--asr", f"faster-whisper:{whisper}", "--tts", f"piper:{voice}")
        keys = ("http_port", "asr_port", "llm_port", "tts_port", "tls_port", "wake_port")
        ports = dict(zip(keys, self._ports, strict=True)) | {"https_port": self._secure}
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "satellite"),
                *("--server", "llm" if self._light else "asr,llm,tts,wake"),
                *("--config", str(self.file), "--allow", "any", "--no-zeroconf", *engines),
                *(f"--set=server.{key}={port}" for key, port in ports.items()),
                stdout=log,
                stderr=log,
                env=self._environment,
            )
        async with asyncio.timeout(START), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(self.address) as answer:
                        assert answer.status == 200
                        return
                except aiohttp.ClientError:
                    assert self._process.returncode is None, (self._folder / "log").read_text()
                    await asyncio.sleep(0.1)

    def let_in(self) -> AbstractAsyncContextManager[tuple[str, str]]:
        """Run `satellite page` during this block; yield the address and the code that it shows."""
        ports = ("http.https_port=0", f"server.https_port={self._secure}")
        return let_in(self._environment, *ports)

    async def stop(self) -> None:
        """Stop the server. Idempotent."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()


@asynccontextmanager
async def opened(
    folder: Path, *flags: str, light: bool = False, llm: str = "intents"
) -> AsyncGenerator[tuple[House, Chromium], None]:
    """Run the server and the browser during this block."""
    house = House(folder, light=light, llm=llm)
    try:
        async with chromium(*flags) as browser:
            await house.start()
            yield house, browser
    finally:
        await house.stop()


async def understood(heard: bytes) -> str:
    """Return what Whisper understands of what the loudspeaker played."""
    asr = FasterWhisper(FasterWhisper.Options(model=str(real_model("whisper-tiny.en"))))
    await asr.load()

    async def sound() -> AsyncGenerator[bytes, None]:
        yield heard

    try:
        results = [r async for r in asr.transcribe(sound(), TranscribeRequest(language="en"))]
        return results[-1].text.lower()
    finally:
        await asr.close()


async def ask(tab: Tab, text: str) -> None:
    """Type a request."""
    await tab.run("document.getElementById('text').focus()")
    await tab.type(text)


def answers(number: int) -> str:
    """Return the condition that so many answers are complete."""
    return f"{COUNT} >= {number}"


def ends(tab: Tab) -> list[dict[str, Any]]:
    """Return the ends of turns so far."""
    return [frame for frame in tab.frames if frame["event"] == "turn_end"]


async def last(tab: Tab, kind: str) -> str:
    """Return the text of the last message of a kind."""
    found = await tab.run(f"[...document.querySelectorAll('.{kind} p')].at(-1)?.textContent ?? ''")
    return str(found)


async def barriers(tab: Tab) -> list[Any]:
    """Return what axe-core, which runs in the page, finds serious."""
    found = await tab.run(
        "axe.run().then((result) => result.violations.map("
        "(v) => [v.id, v.impact, v.nodes.map((n) => n.html)]))"
    )
    return [one for one in found if one[1] in ("serious", "critical")]


@pytest.fixture
def room(pulse: PulseServer) -> PulseServer:
    """A room whose sound Chromium takes for a microphone, and which hears the loudspeaker."""
    pulse.offer_microphone()
    pulse.reflect()
    return pulse


async def test_talking_with_the_page(room: PulseServer, tmp_path: Path) -> None:
    folder = real_model(VOICE)
    question, other, lamp = await speak_all(
        folder, ["What day is it today?", "What time is it?", "Turn on the living room lamp."]
    )
    async with opened(tmp_path) as (house, browser), browser.tab() as tab:
        await tab.open(house.address)
        await tab.until(READY)

        # held: from the microphone to the loudspeaker
        with room.record() as heard:
            await tab.mouse("mousePressed", "#talk")
            await tab.until("document.body.dataset.phase === 'listening'")
            await asyncio.to_thread(room.play, question)
            await tab.mouse("mouseReleased", "#talk")
            await tab.until(answers(1))
            await tab.until(SPEAKING)
            await tab.until(IDLE)
        misheard = errors(words("What day is it today?"), words(await last(tab, "user")))
        assert misheard <= 1  # a busy machine's browser distorts a word at times
        spoken = await understood(bytes(heard))
        assert (await last(tab, "assistant")).split()[2].lower().strip(",.") in spoken

        # hands-free: a voice begins, and interrupts
        await tab.click("#free")
        await tab.until("document.getElementById('free').ariaPressed === 'true'")
        await ask(tab, "set a timer for one hour twenty three minutes and forty two seconds")
        await tab.until(answers(2))
        await tab.until(SPEAKING)
        await asyncio.sleep(1.0)
        await asyncio.to_thread(room.play, other)
        await tab.until(IDLE)
        assert [end["outcome"] for end in ends(tab)][1] == "cancelled"
        known = await tab.run(COUNT)  # the canceller may have swallowed words of the interruption
        await asyncio.to_thread(room.play, other)
        await tab.until(answers(known + 1))
        assert "time" in (await last(tab, "user")).lower()
        await tab.click("#free")
        known = await tab.run(COUNT)
        await ask(tab, "cancel all timers")
        await tab.until(f"{answers(known + 1)} && {SPEAKING}")
        await tab.click("#stop")
        await tab.until(IDLE)
        assert ends(tab)[-1]["outcome"] == "cancelled"

        # the wake word
        await tab.run("document.querySelector('[name=attention][value=wake]').click()")
        await tab.click("#free")
        await tab.until("document.getElementById('free').ariaPressed === 'true'")
        await asyncio.sleep(1.0)
        await asyncio.to_thread(room.play, okay_nabu() + bytes(9600) + lamp)
        await tab.until(answers(known + 2))
        heard_words = (await last(tab, "user")).lower().strip(".").split()
        missed = {"turn", "on", "the", "living", "room", "lamp"} - set(heard_words)
        assert len(missed) <= 2, heard_words  # Whisper's mistakes, in what the canceller leaves
        assert "nabu" not in heard_words
        await tab.click("#free")
        await tab.until(IDLE)

        # a timer that is shown, rings, and is dismissed
        await ask(tab, "set a timer for two seconds")
        await tab.until("document.querySelector('#timers time')")
        with room.record() as ringing:
            await tab.until("document.querySelector('.ringing')")
            await asyncio.sleep(1.5)
        assert max(abs(s) for s in memoryview(bytes(ringing)).cast("h")) > 1000
        await tab.click(".ringing button")
        await tab.until("!document.querySelector('.ringing')")

        assert [text for text in tab.console if not text.startswith("info")] == []
        assert {url.split("/")[2] for url in tab.requests if url.startswith("http")} == {
            house.address.split("/")[2]
        }


async def test_two_browsers_a_restart_and_the_stored_conversation(
    room: PulseServer, tmp_path: Path
) -> None:
    async with (
        opened(tmp_path) as (house, browser),
        browser.tab() as first,
        browser.tab() as second,
    ):
        for tab in (first, second):
            await tab.open(house.address)
            await tab.until(READY)
        await asyncio.gather(
            ask(first, "set a timer for ten minutes"), ask(second, "what time is it")
        )
        await asyncio.gather(first.until(answers(1)), second.until(answers(1)))
        assert "timer" in (await last(first, "assistant")).lower()
        assert "it is" in (await last(second, "assistant")).lower()
        assert await second.run("document.querySelectorAll('#timers li').length") == 0

        await house.stop()
        await first.until("document.body.dataset.link === 'off'")
        await house.start()
        for tab in (first, second):
            await tab.until(READY, 30)
        await first.until("document.querySelector('#timers time')")
        await ask(second, "what day is it")
        await second.until(answers(2))

        await first.run("document.body.dataset.before = 'reload'; location.reload()")
        again = f"!document.body.dataset.before && {READY}"
        await first.until(f"{again} && document.querySelectorAll('.chat li').length === 2")
        text = await first.run("localStorage.getItem('satellite.conversation')")
        assert [message["role"] for message in json.loads(text)] == ["user", "assistant"]
        await first.run("document.getElementById('open-panel').click()")
        await first.run("document.getElementById('clear').click()")
        await first.until("localStorage.getItem('satellite.conversation') === null")
        await first.until("document.querySelectorAll('.chat li').length === 0")


async def test_a_phone_logs_in_by_the_code_and_has_a_page_without_barriers(tmp_path: Path) -> None:
    script = axe()
    async with (
        opened(tmp_path, "--ignore-certificate-errors") as (house, browser),
        browser.tab() as tab,
    ):
        async with house.let_in() as (address, code):
            await tab.open(address)
            await tab.until("!document.getElementById('login').hidden")
            for tried in ("0000 0000", code):
                await tab.run("document.querySelector('#login input').focus()")
                await tab.type(tried)
                if tried != code:
                    await tab.until("document.querySelector('#login [role=alert]').textContent")
            await tab.until(READY)
        assert await tab.run("isSecureContext && document.cookie === ''")
        await ask(tab, "set a timer for ten minutes")
        await tab.until(answers(1))
        await tab.run(script + "; true")
        for dark in (False, True):
            for panel in (False, True):
                if panel:
                    await tab.run("document.getElementById('panel').showModal()")
                await tab.screenshot(tmp_path / "page.png", 390, 844, dark=dark)
                assert await barriers(tab) == []
                if panel:
                    await tab.run("document.getElementById('panel').close()")


def look(section: str, inner: str) -> str:
    """Return the selector of an element of a section of the view to look after the house."""
    return f".card[aria-labelledby=look-{section}] {inner}"


OPENED_TWICE = """
import(new URL(document.documentElement.dataset.files + "look.js", document.baseURI)).then(
  async ({Look}) => {
    const root = document.createElement("div");
    const look = new Look(root);
    await Promise.all([look.open("#look"), look.open("#look/log")]);
    return root.querySelectorAll("h2").length;
  },
)
"""
"""Opens a view of the house again before it is drawn; returns how many sections it then has."""

LATE_SETTINGS = """
((real) => {
  window.fetch = async (...request) => {
    const answer = await real(...request);
    if (String(request[0]).endsWith("api/settings") && !window.arrived) {
      await new Promise((done) => { window.arrived = done; });
      window.fetch = real;
    }
    return answer;
  };
})(window.fetch)
"""
"""Holds the next list of settings back until `arrived` is called."""


async def test_looking_after_a_server(tmp_path: Path) -> None:
    script = axe()
    shown = "[...document.querySelectorAll('.card h2')].map((title) => title.id).join()"
    result = "document.querySelector('.settings details[open] .result')?.textContent"
    async with (
        opened(tmp_path, "--ignore-certificate-errors", light=True) as (house, browser),
        browser.tab() as tab,
    ):
        await tab.open(house.address)
        await tab.until(READY)
        assert not any("look" in url for url in tab.requests)  # loaded only when it is opened
        await tab.run("document.getElementById('open-look').click()")
        expected = "look-machine,look-models,look-doctor,look-log,look-settings"
        await tab.until(f"{shown} === '{expected}'")
        await tab.until("document.querySelectorAll('.settings details').length > 100")
        absent = await tab.run("document.querySelector('.absent').textContent")
        assert "Timers and alarms" in absent
        assert "Recordings" in absent
        assert await tab.run(OPENED_TWICE) == 5
        machine = await tab.run(f"document.querySelector('{look('machine', 'dl')}').textContent")
        assert "intents" in machine

        # what takes a log-in says so
        await tab.run(f"document.querySelector('{look('models', 'input')}').value = 'piper:x'")
        await tab.run(f"document.querySelector('{look('models', '[type=submit]')}').click()")
        problem = f"document.querySelector('{look('models', '.result.wrong')}')?.textContent"
        assert "log-in" in await tab.until(problem)

        await tab.run(f"document.querySelector('{look('doctor', '.row button')}').click()")
        await tab.until(f"document.querySelector('{look('doctor', 'details li')}')")

        # a setting is found, checked, and saved by a person who has logged in
        async with house.let_in() as (address, code):
            await log_in(tab, f"{address}/#look/settings", code)
        await tab.until(f"{shown} === '{expected}'")
        await tab.until(f"document.querySelector('{look('log', '.message')}')?.textContent")
        await tab.until("document.querySelectorAll('.settings details').length > 100")
        await tab.run(
            "(s => { s.value = 'room satellite'; s.dispatchEvent(new Event('input')); })"
            "(document.querySelector('[type=search]'))"
        )
        # the list may arrive again, late, while a person is at it
        await tab.run(LATE_SETTINGS)
        await tab.run("location.hash = '#look/log'")
        await tab.until("typeof window.arrived === 'function'")
        await tab.run("document.querySelector('.settings details:not([hidden]) summary').click()")
        row = "document.querySelector('.settings details[open]')"
        await tab.until(f"{row}?.querySelector('b').textContent === 'area'")
        await tab.run("window.arrived()")
        await tab.run(f"{row}.querySelector('input').value = '<b>den</b>'")
        await tab.run(f"{row}.querySelector('[type=button]').click()")
        assert "not saved yet" in await tab.until(result)
        assert house.file.read_text() == ""
        await tab.run(f"{row}.querySelector('[type=submit]').click()")
        await tab.until(f"{result}.startsWith('Saved')")
        assert 'area = "<b>den</b>"' in house.file.read_text()
        assert await tab.run(f"{row}.querySelector('.value').textContent") == "<b>den</b>"

        await tab.run(script + "; true")
        for dark, width in ((False, 390), (True, 1200)):
            await tab.screenshot(tmp_path / f"look-{width}.png", width, 844, dark=dark)
            assert await barriers(tab) == []
            assert await tab.run("document.querySelector('main').scrollWidth") <= width
        await tab.run("document.getElementById('open-look').click()")
        await tab.until("document.getElementById('composer').checkVisibility()")
        assert [text for text in tab.console if text.startswith(("exception", "error"))] == []


async def test_looking_after_a_satellite(tmp_path: Path) -> None:
    script = axe()
    plain, secure = free_ports(2)
    mic, recordings = tmp_path / "in.wav", tmp_path / "recordings"
    write_wav(mic, SPEECH, bytes(SPEECH.rate * 2 * 120))
    spoken = Recording(id="20261130-010203-turn-1", kind="turn", time=time.time(), seconds=1.0)
    RecordingFolder(RecordingSettings(folder=str(recordings))).add(spoken, bytes(32_000))
    rows = [
        TurnRow(
            id=str(n),
            at=time.time() - n,
            outcome="answered",
            endpoint=0.3,
            asr=0.2,
            llm=0.4,
            tts=0.1,
            answer=1.0,
            text="<i>lamp</i>",
        )
        for n in range(3)
    ]
    Database(file_of("den")).write(rows)
    environment = {"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}
    ports = (f"http.https_port={secure}", "server.https_port=0")

    def button(section: str, text: str) -> str:
        path = json.dumps(look(section, "button"))
        return f"[...document.querySelectorAll({path})].find((b) => b.textContent === '{text}')"

    async with chromium("--ignore-certificate-errors") as browser, browser.tab() as tab:
        with satellite(
            tmp_path,
            *("--name", "den", "--mic", f"wav:{mic}", "--speaker", f"wav:{tmp_path / 'out.wav'}"),
            *("--llm", "intents", "--asr", "tcp://127.0.0.1:9", "--tts", "espeak"),
            *("--allow", "any", "--no-zeroconf"),
            *(f"--set=http.port={plain}", f"--set=http.https_port={secure}"),
            f"--set=recordings.folder={recordings}",
            environment=environment,
        ) as program:
            await asyncio.to_thread(program.wait_for, "ready")
            home = {
                **os.environ,
                "HOME": str(tmp_path),
                "XDG_CONFIG_HOME": str(tmp_path / "config"),
            }
            async with let_in(home, *ports) as (address, code):
                await log_in(tab, f"{address}/#look", code)
            titles = "document.querySelectorAll('.card h2').length"
            await tab.until(f"{titles} === 9 && !document.querySelector('.absent')")

            # the microphone, and a timer that is set, paused and cancelled
            muted = "document.querySelector('.card [role=switch]')"
            await tab.until(f"{muted} && !{muted}.checked")
            await tab.run(f"{muted}.click()")
            await asyncio.to_thread(program.wait_for, "mute")
            await tab.run(f"{button('timers', 'Start a timer')}.click()")
            await tab.until(button("timers", "Pause"))
            await tab.run(f"{button('timers', 'Pause')}.click()")
            await tab.until(button("timers", "Resume"))
            await tab.run(f"{button('timers', 'Cancel')}.click()")
            await tab.until(f"!{button('timers', 'Cancel')}")
            assert [event["state"] for event in program.events("timer")] == [
                "started",
                "paused",
                "cancelled",
            ]

            # turns, whose texts stay texts, and plots
            shown = await tab.until(f"document.querySelector('{look('turns', 'li')}')?.textContent")
            assert "<i>lamp</i>" in shown
            parts = (
                f"document.querySelectorAll('{look('turns', '.turns li:first-child rect')}').length"
            )
            assert await tab.run(parts) == 4
            await tab.until(f"document.querySelector('{look('turns', 'polyline')}')")

            # a recording that is deleted only after a second question
            await tab.until(f"document.querySelector('{look('recordings', 'audio')}')")
            await tab.run(f"{button('recordings', 'Delete')}.click()")
            await tab.until(button("recordings", "Cancel"))
            assert len(list(recordings.glob("*.wav"))) == 1
            await tab.run(f"{button('recordings', 'Delete')}.click()")
            await tab.until(f"!document.querySelector('{look('recordings', 'audio')}')")
            assert list(recordings.glob("*.wav")) == []

            text = f"document.querySelector('{look('announce', 'input')}')"
            await tab.run(f"{text}.value = 'Dinner'")
            await tab.run(f"{button('announce', 'Announce')}.click()")
            outcome = f"document.querySelector('{look('announce', 'form + .result')}').textContent"
            await tab.until(f"{outcome} === 'den: heard'")

            await tab.run(script + "; true")
            await tab.screenshot(tmp_path / "look.png", 390, 844, dark=True)
            assert await barriers(tab) == []
            assert [line for line in tab.console if line.startswith(("exception", "error"))] == []
