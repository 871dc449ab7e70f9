"""The configuration: layers, origins, and every problem at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.cli.config import as_toml, toml_value
from satellite.config import load as config
from satellite.config.keys import differences, keys
from satellite.config.layers import COMMON_VARIABLES, Given
from satellite.errors import ConfigError


def load(text: str = "", tmp: Path | None = None, **layers: Any) -> config.Configuration:
    """Load with nothing of this machine in it."""
    files = []
    if tmp is not None:
        files = [tmp / "satellite.toml"]
        files[0].write_text(text)
    return config.load(**{"environment": {}, "files": files, **layers})


def problems(text: str, tmp: Path, **layers: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(text, tmp, **layers)
    return tuple(problem.replace(str(tmp), "") for problem in caught.value.problems)


def test_flags_go_before_environment_before_file_before_default(tmp_path: Path) -> None:
    text = 'mic = "wav:file"\nspeaker = "wav:file"\nasr = "tcp://file:1"\n[listen]\nsilence = 1'
    environment = {"SATELLITE_MIC": "wav:env", "SATELLITE_SPEAKER": "wav:env"}
    flags = {"mic": Given("wav:flag", "flag --mic")}
    made = load(text, tmp_path, environment=environment, flags=flags, pairs=["area=attic"])
    settings = made.settings
    assert (settings.mic, settings.speaker, settings.asr) == ("wav:flag", "wav:env", "tcp://file:1")
    assert settings.listen.silence == 1.0
    assert made.files == (tmp_path / "satellite.toml",)
    assert {path: made.origins[path] for path in ("mic", "speaker", "asr", "area", "tts")} == {
        "mic": "flag --mic",
        "speaker": "environment SATELLITE_SPEAKER",
        "asr": f"file {tmp_path / 'satellite.toml'}",
        "area": "flag --set area",
        "tts": "default",
    }


def test_a_later_file_holds_and_a_named_one_is_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "etc.toml", tmp_path / "user.toml"
    first.write_text('area = "attic"\nlanguage = "de"')
    second.write_text('area = "cellar"')
    files = [first, tmp_path / "missing.toml", second]
    made = config.load(environment={}, files=files)
    assert (made.settings.area, made.settings.language) == ("cellar", "de")
    assert made.files == (first, second)
    assert config.load(environment={}, files=files, file=second).settings.language == "en"


def test_name_is_the_hosts_unless_it_is_set() -> None:
    assert load().settings.name == config.host_name() != ""
    assert load(environment={"SATELLITE_NAME": "hal"}).settings.name == "hal"


def test_environment_names_are_unambiguous() -> None:
    names = [key.environment for key in keys().values()]
    assert len({*names, *COMMON_VARIABLES}) == len(names) + len(COMMON_VARIABLES)


def test_orchestrators_may_put_their_own_variables_beside_ours() -> None:
    load(environment={"SATELLITE_SERVICE_HOST": "10.0.0.1", "SATELLITE_PORT_10300_TCP": "x"})


def test_all_problems_of_all_layers_are_reported_at_once(tmp_path: Path) -> None:
    text = """
        mic = 5
        volume = 2
        lisen = 1
        speaker = "tcp://host:1"
        cues = true
        [home]
        areas = ["attic", 3]
        [server]
        asr_prt = 1
        roles = ["asr", "ttts"]
        uri = "stdio://"
        advertise = ["192.168.1.20", "nas.local"]
    """
    environment = {"SATELLITE_LISTEN_SILENCE": "long", "SATELLITE_VOLUM": "1"}
    flags = {"wake": Given("openwakewort", "flag --wake")}
    pairs = ["silence=3", "listen=3", "tts=espeak:en?rat=3&pitch=-1", "asr=tcp://host", "nothing"]
    pairs += ["listen.follow_up=sometimes"]
    file = "file /satellite.toml: "
    found = problems(text, tmp_path, environment=environment, flags=flags, pairs=pairs)
    cues = ", ".join(path for path in keys() if path.startswith("cues."))
    expected = [
        file + "mic = 5: expected text, got a whole number",
        file + "volume = 2: expected a number <= 1.0",
        file + "lisen is unknown (did you mean listen?)",
        file + f"cues is a table, not a value (it holds {cues})",
        file + 'home.areas = ["attic",3]: expected text, got a whole number - at `$[1]`',
        file + "server.asr_prt is unknown (did you mean server.asr_port?)",
        'environment SATELLITE_LISTEN_SILENCE: listen.silence = "long": expected a number, '
        "got text",
        "environment: SATELLITE_VOLUM is unknown (did you mean SATELLITE_VOLUME?)",
        "flag --set: silence is unknown (did you mean listen.silence?)",
        'flag --set "nothing" is not KEY=VALUE',
        'flag --set listen.follow_up: listen.follow_up = "sometimes": expected one of always, '
        "never, question",
        file + 'speaker: "tcp://host:1": a speaker cannot be a Wyoming service, only a plugin',
        "flag --wake: wake plugin openwakewort is unknown (did you mean openwakeword?)",
        "flag --set tts: tts espeak: rat is unknown (did you mean rate?)",
        'flag --set tts: tts espeak: pitch = "-1": expected a whole number >= 0',
        file + "server.roles: ttts is unknown (did you mean tts?)",
        file + "server.uri serves one role, not asr,ttts: name it, as in --server asr",
        file + 'server.advertise: "nas.local" is no IP address, such as 192.168.1.20: no names are '
        "announced",
    ]
    assert [line for line in expected if line not in found] == []
    others = [line for line in found if line not in expected]
    assert [line.partition(": ")[0] for line in others] == ["flag --set listen", "flag --set asr"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"mic = \n", "is not TOML: Invalid value (at line 1, column 7)"),
        (b'area = "\xff"', "is not UTF-8 text (byte 8)"),
        (None, "there is no such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(
    content: bytes | None, expected: str, tmp_path: Path
) -> None:
    file = tmp_path / "satellite.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        config.load(environment={}, file=file)
    assert caught.value.problems == (f"file {file}: {expected}",)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory"):
        config.load(environment={}, files=[tmp_path])


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_VALUES = {
    "area": _TEXTS,
    "name": _TEXTS.filter(bool),
    "volume": st.floats(0, 1),
    "zeroconf": st.booleans(),
    "listen.silence": st.floats(0.1, 10),
    "home.areas": st.lists(_TEXTS).map(tuple),
    "server.asr_port": st.integers(0, 65535),
}
_LAYER = st.fixed_dictionaries({}, optional=_VALUES)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(file=_LAYER, environment=_LAYER, flags=_LAYER)
def test_each_value_comes_from_the_highest_layer_that_has_one(
    tmp_path_factory: pytest.TempPathFactory,
    file: dict[str, Any],
    environment: dict[str, Any],
    flags: dict[str, Any],
) -> None:
    """And what `satellite config` prints is a file that makes the same settings again."""
    for layer in (environment, flags):
        layer.pop("home.areas", None)  # a text with commas is more than one area
    tmp = tmp_path_factory.mktemp("config")
    made = load(
        "\n".join(f"{path} = {toml_value(value)}" for path, value in file.items()),
        tmp,
        environment={keys()[p].environment: _as_text(v) for p, v in environment.items()},
        flags={p: Given(_as_text(v), f"flag {p}") for p, v in flags.items()},
    )
    top = {**file, **environment, **flags}
    effective = {key.path: (value, origin) for key, value, origin in made.effective()}
    for path, value in top.items():
        assert effective[path][0] == value
        expected = "flag" if path in flags else "environment" if path in environment else "file"
        assert effective[path][1].startswith(expected)
    printed = "\n".join(as_toml(made.effective()))
    assert tomllib.loads(printed)["area"] == made.settings.area
    assert load(printed, tmp).settings == made.settings


@pytest.mark.parametrize(
    ("language", "problem"),
    [
        ("klingon", "satellite languages lists those that are built in"),
        ("german", "did you mean de?"),
        ("Deutsch", "did you mean de?"),
        ("", "is no code of a language"),
    ],
)
def test_an_unknown_language_is_reported_at_once(language: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(environment={}, files=(), pairs=(f"language={language}",))
    (line,) = caught.value.problems
    assert problem in line


@pytest.mark.parametrize("language", ["de", "pt-BR", "zh_Hant_TW", "de_DE.UTF-8", "yue", "tlh"])
def test_any_code_of_a_language_may_be_set(language: str) -> None:
    pairs = (f"language={language}",)
    assert config.load(environment={}, files=(), pairs=pairs).settings.language == language


def test_voices_are_tables_that_a_user_names(tmp_path: Path) -> None:
    text = """
        [assistants.butler]
        voice = "anna"
        [voices.anna]
        ref_audio_path = "/clips/anna.wav"
        prompt_text = "好的"
        prompt_lang = "zh"
        [voices.bob]
        ref_audio_path = "/clips/bob.wav"
    """
    made = load(text, tmp_path)
    anna, bob = made.settings.voices["anna"], made.settings.voices["bob"]
    assert (anna.prompt_text, anna.prompt_lang, bob.prompt_lang) == ("好的", "zh", "auto")
    printed = "\n".join(as_toml(made.effective()))
    assert load(printed, tmp_path).settings == made.settings
    assert [*differences(made.settings, load("", tmp_path).settings)] == [
        "assistants.butler.voice",
        "voices.anna.ref_audio_path",
        "voices.anna.prompt_text",
        "voices.anna.prompt_lang",
        "voices.bob.ref_audio_path",
    ]


def test_problems_of_voices_name_their_table(tmp_path: Path) -> None:
    text = """
        [voices.anna]
        ref_audio = "/clips/anna.wav"
        [voices.bob]
        prompt_lang = "klingon"
        ref_audio_path = "/clips/bob.wav"
        [voices.eve]
        prompt_text = "hello"
        [voices."E V E"]
        prompt_text = "hello"
    """
    found = "\n".join(problems(text, tmp_path))
    assert "voices.anna.ref_audio is unknown (did you mean ref_audio_path?)" in found
    assert "voices.bob.prompt_lang" in found
    assert "file /satellite.toml: voices.eve.ref_audio_path is missing" in found
    assert "voices.E V E" in found
