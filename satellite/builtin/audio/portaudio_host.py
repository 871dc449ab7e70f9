"""The PortAudio library of this process: loaded when needed, silently, and called on threads.

PortAudio lists the devices once, when it is initialised; to see a device that came back it has to
be initialised again, which ends every stream. So that is done only while no stream exists.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Literal, TypeVar

from satellite import requirements
from satellite.errors import DeviceBusy, DeviceLost, DeviceMissing
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.platform import system
from satellite.text.quoted import quoted
from satellite.text.whole_number import whole_number
from satellite.values import AudioFormat

_LOGGER = logging.getLogger(__name__)

Direction = Literal["input", "output"]
T = TypeVar("T")

CALL = 10.0
"""Seconds for a call of PortAudio: opening tries every sound server, and Bluetooth takes 5 s."""


class PortAudioLibrary:
    """The library: that of the system, or the one that sounddevice brings on macOS and Windows."""

    def __str__(self) -> str:
        return "library portaudio"

    def missing(self) -> str | None:
        """Return what is missing and how to get it; None if nothing is missing."""
        own = find_spec("_sounddevice_data")
        folders = (own.submodule_search_locations if own is not None else None) or ()
        if any(any(Path(folder, "portaudio-binaries").glob("libportaudio*")) for folder in folders):
            return None
        return requirements.Library("portaudio", debian="libportaudio2").missing()


REQUIRES: tuple[requirements.Requirement, ...] = (
    PortAudioLibrary(),
    requirements.Package("sounddevice"),
)
"""What PortAudio's microphones and speakers need."""

_OTHER_RATES = (48000, 44100, 32000, 16000)
"""Hz to try where a device supports neither the requested rate nor its own default."""

_UNAVAILABLE = -9985
"""paDeviceUnavailable (portaudio.h): another program has the device open."""


class PortAudioHost:
    """The library, its list of devices, and its users."""

    def __init__(self) -> None:
        self.busy: set[object] = set()
        """The microphones and speakers that have a stream."""
        self.listing = 0
        """Number of the present list of devices; a device's index differs between lists."""
        self.stale = False
        """Whether a device was lost or not found, so that the list may be outdated."""
        self._lock = Lock()
        self._library: Any = None

    async def call(
        self, function: Callable[[Any], T], undo: Callable[[T], None] | None = None
    ) -> T:
        """Run `function(sounddevice)` on a thread of its own, one at a time.

        `undo` gets the result when the caller was cancelled. Raises the function's errors, and
        `DeviceLost` when it hangs; its thread is then abandoned, as is its driver.
        """
        try:
            async with asyncio.timeout(CALL):
                return await run_in_daemon_thread(
                    partial(self.ask, function), name="portaudio", undo=undo
                )
        except TimeoutError:
            raise DeviceLost(f"PortAudio did not answer within {CALL:g} s") from None

    def ask(self, function: Callable[[Any], T]) -> T:
        """Run `function(sounddevice)` on this thread; blocks."""
        with self._lock:
            return function(self._ready())

    def _ready(self) -> Any:
        if self._library is None:
            os.environ.setdefault("JACK_NO_START_SERVER", "1")
            _silence()
            try:
                import sounddevice
            except (ImportError, OSError) as error:
                raise DeviceMissing(
                    f"PortAudio cannot be used: {error}"
                    + (" (apt install libportaudio2)" if system.is_linux() else "")
                ) from error
            self._library = sounddevice
        elif self.stale and not self.busy:
            # sounddevice has no public name for this, and PortAudio no other way to renew the list
            self._library._terminate()  # noqa: SLF001
            self._library._initialize()  # noqa: SLF001
            self.stale = False
            self.listing += 1
        return self._library

    def choose(
        self, library: Any, wanted: str, direction: Direction, form: AudioFormat
    ) -> tuple[int, AudioFormat]:
        """Find a device, and the supported format nearest to `form`. Raises `DeviceMissing`."""
        devices = [d for d in library.query_devices() if d[f"max_{direction}_channels"] > 0]
        device = _pick(library, devices, wanted, direction)
        if device is None:
            self.stale = True
            known = ", ".join(f"{d['index']}: {d['name']}" for d in devices) or "none"
            asked = (
                f"no {direction} device {quoted(wanted)}" if wanted else f"no default {direction}"
            )
            raise DeviceMissing(f"PortAudio has {asked} (known: {known})")
        check = getattr(library, f"check_{direction}_settings")
        most = device[f"max_{direction}_channels"]
        refusal, kind = "it has no channels", DeviceMissing
        for rate in dict.fromkeys((form.rate, int(device["default_samplerate"]), *_OTHER_RATES)):
            for channels in dict.fromkeys((min(form.channels, most), min(2, most), most)):
                try:
                    check(device["index"], channels=channels, dtype="int16", samplerate=rate)
                except (library.PortAudioError, ValueError) as error:
                    refusal, kind = str(error), error_kind(error)
                else:
                    return device["index"], AudioFormat(rate, channels)
        self.stale = True
        raise kind(f"PortAudio cannot open {device['name']}: {refusal}")


def error_kind(error: Exception) -> type[DeviceMissing]:
    """Return the class of our error for one of sounddevice, whose second argument is its code."""
    return DeviceBusy if _UNAVAILABLE in error.args[1:2] else DeviceMissing


def end(stream: Any) -> None:
    """Stop and close a stream in any state of its device. Blocks."""
    stream.abort(ignore_errors=True)
    stream.close(ignore_errors=True)


def _pick(library: Any, devices: list[Any], wanted: str, direction: Direction) -> Any:
    """Return the default device, or the one of an index, an exact name, or a part of its name."""
    if not wanted:
        index = library.default.device[0 if direction == "input" else 1]
        return next((d for d in devices if d["index"] == index), None)
    if (number := whole_number(wanted)) is not None:
        return next((d for d in devices if d["index"] == number), None)
    exact = [d for d in devices if d["name"] == wanted]
    part = [d for d in devices if wanted.casefold() in d["name"].casefold()]
    return next(iter(exact + part), None)


_ALSA_HANDLER = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)
_JACK_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p)


def _log_alsa(_file: bytes, _line: int, function: bytes, _code: int, text: bytes) -> None:
    _LOGGER.debug("ALSA: %s: %s", _text(function), _text(text))


def _text(message: bytes) -> str:
    return quoted(message.decode("utf-8", "replace").strip())


def _log_jack(text: bytes) -> None:
    _LOGGER.debug("JACK: %s", _text(text))


# module constants, since the libraries may call them at any time
_ALSA = _ALSA_HANDLER(_log_alsa)
_JACK = _JACK_HANDLER(_log_jack)


def _silence() -> None:
    """Redirect the messages of ALSA and JACK from standard error to the log.

    `snd_lib_error_set_handler` (alsa/error.h), `jack_set_error_function` (jack/jack.h).
    """
    for name, setters, handler in (
        ("libasound.so.2", ("snd_lib_error_set_handler",), _ALSA),
        ("libjack.so.0", ("jack_set_error_function", "jack_set_info_function"), _JACK),
    ):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue  # then PortAudio does not use it either
        for setter in setters:
            getattr(library, setter)(handler)


HOST = PortAudioHost()
"""The one instance: PortAudio's state is that of the process."""
