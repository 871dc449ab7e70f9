"""A real model of a small shape: its input and output."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from satellite.errors import EngineFailed, ModelMissing
from servers.asr.whisper.model import Floats, Model, Search
from servers.asr.whisper.tokens import MAX_BEFORE, build_prompt
from servers.asr.whisper.windows import FRAMES
from tests.servers.asr.whisper.conftest import ONE
from tests.support.speech import speak
from tests.support.whisper_model import Manner, made_whisper, saying

GREEDY = Search(beam_size=1)


def sound(text: str) -> Floats:
    return np.frombuffer(speak(text), "<i2").astype(np.float32) / np.float32(32768)


def decoded_text(model: Model, text: str, frames: int = FRAMES, search: Search = GREEDY) -> str:
    encoded = model.encode(sound(text), frames)
    (found,) = model.generate([encoded], [model.vocabulary.start("en", "transcribe")], search, [99])
    assert found.ended
    return model.vocabulary.decode(found.tokens)


def test_the_text_equals_that_of_faster_whisper(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    from faster_whisper import WhisperModel
    from tqdm import tqdm

    monkeypatch.setattr(tqdm, "monitor_interval", 0)  # otherwise it leaves a thread
    theirs = WhisperModel(str(made_whisper()), device="cpu", compute_type="int8", cpu_threads=1)
    for text in ("turn on the lamp", "what time is it"):
        segments, _ = theirs.transcribe(
            sound(text), language="en", beam_size=5, without_timestamps=True
        )
        (segment,) = segments
        assert decoded_text(model, text, search=Search(beam_size=5)) == segment.text


def test_batched_texts_equal_texts_decoded_alone(model: Model) -> None:
    texts = ("turn on the lamp", "what time is it", "stop")
    encoded = [model.encode(sound(text), 600) for text in texts]
    prompts = [model.vocabulary.start("en", "transcribe")] * 3
    together = model.generate(encoded, prompts, Search(), [99] * 3)
    assert [model.vocabulary.decode(one.tokens) for one in together] == [
        decoded_text(model, text, 600, Search()) for text in texts
    ]


def test_a_text_can_continue_a_prefix(model: Model) -> None:
    encoded = model.encode(sound("turn on the lamp"), 600)
    start = model.vocabulary.start("en", "transcribe")
    (free,) = model.generate([encoded], [start], GREEDY, [99])
    (held,) = model.generate([encoded], [start + list(free.tokens[:5])], GREEDY, [99])
    assert held.tokens == free.tokens


def test_an_endless_text_is_cut_off() -> None:
    model = Model(made_whisper(Manner(endless=True)), ONE)
    encoded = model.encode(sound("stop"), 600)
    for before in ((), tuple(model.vocabulary.encode("lamp " * 40))):
        prompt = build_prompt(model.vocabulary, "x" * len(before), "").tokens(
            model.vocabulary, "en", "transcribe"
        )
        (found,) = model.generate([encoded], [prompt], GREEDY, [40])
        assert (len(found.tokens), found.ended) == (40, False)


def test_the_language_is_detected(model: Model) -> None:
    assert model.vocabulary.multilingual
    assert model.language(model.encode(sound("stop"), 600)) == "en"


def test_a_prompt_fits_into_half_of_the_context(model: Model) -> None:
    prompt = build_prompt(model.vocabulary, "word, " * 100, "earlier " * 100)
    assert len(prompt.before) == MAX_BEFORE + 1
    short = build_prompt(model.vocabulary, "lamp", "earlier " * 100)
    text = model.vocabulary.decode(short.before)
    assert text.startswith(" lamp")
    assert text.endswith("earlier earlier")
    assert build_prompt(model.vocabulary, " ", "").before == ()


@pytest.mark.parametrize("name", ["<|startoftranscript|>", "\0", "\ud800", "\U0001f600", "(a|b"])
def test_names_never_become_special_tokens(model: Model, name: str) -> None:
    tokens = build_prompt(model.vocabulary, name, name).tokens(model.vocabulary, "en", "transcribe")
    assert tokens.count(model.vocabulary.first) == 1
    encoded = model.encode(sound("stop"), 600)
    assert model.generate([encoded], [tokens], GREEDY, [20])


def test_a_model_that_says_one_thing() -> None:
    model = Model(made_whisper(saying("what time is it")), ONE)
    assert decoded_text(model, "stop") == " what time is it"


def test_the_problem_with_a_model_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no model\.bin"):
        Model(tmp_path, ONE)
    (tmp_path / "model.bin").write_bytes(b"<html>")
    with pytest.raises(ModelMissing, match=r"no tokenizer\.json"):
        Model(tmp_path, ONE)
    (tmp_path / "tokenizer.json").write_text(json.dumps({}))
    with pytest.raises(ModelMissing, match=r"no config\.json"):
        Model(tmp_path, ONE)
    for text in ("", "{", "[]", "{}", "null"):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(EngineFailed, match=r"config\.json (is not JSON|has no suppress_ids)"):
            Model(tmp_path, ONE)
    (tmp_path / "config.json").write_text('{"suppress_ids": [], "suppress_ids_begin": []}')
    with pytest.raises(EngineFailed, match="cannot load"):
        Model(tmp_path, ONE)


@pytest.mark.parametrize("text", [None, '{"feature_size": 128}', "{"])
def test_the_number_of_features_is_that_of_the_model(tmp_path: Path, text: str | None) -> None:
    folder = tmp_path / "model"
    shutil.copytree(made_whisper(saying("what time is it")), folder)
    (folder / "preprocessor_config.json").unlink(missing_ok=True)
    if text is not None:
        (folder / "preprocessor_config.json").write_text(text)
    assert decoded_text(Model(folder, ONE), "stop") == " what time is it"


def test_the_text_that_is_found_is_likelier_than_others(model: Model) -> None:
    encoded = model.encode(sound("turn on the lamp"), 600)
    start = model.vocabulary.start("en", "transcribe")
    (found,) = model.generate([encoded], [start], Search(beam_size=5), [99])
    (text, total), (other, behind) = (found.tokens, 0.0), found.others[0]
    likely, unlikely = model.logprobs(encoded, start, [text, other])
    assert likely <= 0
    assert likely - unlikely == pytest.approx(behind - total, abs=0.5)
