"""Roles whose engine does not know the language of its assistant are reported with the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.spoken_languages import languages
from satellite.engines.assembly import assembled
from satellite.engines.language_gaps import LanguageGap
from satellite.languages.pack import pack
from satellite.settings import AssistantSettings, ModelSettings, Settings
from satellite.values import EngineInfo, ModelInfo
from servers.serve import serving
from tests.diagnostics.doctor.findings import findings, of
from tests.support.engines import ScriptedAsr


def settings(folder: object, **more: Any) -> Settings:
    chosen: dict[str, Any] = {
        "name": "x",
        "zeroconf": False,
        "wake": "microwakeword",
        "vad": "energy",
        "models": ModelSettings(folder=str(folder), ollama="http://127.0.0.1:9"),
        **more,
    }
    return Settings(**chosen)


async def gaps_of(chosen: Settings) -> list[LanguageGap]:
    async with assembled(chosen, lambda event: None) as engines:
        return list(engines.gaps)


async def test_english_has_no_gap(tmp_path: object) -> None:
    for language in ("en", "en-GB", "eng", "en_US.UTF-8"):
        assert await gaps_of(settings(tmp_path, language=language)) == []


@pytest.mark.parametrize("language", ["de", "zh-TW"])
async def test_the_gap_names_a_command_of_the_language(language: str, tmp_path: object) -> None:
    (gap,) = [g for g in await gaps_of(settings(tmp_path, language=language)) if g.role == "asr"]
    assert gap.remedy == f"satellite models pull {pack(language).about.models.asr}"
    assert str(gap).startswith(f"asr: pocketsphinx does not know the language {language} (only en")
    assert "\n" not in str(gap)


async def test_each_assistant_is_judged_by_its_own_language(tmp_path: object) -> None:
    alexa = AssistantSettings(language="de", asr="pocketsphinx")
    chosen = settings(tmp_path, assistants={"alexa": alexa, "jarvis": AssistantSettings()})
    (gap,) = [gap for gap in await gaps_of(chosen) if gap.role == "asr"]
    assert gap.where == "assistants.alexa.asr"
    assert gap.remedy.endswith("and set asr to auto")


async def test_a_voice_that_cannot_read_japanese_is_a_gap(tmp_path: object) -> None:
    found = [gap for gap in await gaps_of(settings(tmp_path, language="ja")) if gap.role == "tts"]
    assert [(gap.engine, gap.effect) for gap in found] == [
        ("espeak", "Speech in it cannot be understood.")
    ]


async def test_an_unknown_language_is_a_gap_of_every_role(tmp_path: object) -> None:
    found = await gaps_of(settings(tmp_path, language="tlh"))
    assert [gap.role for gap in found] == ["asr", "llm", "tts"]


class AnyLanguageAsr(ScriptedAsr):
    """Names no language."""

    def describe(self) -> EngineInfo:
        return EngineInfo(name="any", models=(ModelInfo(name="any"),))


async def test_a_server_is_judged_by_the_languages_that_it_names(tmp_path: object) -> None:
    for engine, roles in ((AnyLanguageAsr(), []), (ScriptedAsr(), ["asr"])):
        async with serving("asr", engine, "tcp://127.0.0.1:0") as uri:
            found = await gaps_of(settings(tmp_path, language="tlh", asr=uri))
        assert [gap.role for gap in found if gap.role == "asr"] == roles


async def test_the_doctor_reports_the_same(tmp_path: object) -> None:
    alexa = AssistantSettings(language="zh")
    chosen = settings(tmp_path, assistants={"alexa": alexa})
    found = await findings(languages, Context(settings=chosen))
    warnings = of("warning", found)
    assert "language zh (assistants.alexa.asr)" in [finding.about for finding in warnings]
    assert "language en" in [finding.about for finding in of("ok", found)]
    assert all(finding.remedy for finding in warnings)
