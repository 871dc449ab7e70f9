"""A store of models in a temporary folder, with generated Piper voices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.piper_voice import VoiceSpec, install_voice, make_voice

SPEAKERS = ("amy", "joe", "kim")


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `.onnx` of an American voice outside of any store."""
    pytest.importorskip("piper")
    return make_voice(tmp_path_factory.mktemp("voice"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The folder of a store with three voices."""
    pytest.importorskip("piper")
    install_voice(tmp_path, VoiceSpec(name="en_US-one-low"))
    install_voice(
        tmp_path, VoiceSpec(name="en_GB-many-low", language="en_GB", espeak="en", speakers=SPEAKERS)
    )
    install_voice(
        tmp_path, VoiceSpec(name="de_DE-eins-low", language="de_DE", espeak="de", rate=16000)
    )
    return tmp_path
