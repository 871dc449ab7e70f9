"""Files that the program reads, for fuzzing: what each may hold, and how it is used."""

from __future__ import annotations

import asyncio
import bz2
import io
import json
import os
import struct
import tarfile
import wave
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from satellite.audio.ducking.ducker import DuckedStream, ducked_store
from satellite.audio.echo.canceller import EchoCanceller
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.stored_path import StoredPath, stored_path
from satellite.audio.wavfile import parse_wav
from satellite.cli.language_check import problems
from satellite.config.load import load
from satellite.diagnostics.recordings.folder import RecordingFolder
from satellite.diagnostics.stats import database
from satellite.diagnostics.stats.collector import TurnRow
from satellite.diagnostics.stats.summary import summary
from satellite.engines.known_servers import KnownServer, KnownServers
from satellite.errors import EngineFailed
from satellite.homeassistant.client import stored_home
from satellite.homeassistant.client.access_token import TokenSource
from satellite.homeassistant.client.entities import Contents, Entity
from satellite.http import token
from satellite.http.browsers import Browsers
from satellite.http.certificate import HttpsCertificate
from satellite.languages import hearing, names, pack, text_rules
from satellite.lib import paths
from satellite.lib.persistence import StoredValue
from satellite.listening.mute import Mute, mute_store
from satellite.net.pairing.group_phrases import GroupPhrases
from satellite.net.pairing.identity import ensure_identity, read_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeers
from satellite.settings import HttpSettings, RecordingSettings
from satellite.timers import TimerManager, timer_store
from satellite.timers.alarm import Alarm
from satellite.timers.ringing import Ring
from satellite.timers.schedule import DueEntry, Schedule, Timer
from satellite.timers.wall_clock import ClockReading
from satellite.turns.own_sentences import own_sentences
from satellite.values import SPEECH
from servers.asr.sphinx import vocabulary
from servers.intents import sentences
from servers.models import archive, manifest, sherpa_files, sherpa_models
from servers.models.file_check import onnx_metadata, problem_of
from servers.tts.normalization import language_table, normalizer
from servers.tts.normalization.normalizer import normalize
from servers.tts.piper.description import describe
from tests.support.ring_words import english_rings

OWN = "eo"
"""The code of the language pack that is fuzzed, in the user's folder."""

TEXTS = ("On 3 May 2024 at 7:05 I paid $12.50 for 2 1/2 kg.", "Chapter IV, PIN 1234", "")
REQUESTS = ("what time is it", "set a timer for five minutes", "turn on the lamp in the kitchen")
MODELS = ("x.onnx", "x.gguf", "model.bin", "config.json")


class FileKind(msgspec.Struct, frozen=True):
    """A kind of files."""

    name: str
    usual: bytes
    """What such a file holds as a rule."""
    use: Callable[[bytes], object]
    """Store this content, and use it as the program does. It may raise `SatelliteError`s."""
    weight: int = 10
    """How often it is tried."""


def kinds(folder: Path) -> list[FileKind]:
    """Return every kind; state, data and caches are below a folder, as the environment says."""
    return [*_stores(), *_pairing(folder), *_others(folder), *_models(folder), *_packs(folder)]


def _stores() -> Iterator[FileKind]:
    alarm = Alarm(id="wake", hour=6, minute=30, days=(0, 1, 2, 3, 4), last=1.7e9, name="work")
    timer = Timer(id="egg", total=300.0, due=1000.0, name="egg", text="the eggs are ready")
    schedule = Schedule(moment=ClockReading(1.7e9, 900.0, "boot"), timers=(timer,), alarms=(alarm,))
    stream = DuckedStream(id=1, program="player", memory="m", before=(32768, 32768), level=0.2)
    server = KnownServer("asr", "tcp://10.0.0.5:10300", 1.7e9)
    servers = StoredValue("known-servers", tuple[KnownServer, ...], ())
    echo = StoredPath(b"\0\0\x80\x3f" * 8, 1e-5)
    yield _store("timers", timer_store("room"), schedule, _timers)
    yield _store("mute", mute_store("room"), True, lambda store: Mute(lambda event: None, store))
    yield _store("ducked", ducked_store(), (stream,), lambda store: store.read())
    yield _store("known servers", servers, (server,), lambda store: _remember())
    yield _store("echo", stored_path("room"), echo, _echo)


def _store(
    name: str, store: StoredValue[Any], usual: Any, use: Callable[[StoredValue[Any]], object]
) -> FileKind:
    def used(content: bytes) -> None:
        store.file.parent.mkdir(parents=True, exist_ok=True)
        store.file.write_bytes(content)
        value = store.read()
        store.write(value)
        again = store.read()
        if again != value and again == again:  # numbers that are none equal nothing
            raise AssertionError(f"{name}: {value} was written, and {again} read")
        use(store)

    return FileKind(name, msgspec.json.encode(usual), used)


def _timers(store: StoredValue[Any]) -> None:
    async def silent(ring: Ring) -> None:
        await asyncio.sleep(3600)

    async def run(now: ClockReading) -> None:
        manager = TimerManager(lambda event: None, silent, 1.0, english_rings, store, lambda: now)
        running = asyncio.create_task(manager.run())
        for _ in range(3):
            await asyncio.sleep(0)
        manager.states(), manager.alarms()
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled() and (error := running.exception()):
            raise error

    for wall in (0.0, 1.7e9, 2e9):
        asyncio.run(run(ClockReading(wall, 5.0, "other boot")))


def _remember() -> None:
    asyncio.run(KnownServers().remember("tts", ["tcp://10.0.0.6:10200"]))


def _echo(store: StoredValue[Any]) -> None:
    EchoCanceller(PlaybackReference(), store).process(bytes(1024))


def _pairing(folder: Path) -> Iterator[FileKind]:
    keys = KeyStore(folder / "keys")
    me = ensure_identity(keys, "room")
    peer = {"name": "cellar", "host": "10.0.0.5", "certificate": me.certificate, "since": "2026"}

    def kind(name: str, usual: bytes, read: Callable[[], object]) -> FileKind:
        def use(content: bytes) -> None:
            (keys.path / name).write_bytes(content)
            (keys.path / name).chmod(0o600)
            read()

        return FileKind(name, usual, use)

    yield kind("paired.json", json.dumps([peer]).encode(), KnownPeers(keys).all)
    yield kind("group.json", json.dumps(["ab" * 16]).encode(), GroupPhrases(keys).all)
    browser = dict.fromkeys(("id", "name", "address", "digest"), "x") | {"since": 0, "seen": 0}
    logged_in = {"id": "ab", "browsers": [browser]}
    yield kind("browsers.json", json.dumps(logged_in).encode(), Browsers(keys).all)
    yield kind(
        "https.pem",
        bytes(HttpsCertificate(keys, "room").ensure().certificate.read_bytes()),
        HttpsCertificate(keys, "room").ensure,
    )
    key = (keys.path / "key.pem").read_bytes()
    yield kind("key.pem", key, lambda: read_identity(keys))


def _others(folder: Path) -> Iterator[FileKind]:
    def at(path: Path, content: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def recordings(content: bytes) -> None:
        stored = RecordingFolder(RecordingSettings(folder=str(folder / "recordings")))
        at(stored.path / "20260101-000000-turn-1.json", content)
        at(stored.path / "20260101-000000-turn-1.wav", wav())
        list(stored.recordings())

    def home(content: bytes) -> None:
        stored_home.store("http://home", Contents())
        (file,) = (folder / "cache").rglob("home/*.msgpack")
        file.write_bytes(content)
        found = stored_home.read("http://home")
        for language in ("en", "de", None):
            found.names_in(language)
        _ = found.areas
        found.called("lamp", found.room("kitchen"))

    def stats(content: bytes) -> None:
        file = at(folder / "stats.sqlite", content)
        for beside in folder.glob("stats.sqlite-*"):
            beside.unlink()
        made = database.Database(file)
        made.write([TurnRow(id="good", at=1.7e9, outcome="answered", answer=0.5)])
        made.close()
        summary(*database.read(file))

    def words(content: bytes) -> None:
        home = (("lamp",), ("kitchen",))
        vocabulary.store(vocabulary.Vocabulary("FSG", ""), home)
        (file, *_) = (folder / "cache").rglob("pocketsphinx/*.msgpack")
        file.write_bytes(content)
        if (found := vocabulary.read(home)) is not None:
            found.pronunciations()

    lamp = Entity(id="light.a", names=("lamp",), room="r")
    recording = {
        "id": "20260101-000000-turn-1", "kind": "turn", "time": 1.7e9, "seconds": 2.0,
        "events": [{"event": "wake", "score": 0.5}],
    }  # fmt: skip
    toml = b'name = "room"\n[asr]\nuse = "pocketsphinx"\n[http]\nport = 10780\n[limits]\nheld = 1\n'
    yield FileKind("recording", json.dumps(recording).encode(), recordings)
    yield FileKind("home", msgspec.msgpack.encode(Contents(entities=(lamp,))), home)
    yield FileKind("statistics", _database(folder), stats, 4)
    yield FileKind(
        "vocabulary", msgspec.msgpack.encode(vocabulary.Vocabulary("FSG", "A AH")), words
    )
    yield FileKind(
        "settings", toml, lambda content: load(environment={}, file=at(folder / "s.toml", content))
    )
    yield FileKind(
        "HTTP token",
        b"secret-secret-secret\n",
        lambda c: token.read(HttpSettings(token_file=str(at(folder / "token", c)))),
    )
    yield FileKind(
        "home's token",
        b"eyJhbGciOi.x.y\n",
        lambda c: TokenSource(str(at(folder / "home-token", c))).read(),
    )
    yield FileKind("WAV", wav(), lambda content: parse_wav(content, "x.wav", 60.0), 20)


def wav() -> bytes:
    """Return a short WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(SPEECH.rate)
        writer.writeframes(bytes(range(256)) * 4)
    return file.getvalue()


def _database(folder: Path) -> bytes:
    file = folder / "usual.sqlite"
    made = database.Database(file)
    made.write([TurnRow(id="a", at=1.7e9)])
    made.close()
    return file.read_bytes()


def _models(folder: Path) -> Iterator[FileKind]:
    place = folder / "voice"
    place.mkdir()
    heads = {
        "x.onnx": b"\x08\x07\x3a\x02\x08\x01",
        "x.gguf": b"GGUF" + struct.pack("<IQQ", 3, 10, 10) + bytes(100),
        "model.bin": struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + bytes(50),
        "config.json": b'{"model_type": "whisper"}',
    }

    def model(name: str) -> Callable[[bytes], object]:
        def use(content: bytes) -> None:
            (place / name).write_bytes(content)
            problem_of(place / name)

        return use

    def listing(content: bytes) -> None:
        (place / manifest.FILE).write_bytes(content)
        found = manifest.read_complete(place)
        list(manifest.problems(place))
        if found is not None:
            str(manifest.installed(place, found))

    def voice(content: bytes) -> None:
        (place / "v.onnx").write_bytes(heads["x.onnx"])
        (place / "v.onnx.json").write_bytes(content)
        _ = describe(place / "v.onnx").language_code

    for name, head in heads.items():
        yield FileKind(name, head, model(name))
    yield from _sherpa(place)
    record = manifest.FileRecord("config.json", 25, "ab" * 32)
    whole = manifest.Manifest("piper", "x", "o/r", "main", "2026-01-01", (record,))
    yield FileKind("manifest", msgspec.json.encode(whole), listing)
    description = {
        "audio": {"sample_rate": 22050, "quality": "medium"}, "espeak": {"voice": "en-us"},
        "language": {"code": "en_US"}, "inference": {"noise_scale": 0.667}, "num_symbols": 256,
        "phoneme_id_map": {"_": [0], "a": [1]}, "num_speakers": 1, "speaker_id_map": {"x": 0},
    }  # fmt: skip
    yield FileKind("description of a voice", json.dumps(description).encode(), voice)


def _sherpa(place: Path) -> Iterator[FileKind]:
    def tokens(content: bytes) -> None:
        (place / "tokens.txt").write_bytes(content)
        sherpa_files.symbols(place / "tokens.txt")

    def network(content: bytes) -> None:
        onnx_metadata(io.BytesIO(content))

    def packed(content: bytes) -> None:
        (place / "x.tar.bz2").write_bytes(content)
        target = place / "unpacked"
        target.mkdir(exist_ok=True)
        archive.extract(place / "x.tar.bz2", target, sherpa_models.wanted, "x")

    metadata = b"\x0a\x01T\x12\x0213"
    usual = b"\x08\x07\x3a\x02\x08\x01\x72" + bytes([len(metadata)]) + metadata
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as written:
        for name, data in (("m/tokens.txt", b"a 0\n"), ("m/model.onnx", usual)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            written.addfile(info, io.BytesIO(data))
    yield FileKind("tokens of a model", "<blk> 0\n▁A 1\n".encode(), tokens)
    yield FileKind("metadata of a network", usual, network)
    yield FileKind("archive of a model", tar.getvalue(), packed)
    yield FileKind("packed archive of a model", bz2.compress(tar.getvalue()), packed)


def _packs(folder: Path) -> Iterator[FileKind]:
    english = files("satellite.languages.en")
    parts = {
        file.name.removesuffix(".yaml"): file.read_bytes()
        for file in english.iterdir()
        if file.name.endswith(".yaml")
    }
    own = paths.data_folder() / "languages" / OWN

    def kind(part: str) -> FileKind:
        def use(content: bytes) -> None:
            own.mkdir(parents=True, exist_ok=True)
            for name, usual in parts.items():
                (own / f"{name}.yaml").write_bytes(content if name == part else usual)
            _forget()
            use_pack(part)

        return FileKind(f"language pack: {part}", parts[part], use, _WEIGHTS.get(part, 4))

    yield from map(kind, sorted(parts))

    def personal(content: bytes) -> None:
        place = folder / "sentences"
        place.mkdir(exist_ok=True)
        (place / "own.yaml").write_bytes(content)
        brain = sentences.load("en", str(place))
        for text in REQUESTS:
            brain.match(text, ("lamp",), ("kitchen",))

    usual = (
        b"intents:\n  Own:\n    data:\n"
        b"      - sentences: ['[please] (feed|give food to) the cat']\n        response: done\n"
        b"responses:\n  intents:\n    Own:\n      done: 'The cat eats.'\n"
    )
    yield FileKind("own sentences", usual, personal, 2)


_WEIGHTS = {"sentences": 1, "answers": 1, "tests": 1}
"""Parts of a brain, which takes half a second to load."""


def use_pack(part: str) -> None:
    """Use the fuzzed part of the language pack, as turns, voices and recognizers do."""
    if part == "language":
        problems(OWN)
    if part in ("language", "own_sentences"):
        _apologize()
    if part in ("language", "names"):
        words = names.names_of(OWN)
        _ = words.kinds_by_word, words.words_for_all
    if part in ("language", "text"):
        text_rules.text_rules(OWN)
    if part in ("hearing", "script"):
        hearing.hearing(OWN)
        hearing.written(OWN, "text")
        hearing.phantoms()
    if part in ("language", "spoken"):
        for text in TEXTS:
            normalize(text, OWN)
    if part in ("language", *_WEIGHTS):
        brain = sentences.load(OWN)
        for text in REQUESTS:
            brain.match(text, ("lamp",), ("kitchen",))


def _apologize() -> None:
    said = own_sentences(OWN)
    for stage in ("asr", "llm", "tts", "speaker"):
        said.apology(stage, EngineFailed("it failed"))
        said.apology(stage)
    words = said.ring_words()
    for entry in (Timer(id="a", total=5.0, due=0.0), Timer(id="a", total=5.0, due=0.0, name="egg")):
        for late in (5.0, 45.0, 300.0):
            words.announcement(DueEntry(entry, at=1.7e9, late=late))


def _forget() -> None:
    """Forget what was read of packs."""
    for cached in (
        pack._packs,  # noqa: SLF001
        own_sentences,
        names._read,  # noqa: SLF001
        text_rules.text_rules,
        hearing._characters,  # noqa: SLF001
        hearing.phantoms,
        language_table.table,
        normalizer._normalizer,  # noqa: SLF001
    ):
        cached.cache_clear()


def environment(folder: Path) -> None:
    """Let this process store everything below a folder."""
    os.environ["STATE_DIRECTORY"] = str(folder)
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    os.environ["XDG_DATA_HOME"] = str(folder)
