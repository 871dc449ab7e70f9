"""Wake words that Home Assistant offers as files: its folder `custom_wake_words`.

They are models of microWakeWord, so only that engine takes them. One that is chosen is fetched,
tried, stored in a folder of this satellite and added to the setting `wake`; one that is no longer
chosen is removed from it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from satellite.arbitration.wake_words import wake_words_of
from satellite.builtin.wake.bundled_models import plain
from satellite.components import spec
from satellite.errors import EngineFailed, SatelliteError
from satellite.homeassistant.esphome import wav_stream
from satellite.homeassistant.esphome.setting_entities import LiveSettings
from satellite.homeassistant.esphome.wake_words import AT_ONCE
from satellite.lib.decoding import Undecodable, from_json

if TYPE_CHECKING:
    from aiohttp import ClientSession

_LOGGER = logging.getLogger(__name__)

ENGINE, KIND = "microwakeword", "micro"
"""The engine that takes these models, and Home Assistant's name of their type."""

MOST = 32
"""Words that are listed: what a person collects, and few enough for a list."""

MODEL_SIZE = 2 * 1024 * 1024
"""Bytes of a model; those of ESPHome have 60 thousand."""

DESCRIPTION_SIZE = 16 * 1024
"""Bytes of the file that describes it; those of ESPHome have 400."""

FETCH = 3.0
"""Seconds to fetch one file: Home Assistant waits 5 for the answer to a choice."""

_NAME = re.compile(r"\w[\w -]{0,63}")


class ExternalWord(msgspec.Struct, frozen=True):
    """A word that Home Assistant offers."""

    name: str
    phrase: str
    languages: tuple[str, ...]
    size: int
    sha256: str
    url: str
    """Address of the description; the model is beside it."""


class ExternalWords:
    """The words that one Home Assistant offers, and the way to use them."""

    def __init__(
        self, settings: LiveSettings, folder: Path, attempt: Callable[[str], Awaitable[None]]
    ) -> None:
        """`attempt` loads a wake component and closes it; it raises `SatelliteError`."""
        self._settings = settings
        self._folder = folder
        self._attempt = attempt
        self._offered: dict[str, ExternalWord] = {}

    def offer(self, words: Iterable[Any]) -> None:
        """Take the list of words that Home Assistant offers."""
        found: dict[str, ExternalWord] = {}
        for word in words:
            good = word.model_type == KIND and 0 < word.model_size <= MODEL_SIZE
            if good and _NAME.fullmatch(word.id) and word.wake_word and len(found) < MOST:
                name = plain(word.id)
                found[name] = ExternalWord(
                    name,
                    word.wake_word[:100].lower(),  # as the engine names it
                    tuple(word.trained_languages)[:20],
                    word.model_size,
                    word.model_hash.lower(),
                    word.url,
                )
        self._offered = found

    @property
    def offered(self) -> tuple[ExternalWord, ...]:
        """The words that can be chosen, besides those in use."""
        component = self._component()
        if component is None:
            return ()
        used = self._used
        return tuple(word for name, word in self._offered.items() if name not in used)

    async def choose(self, names: Collection[str], address: str) -> None:
        """Use the words of this kind that are among the names, and no others.

        `address` is that from which Home Assistant is connected. A failure is logged, and changes
        nothing.
        """
        if (component := self._component()) is None:
            return
        offered = {word.name: word for word in self.offered}
        new = [offered[name] for name in names if name in offered][:AT_ONCE]
        ours = [word for word in self._used if self._stored(component, word)]
        stays = [word for word in self._used if word in names or word not in ours]
        wanted = [*stays, *(word.name for word in new)]
        if not wanted or wanted == self._used:
            return
        text = _text(component, wanted, self._folder)
        try:
            if new:
                await self._fetch(new, address)
                await self._attempt(text)
        except SatelliteError as error:
            _LOGGER.warning("a wake word of Home Assistant is not used: %s", error)
        else:
            if not await self._settings.change("wake", text):
                return  # the files stay: the settings may name them
        unused = {*ours, *(word.name for word in new)}.difference(self._used)
        await asyncio.to_thread(self._discard, unused)

    @property
    def _used(self) -> list[str]:
        """The words that are listened for."""
        return [*wake_words_of(self._settings.value("wake")).values()]

    def _component(self) -> spec.Component | None:
        """Return the wake component, if it takes models from our folder."""
        text = self._settings.value("wake")
        if spec.is_uri(text):
            return None
        component = spec.parse(text)
        folder = component.options.get("custom_model_dir", "")
        usable = component.plugin == ENGINE and folder in ("", str(self._folder))
        return component if usable else None

    def _stored(self, component: spec.Component, word: str) -> bool:
        """Return whether a word in use is one of these."""
        ours = "custom_model_dir" in component.options
        return ours and (self._folder / f"{word}.json").is_file()

    async def _fetch(self, words: Iterable[ExternalWord], address: str) -> None:
        """Store the files of words. Raises `EngineFailed`."""
        from aiohttp import ClientSession  # see `OfferedSounds.chunks`

        for word in words:
            wav_stream.check(word.url)
        async with ClientSession() as session:
            for word in words:
                description = await _get(session, word.url, address, DESCRIPTION_SIZE)
                beside = re.sub(r"\.json$", ".tflite", word.url)
                model = await _get(session, beside, address, word.size)
                if len(model) != word.size or hashlib.sha256(model).hexdigest() != word.sha256:
                    raise EngineFailed(f"the file of {word.name} is not the one that was announced")
                await asyncio.to_thread(self._store, word.name, description, model)

    def _discard(self, words: Iterable[str]) -> None:
        """Remove the files of words that are not used."""
        for file in (self._folder / f"{w}{end}" for w in words for end in (".json", ".tflite")):
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                _LOGGER.warning("%s cannot be removed: %s", file, error)

    def _store(self, name: str, description: bytes, model: bytes) -> None:
        try:
            fields = from_json(description, dict[str, Any])
            fields["model"] = f"{name}.tflite"
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{name}.tflite").write_bytes(model)
            (self._folder / f"{name}.json").write_bytes(msgspec.json.encode(fields))
        except (OSError, Undecodable) as error:
            raise EngineFailed(f"the files of {name} cannot be stored: {error}") from error


def _text(component: spec.Component, words: Iterable[str], folder: Path) -> str:
    """Return a component with other words, and the folder of their models."""
    options = {key: value for key, value in component.options.items() if key != "words"}
    options["custom_model_dir"] = str(folder)
    pairs = (f"{key}={quote(value, safe='/')}" for key, value in options.items())
    return f"{component.plugin}:{','.join(words)}?{'&'.join(pairs)}"


async def _get(session: ClientSession, url: str, address: str, most: int) -> bytes:
    """Return the bytes at a URL, or at that of the host with another address.

    Raises `EngineFailed`, also for more than `most` bytes.
    """
    from aiohttp import ClientError

    problem: Exception | None = None
    for candidate in dict.fromkeys((url, wav_stream.at_address(url, address))):
        try:
            async with asyncio.timeout(FETCH), session.get(candidate) as response:
                if response.status != 200:
                    raise EngineFailed(f"Home Assistant has no such file: {response.status}")
                content = bytearray()
                async for piece in response.content.iter_chunked(65536):
                    content += piece
                    if len(content) > most:
                        raise EngineFailed("a file of a wake word is longer than announced")
                return bytes(content)
        except (OSError, TimeoutError, ClientError, ValueError) as error:
            problem = error
    raise EngineFailed(f"a wake word cannot be fetched: {problem or 'no answer'}") from problem
