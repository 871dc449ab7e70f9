"""A small model, loaded once for all tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

pytest.importorskip("faster_whisper", reason="satellite-voice[server] is not installed")

from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Model
from tests.support.whisper_model import made_whisper

ONE = Machine("cpu", "int8", threads=1, workers=1)


@pytest.fixture(scope="package")
def model() -> Model:
    """A model whose words depend on the sound."""
    return Model(made_whisper(), ONE)


@pytest.fixture
async def batches(model: Model) -> AsyncIterator[BatchScheduler]:
    """A scheduler with two threads for the model."""
    batches = BatchScheduler(model, Machine("cpu", "int8", threads=1, workers=2))
    yield batches
    await batches.close()
