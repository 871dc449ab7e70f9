"""The automatic choice of device, threads and workers."""

from __future__ import annotations

import logging

import pytest

from servers.asr.whisper import machine
from servers.asr.whisper.engine import FasterWhisper
from servers.asr.whisper.machine import Machine, choose
from tests.support.whisper_model import made_whisper


def auto(cuda: bool, cores: int) -> Machine:
    return choose("auto", "auto", 0, 0, cuda, cores)


def test_cuda_is_used_if_available() -> None:
    assert auto(cuda=True, cores=8) == Machine("cuda", "float16", 4, 1)
    assert choose("cuda:1", "int8", 0, 2, True, 8) == Machine("cuda:1", "int8", 4, 2)
    assert choose("cpu", "auto", 0, 0, True, 2).device == "cpu"


def test_a_lone_request_has_the_cores_of_a_small_machine() -> None:
    assert auto(cuda=False, cores=1) == Machine("cpu", "int8", 1, 1)
    assert auto(cuda=False, cores=2) == Machine("cpu", "int8", 2, 2)
    assert auto(cuda=False, cores=4) == Machine("cpu", "int8", 4, 2)
    assert auto(cuda=False, cores=16) == Machine("cpu", "int8", 4, 4)


def test_batches_are_small_where_each_text_takes_memory() -> None:
    assert auto(cuda=False, cores=2).batch < auto(cuda=True, cores=2).batch


@pytest.mark.parametrize(("cores", "encoders"), [(1, 1), (2, 1), (4, 1), (12, 2), (16, 2)])
def test_half_of_the_workers_encode_on_the_cpu(cores: int, encoders: int) -> None:
    assert auto(cuda=False, cores=cores).encoders == encoders
    assert choose("cuda", "auto", 0, 4, True, cores).encoders == 4


def test_configured_values_take_precedence() -> None:
    assert choose("cpu", "int8_float32", 3, 5, False, 8) == Machine("cpu", "int8_float32", 3, 5)


async def test_the_cpu_is_used_if_cuda_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Simulate a card without its libraries: this machine has no card at all."""
    if machine.has_cuda():
        pytest.skip("CUDA works here")
    monkeypatch.setattr(machine, "has_cuda", lambda: True)
    engine = FasterWhisper(FasterWhisper.Options(model=str(made_whisper())))
    with caplog.at_level(logging.WARNING):
        await engine.load()
    assert "CUDA does not work" in caplog.text
    await engine.close()
