"""Each wake word may have an assistant of its own: settings, engines, conversation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.config import load as config
from satellite.engines.assembly import assembled
from satellite.errors import ConfigError
from satellite.languages.names import names_of
from satellite.listening.utterance import Utterance
from satellite.settings import AssistantSettings, Settings
from satellite.turns.assistants import Assistant, Assistants, assistant_components, build_assistants
from satellite.turns.context import Engines
from satellite.turns.own_sentences import own_sentences
from satellite.values import Detection, DetectRequest
from tests.support import virtual_time
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.paced_satellite import QUIET, PacedSatellite
from tests.support.scripted_satellite import SILENCE, VOICE, MarkWake

TWO = """
tts = "espeak:en-us"
[assistants.hey_jarvis]
persona = "You are a butler."
voice = "en-gb"
[assistants.pirate]
wake = ["ahoy", "avast"]
llm = "intents?sentences=/nowhere"
language = "en-GB"
brain = "auto"
"""


def load(text: str, tmp_path: Path, pairs: tuple[str, ...] = ()) -> config.Configuration:
    file = tmp_path / "satellite.toml"
    file.write_text(text)
    return config.load(environment={}, file=file, pairs=pairs)


def test_assistants_are_tables_of_a_file(tmp_path: Path) -> None:
    made = load(TWO, tmp_path, ("assistants.pirate.voice=en-us+m3",))
    assert made.settings.assistants == {
        "hey_jarvis": AssistantSettings(persona="You are a butler.", voice="en-gb"),
        "pirate": AssistantSettings(
            wake=("ahoy", "avast"),
            llm="intents?sentences=/nowhere",
            language="en-GB",
            voice="en-us+m3",
            brain="auto",
        ),
    }
    told = {key.path: (value, origin) for key, value, origin in made.effective()}
    assert told["assistants.hey_jarvis.voice"][0] == "en-gb"
    assert told["assistants.pirate.voice"] == ("en-us+m3", "flag --set assistants.pirate.voice")
    assert told["assistants.pirate.tts"] == ("", "default")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[assistants.x]\nvoise = 'a'", "assistants.x.voise is unknown (did you mean voice?)"),
        ("[assistants.x]\nvoice = 1", "assistants.x.voice = 1: expected text, got a whole number"),
        ("[assistants]\nx = 1", "assistants.x is unknown"),
        ("[assistants.'a b']\nvoice = 'c'", "assistants.a b.voice is unknown"),
        (
            "[assistants.x]\ntts = 'espeek'",
            "assistants.x.tts plugin espeek is unknown (did you mean espeak?)",
        ),
        (
            "[assistants.x]\nwake = ['a']\n[assistants.y]\nwake = ['a']",
            "assistants.y.wake: a is the wake word of assistants.x already",
        ),
        ("[assistants.x]\nbrain = 'mine'", "assistants.x.brain"),
    ],
)
def test_a_wrong_setting_is_reported_with_its_key(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text, tmp_path)
    assert any(problem in line for line in caught.value.problems), caught.value.problems


def test_an_engine_is_made_once_for_each_component(tmp_path: Path) -> None:
    settings = load(TWO, tmp_path).settings
    assert list(assistant_components(settings)) == [
        ("asr", "auto", "en"),
        ("llm", "auto", "en"),
        ("tts", "espeak:en-us", ""),
        ("llm", "intents?sentences=/nowhere", ""),
    ]


def test_auto_has_engines_of_its_own_for_each_language(tmp_path: Path) -> None:
    settings = load(
        """
language = "de-AT"
asr = "faster-whisper"
[assistants.nabu]
language = "zh"
[assistants.jarvis]
language = "de"
""",
        tmp_path,
    ).settings
    assert list(assistant_components(settings)) == [
        ("asr", "faster-whisper", ""),
        ("llm", "auto", "de"),
        ("tts", "auto", "de"),
        ("llm", "auto", "zh"),
        ("tts", "auto", "zh"),
    ]


async def test_assistants_share_the_engines_that_they_do_not_have_of_their_own() -> None:
    settings = Settings(
        name="x",
        zeroconf=False,
        wake="microwakeword",
        vad="energy",
        asr="pocketsphinx",
        llm="intents",
        tts="espeak",
        assistants={"hey_jarvis": AssistantSettings(tts="espeak:en-gb", language="en-GB")},
    )
    async with assembled(settings, lambda event: None) as engines:
        first = engines.assistants.find(None)
        butler = engines.assistants.find(Detection(word="hey_jarvis", score=1.0, sample=0))
        assert engines.assistants.find(Detection(word="okay_nabu", score=1.0, sample=0)) is first
        assert butler.engines.asr is first.engines.asr is engines.turn.asr
        assert butler.engines.tts is not first.engines.tts
        assert (first.settings.language, butler.settings.language) == ("en", "en-GB")


class TwoWords(MarkWake):
    """Detects two wake words."""

    WORDS = ((b"\x03\x00", "okay_nabu"), (b"\x04\x00", "hey_jarvis"))

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        position = 0
        async for chunk in audio:
            position += len(chunk) // 2
            for mark, word in self.WORDS:
                if mark in chunk:
                    yield Detection(word=word, score=0.9, sample=position)


class Two:
    """Two assistants of one satellite."""

    def __init__(
        self,
        brain: str = "local",
        driver: Callable[[Utterance], None] = lambda utterance: None,
    ) -> None:
        its = AssistantSettings(persona="You are a butler.", voice="en-gb", llm="b", brain=brain)  # type: ignore[arg-type]
        settings = msgspec.structs.replace(QUIET, llm="a", assistants={"hey_jarvis": its})
        self.asr, self.tts = ScriptedAsr(["hello", "who are you", "again"]), ScriptedTts()
        self.nabu, self.jarvis = (
            ScriptedLlm([("I am Nabu. And you?",)]),
            ScriptedLlm([("Jarvis.",)]),
        )
        shared = {("asr", "auto", "en"): self.asr, ("tts", "auto", "en"): self.tts}
        assistants = build_assistants(
            settings, {**shared, ("llm", "a", ""): self.nabu, ("llm", "b", ""): self.jarvis}
        )
        self.satellite = PacedSatellite(
            settings,
            assistants.first.engines,
            assistants=assistants,
            driver=driver,
            wake=TwoWords(),
        )

    def call(self, mark: bytes) -> None:
        self.satellite.mic.say((mark, 0.03), (SILENCE, 0.4), (VOICE, 1.0), (SILENCE, 1.0))


def test_each_word_has_its_persona_its_voice_and_its_conversation() -> None:
    async def main() -> None:
        two = Two()
        async with two.satellite.open() as satellite:
            two.call(b"\x04\x00")
            await satellite.ended(1)
            two.call(b"\x03\x00")
            await satellite.until(lambda: len(satellite.utterances) == 3)
            satellite.mic.say(
                (VOICE, 1.0), (SILENCE, 1.0)
            )  # Nabu asked: it is Nabu who is answered
            await satellite.until(lambda: len(satellite.outcomes()) == 3)
        (asked,) = two.jarvis.requests
        assert asked.situation.persona == "You are a butler."
        assert [request.situation.persona for request in two.nabu.requests] == [None, None]
        assert [m.text for m in two.nabu.requests[1].history] == [
            "who are you",
            "I am Nabu. And you?",
        ]
        assert two.tts.requests[0].voice == "en-gb"
        assert two.tts.requests[1].voice is None

    virtual_time.run(main())


@pytest.mark.parametrize(("brain", "asked"), [("local", ["okay_nabu"]), ("auto", None)])
def test_drivers_take_only_turns_of_words_without_a_local_assistant(
    brain: str, asked: list[str] | None
) -> None:
    heard: list[str] = []

    def driver(utterance: Utterance) -> None:
        heard.append(utterance.detection.word if utterance.detection else "")

    async def main() -> None:
        two = Two(brain, driver)
        async with two.satellite.open() as satellite:
            two.call(b"\x04\x00")
            await satellite.ended(1)
            two.call(b"\x03\x00")
            await satellite.ended(2)

    virtual_time.run(main())
    assert [word for word in heard if word] == (asked or ["hey_jarvis", "okay_nabu"])


def test_without_assistants_the_satellite_is_the_only_one() -> None:
    engines = Engines(ScriptedAsr(), ScriptedLlm(), ScriptedTts())
    only = Assistant(QUIET, engines)
    assert Assistants(only).find(Detection(word="anything", score=1.0, sample=0)) is only


def test_the_wake_words_of_assistants_can_be_changed() -> None:
    engines = Engines(ScriptedAsr(), ScriptedLlm(), ScriptedTts())
    first, butler = Assistant(QUIET, engines), Assistant(QUIET, engines)
    assistants = Assistants(first, {"butler": butler})
    for word in ("hey_jarvis", "alexa"):
        its = {"butler": AssistantSettings(wake=(word,)), "nobody": AssistantSettings()}
        assistants.set_wake_words(msgspec.structs.replace(QUIET, assistants=its))
        called = [
            w for w in ("hey_jarvis", "alexa", "nobody") if assistants.find(heard(w)) is butler
        ]
        assert called == [word]


def heard(word: str) -> Detection:
    return Detection(word=word, score=1.0, sample=0)


class TwoLanguages:
    """An English assistant, and a Chinese one with engines of its own."""

    def __init__(self, *, understood: bool = True) -> None:
        chinese = AssistantSettings(language="zh", asr="b", llm="b", tts="b")
        settings = msgspec.structs.replace(
            QUIET, asr="a", llm="a", tts="a", assistants={"hey_jarvis": chinese}
        )
        self.english = Engines(ScriptedAsr(["hello"]), ScriptedLlm([("Hi.",)]), ScriptedTts())
        heard = ["你好"] if understood else [""]
        self.chinese = Engines(ScriptedAsr(heard), ScriptedLlm([("你好。",)]), ScriptedTts())
        engines: dict[tuple[str, str, str], Any] = {}
        for component, made in (("a", self.english), ("b", self.chinese)):
            for role in ("asr", "llm", "tts"):
                engines[role, component, ""] = getattr(made, role)
        assistants = build_assistants(settings, engines)
        self.satellite = PacedSatellite(
            settings, assistants.first.engines, assistants=assistants, wake=TwoWords()
        )

    def run(self) -> None:
        """Call the Chinese assistant, then the English one."""

        async def main() -> None:
            async with self.satellite.open() as satellite:
                for count, mark in enumerate((b"\x04\x00", b"\x03\x00"), 1):
                    satellite.mic.say((mark, 0.03), (SILENCE, 0.4), (VOICE, 1.0), (SILENCE, 1.0))
                    await satellite.ended(count)

        virtual_time.run(main())


def test_each_word_has_the_engines_and_the_language_of_its_assistant() -> None:
    home = TwoLanguages()
    home.run()
    for made, language in ((home.english, "en"), (home.chinese, "zh")):
        (heard,) = made.asr.requests  # type: ignore[attr-defined]
        (asked,) = made.llm.requests  # type: ignore[attr-defined]
        (spoken,) = made.tts.requests  # type: ignore[attr-defined]
        assert (heard.language, asked.language, spoken.language) == (language,) * 3
        assert asked.situation.names == names_of(language).names
    assert names_of("zh").names != names_of("en").names


def test_an_apology_is_in_the_language_of_the_called_assistant() -> None:
    home = TwoLanguages(understood=False)
    home.run()
    texts = {request.text: request.language for request in home.english.tts.requests}  # type: ignore[attr-defined]
    assert texts[own_sentences("zh").stages["understand"]] == "zh"
    assert texts["Hi."] == "en"
