"""Programs of other projects that the configuration names."""

from __future__ import annotations

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.programs import programs
from satellite.settings import AssistantSettings, Settings
from tests.diagnostics.doctor.findings import findings, only
from tests.support.openai_programs import PROGRAMS, program


async def test_a_program_that_answers_is_described() -> None:
    async with program(PROGRAMS["vLLM 0.11.0"]) as (url, _):
        settings = Settings(llm=f"intents,openai:{url}", tts="espeak")
        found = await findings(programs, Context(settings=settings))
    (finding,) = found
    assert (finding.state, finding.about) == ("ok", f"llm = openai:{url}")
    assert finding.found == "vLLM 0.11.0; model Qwen/Qwen3-8B; context of 32768 tokens"


async def test_one_that_does_not_is_broken() -> None:
    settings = Settings(
        assistants={"butler": AssistantSettings(tts="gpt-sovits:http://127.0.0.1:9")}
    )
    finding = only("broken", await findings(programs, Context(settings=settings)))
    assert finding.about == "assistants.butler.tts = gpt-sovits:http://127.0.0.1:9"
    assert "no server answers at http://127.0.0.1:9" in finding.found
    assert "satellite plugins tts" in finding.remedy


async def test_engines_of_this_machine_and_servers_are_passed_over() -> None:
    settings = Settings(asr="pocketsphinx", llm="tcp://10.0.0.1:1", tts="no-such-plugin")
    assert not await findings(programs, Context(settings=settings))
