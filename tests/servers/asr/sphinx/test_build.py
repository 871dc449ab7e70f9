"""A vocabulary built in a separate process is the same."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import psutil
import pytest

from satellite.errors import EngineClosed, EngineFailed
from servers.asr.sphinx import vocabulary
from servers.asr.sphinx.build import VocabularyBuilder
from servers.asr.sphinx.vocabulary import Vocabulary

HOME = (("lamp", "Kühlschrank"), ("kitchen",))

WORDS = ("kitchen", "window", "garden", "table", "radio", "coffee", "machine", "door", "heater")


def words(made: Vocabulary) -> list[str]:
    """Return the words of a network with their counts, as states have arbitrary numbers."""
    lines = [line.split() for line in made.network.splitlines()]
    return sorted(line[4] for line in lines if line[0] == "TRANSITION" and len(line) == 5)


def test_the_subprocess_builds_the_same_vocabulary() -> None:
    made, here = VocabularyBuilder().build(HOME), vocabulary.for_home(HOME)
    assert made.dictionary == here.dictionary
    assert "kitchen" in words(made)
    assert words(made) == words(here)


def test_invalid_user_sentences_are_named(tmp_path: Path) -> None:
    content = (
        'language: "en"\nintents:\n  Own:\n    data:\n      - sentences: ["forget [about it"]\n'
    )
    (tmp_path / "own.yaml").write_text(content)
    with pytest.raises(EngineFailed, match=r"own\.yaml"):
        VocabularyBuilder().build(HOME, str(tmp_path))


def test_without_a_subprocess_the_vocabulary_is_built_in_this_process(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with caplog.at_level(logging.WARNING):
        assert VocabularyBuilder().build(HOME).dictionary == vocabulary.for_home(HOME).dictionary
    assert "/nowhere/python" in caplog.text


async def test_a_builder_that_is_closed_ends_at_once() -> None:
    builder = VocabularyBuilder()
    many = tuple(f"lamp of the {first} {second}" for first in WORDS for second in WORDS)
    building = asyncio.create_task(asyncio.to_thread(builder.build, (many, ("kitchen",))))
    own = psutil.Process()
    while not (children := own.children()):
        await asyncio.sleep(0.01)
    builder.close()
    async with asyncio.timeout(5):  # it would take many times as long
        with pytest.raises(EngineClosed):
            await building
        with pytest.raises(EngineClosed):
            await asyncio.to_thread(builder.build, HOME)
    assert not any(child.is_running() for child in children)
