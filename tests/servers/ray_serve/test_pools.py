"""`server.pool`: engines of this process by default, or those of the plugin that it names."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path

import pytest

from satellite import requirements
from satellite.config import checks
from satellite.errors import PackageMissing, PluginUnknown
from satellite.options import describe
from satellite.ports import EngineContext
from satellite.settings import ServerSettings, Settings
from servers.pools import LocalPools, make_pools
from servers.ray_serve.engines import RayAsr
from servers.ray_serve.options import RayOptions
from servers.ray_serve.pools import RayPools
from tests.support.speech import ROOT


class Origins(dict[str, str]):
    """Every value comes from one file."""

    def __missing__(self, key: str) -> str:
        return "satellite.toml"


def problems(pool: str) -> list[str]:
    settings = Settings(server=ServerSettings(pool=pool))
    return [text for text in checks.problems(settings, Origins()) if "server.pool" in text]


async def test_engines_of_this_process_are_those_that_a_plugin_makes() -> None:
    pools = make_pools(ServerSettings(workers=3))
    assert isinstance(pools, LocalPools)
    assert pools.places("asr") == 3
    engine = await pools.create("llm", "intents", EngineContext())
    assert type(engine).__module__.startswith("servers.llm.intents")
    await engine.close()
    await pools.close()


def test_without_its_package_the_pool_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> object:
        return None if name in ("ray", "starlette") else find_spec(name)

    monkeypatch.setattr(requirements, "find_spec", find)
    with pytest.raises(PackageMissing) as raised:
        make_pools(ServerSettings(pool="ray"))
    text = str(raised.value)
    assert text.startswith("server.pool = ray: the Python package ray is not installed: ")
    assert requirements.install_command("ray") in text


@pytest.mark.parametrize(
    ("pool", "text"),
    [
        ("rey", "satellite.toml: server.pool: pool plugin"),
        ("ray?replicas=0", "pool ray: replicas"),
        ("ray?replicas=4&most=2", "pool ray: most=2 is less than replicas=4"),
        ("ray?roles=asr,wake", "pool ray: roles: wake cannot run on Ray (asr, llm, tts can)"),
        ("tcp://10.0.0.1:6379", "pool plugin"),
        ("?replicas=2", "is not PLUGIN[:ARGUMENT]"),
    ],
)
def test_a_wrong_pool_is_reported_with_the_settings(pool: str, text: str) -> None:
    assert len(found := problems(pool)) == 1, found
    assert text in found[0]


def test_right_pools_are_no_problem() -> None:
    assert problems("local") == []
    assert problems("ray:10.0.0.5:6379?replicas=2&most=8&roles=asr,llm,tts&gpus=0.5") == []


def test_an_unknown_pool_is_named() -> None:
    with pytest.raises(PluginUnknown, match="pool plugin"):
        make_pools(ServerSettings(pool="other"))


async def test_only_the_roles_of_the_pool_run_on_replicas() -> None:
    pools = RayPools(RayOptions(replicas=2, most=4, roles=("asr",)), workers=3)
    assert isinstance(await pools.create("asr", "faster-whisper", EngineContext()), RayAsr)
    engine = await pools.create("llm", "intents", EngineContext())
    assert type(engine).__module__.startswith("servers.llm.intents")
    await engine.close()
    assert (pools.places("asr"), pools.places("llm")) == (12, 3)
    async with asyncio.timeout(5):
        await pools.close()  # no cluster was joined


def test_the_guide_describes_every_option() -> None:
    guide = (ROOT / "servers" / "ray_serve" / "README.md").read_text()
    for option in describe(RayOptions):
        default = ", ".join(option.default) if isinstance(option.default, tuple) else option.default
        assert f"| `{option.name}` |" in guide
        assert option.doc.partition(";")[0] in guide, option
        assert default == "" or str(default) in guide
    assert Path(ROOT / "servers" / "README.md").read_text().count("ray_serve/README.md") == 1
