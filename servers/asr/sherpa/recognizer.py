"""A speech recognizer of sherpa-onnx. Everything here blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from satellite.errors import EngineFailed
from satellite.text.reason_of import reason_of
from satellite.values import SPEECH
from servers.asr.scripts import is_han
from servers.asr.sherpa.options import SherpaOptions
from servers.models import sherpa_files
from servers.models.sherpa_files import SherpaFiles
from servers.models.sherpa_trial import Trial, require_loadable

Floats = npt.NDArray[np.float32]

TAIL = 0.6
"""Seconds of silence after the speech of a streaming model: it looks that far ahead."""
ACTIVE_PATHS = 4
"""Texts that the beam search follows at once: the library's default."""
BEAM = "modified_beam_search"


class Recognizer:
    """One model in memory. Its streams are independent; it is used on one thread."""

    def __init__(
        self, files: SherpaFiles, options: SherpaOptions, threads: int, hotwords: bool = False
    ) -> None:
        """Load a model; with `hotwords` it is one that can prefer words. Raises `EngineFailed`."""
        self._capital = is_capital(files)
        self.streaming = files.streaming
        method = BEAM if hotwords else options.decoding_method
        transducer = files.kind in (sherpa_files.TRANSDUCER, sherpa_files.NEMO_TRANSDUCER)
        self.stable = not (transducer and method == BEAM)
        """Whether the text of a stream only grows."""
        common: dict[str, Any] = {
            "tokens": str(files.tokens),
            "num_threads": threads,
            "provider": options.provider,
        }
        if transducer:
            common["decoding_method"] = method
        if hotwords:
            common |= {
                "hotwords_score": options.hotwords_score,
                "max_active_paths": ACTIVE_PATHS,
                "modeling_unit": modeling_unit(files),
            }
        networks = {name: str(path) for name, path in files.networks.items()}
        make = _maker(files)
        try:
            with _bpe_vocabulary(files) if hotwords else nullcontext("") as vocabulary:
                if vocabulary:
                    common["bpe_vocab"] = vocabulary
                chosen = common | _parameters(files, options, networks)
                if not (vocabulary and "bpe_vocab" not in files.extras):  # else it is made here
                    owner = "OnlineRecognizer" if files.streaming else "OfflineRecognizer"
                    trial = Trial(owner, make.__name__, chosen)
                    require_loadable(trial, files.folder)
                self._recognizer = make(**chosen)
        except (RuntimeError, ValueError, TypeError, AssertionError) as error:
            raise EngineFailed(
                f"sherpa-onnx cannot load {files.folder}: {reason_of(error)}; to check it, "
                "satellite models verify"
            ) from error

    def stream(self, hotwords: Sequence[str] = ()) -> Any:
        """Begin an utterance; words that the model's tokens cannot write are left out."""
        written = [_plain(word.upper() if self._capital else word) for word in hotwords]
        if usable := [word for word in written if word and self._writes(word)]:
            return self._recognizer.create_stream("/".join(usable))
        return self._recognizer.create_stream()

    def accept(self, stream: Any, samples: Floats) -> None:
        """Add sound to an utterance, -1 to 1."""
        stream.accept_waveform(SPEECH.rate, samples)

    def finish(self, stream: Any) -> None:
        """End the sound of an utterance."""
        if self.streaming:
            self.accept(stream, np.zeros(round(TAIL * SPEECH.rate), np.float32))
            stream.input_finished()

    def decode(self, streams: Sequence[Any]) -> None:
        """Decode the sound of several utterances in batches. Raises `EngineFailed`."""
        try:
            if self.streaming:
                while ready := [s for s in streams if self._recognizer.is_ready(s)]:
                    self._recognizer.decode_streams(ready)
            elif streams:
                self._recognizer.decode_streams(list(streams))
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(f"sherpa-onnx: {reason_of(error)}") from error

    def text(self, stream: Any) -> str:
        """Return the text of an utterance so far."""
        if self.streaming:
            return str(self._recognizer.get_result(stream)).strip()
        return str(stream.result.text).strip()

    def language(self, stream: Any) -> str:
        """Return the language that the model has detected, empty where it does not."""
        found = "" if self.streaming else str(getattr(stream.result, "lang", ""))
        return found.strip("<|>")

    def _writes(self, word: str) -> bool:
        try:
            return self._recognizer.create_stream(word) is not None
        except (RuntimeError, ValueError):
            return False


def _plain(word: str) -> str:
    """Return a word without signs, some of which mean something else to the library."""
    return " ".join("".join(c if c.isalnum() or c == "'" else " " for c in word).split())


def takes_hotwords(files: SherpaFiles) -> bool:
    """Return whether a model can prefer words: a transducer whose tokens are known."""
    unit = modeling_unit(files)
    known = files.extras.keys() & {"bpe_vocab", "bpe_model"}
    return files.kind == sherpa_files.TRANSDUCER and (unit == "cjkchar" or bool(unit and known))


def modeling_unit(files: SherpaFiles) -> str:
    """Return what the tokens of a model are, in the library's words; empty if it is unknown."""
    symbols = sherpa_files.symbols(files.tokens)
    parts = [
        unit
        for unit, used in (
            ("cjkchar", any(len(symbol) == 1 and is_han(symbol) for symbol in symbols)),
            ("bpe", any(symbol.startswith("▁") for symbol in symbols)),
        )
        if used
    ]
    return "+".join(parts)


def is_capital(files: SherpaFiles) -> bool:
    """Return whether a model writes letters in capitals alone."""
    symbols = [s for s in sherpa_files.symbols(files.tokens) if not s.startswith(("<", "#"))]
    return any(s.isupper() for s in symbols) and not any(s.islower() for s in symbols)


@contextmanager
def _bpe_vocabulary(files: SherpaFiles) -> Iterator[str]:
    """Return the file of the pieces' probabilities, made from the model of the pieces if need be.

    Empty for models that have no pieces.
    """
    model = files.extras.get("bpe_model")
    if model is None or "bpe_vocab" in files.extras:
        yield str(files.extras.get("bpe_vocab", ""))
        return
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor()
    try:
        pieces.load(str(model))
    except (RuntimeError, OSError) as error:
        raise EngineFailed(f"{model} is damaged: {reason_of(error)}") from error
    lines = [f"{pieces.id_to_piece(n)}\t{pieces.get_score(n)}\n" for n in range(len(pieces))]
    with tempfile.TemporaryDirectory() as folder:  # read once, while the recognizer is loaded
        path = Path(folder) / "bpe.vocab"
        path.write_text("".join(lines), encoding="utf-8")
        yield str(path)


def _maker(files: SherpaFiles) -> Callable[..., Any]:
    import sherpa_onnx

    online, offline = sherpa_onnx.OnlineRecognizer, sherpa_onnx.OfflineRecognizer
    makers: Mapping[tuple[str, bool], Callable[..., Any]] = {
        (sherpa_files.KEYWORDS, True): online.from_transducer,
        (sherpa_files.TRANSDUCER, True): online.from_transducer,
        (sherpa_files.PARAFORMER, True): online.from_paraformer,
        (sherpa_files.ZIPFORMER_CTC, True): online.from_zipformer2_ctc,
        (sherpa_files.NEMO_CTC, True): online.from_nemo_ctc,
        (sherpa_files.TRANSDUCER, False): offline.from_transducer,
        (sherpa_files.NEMO_TRANSDUCER, False): offline.from_transducer,
        (sherpa_files.PARAFORMER, False): offline.from_paraformer,
        (sherpa_files.SENSE_VOICE, False): offline.from_sense_voice,
        (sherpa_files.ZIPFORMER_CTC, False): offline.from_zipformer_ctc,
        (sherpa_files.NEMO_CTC, False): offline.from_nemo_ctc,
        (sherpa_files.WHISPER, False): offline.from_whisper,
        (sherpa_files.MOONSHINE, False): offline.from_moonshine,
    }
    return makers[files.kind, files.streaming]


def _parameters(
    files: SherpaFiles, options: SherpaOptions, networks: dict[str, str]
) -> dict[str, Any]:
    """Return the parameters that only models of this kind have."""
    language = options.language.partition("-")[0]
    if files.kind == sherpa_files.SENSE_VOICE:
        return {**networks, "language": language or "auto", "use_itn": options.itn}
    if files.kind == sherpa_files.WHISPER:
        return {**networks, "language": language}
    if files.kind == sherpa_files.NEMO_TRANSDUCER:
        return {**networks, "model_type": "nemo_transducer"}
    if files.kind == sherpa_files.PARAFORMER and not files.streaming:
        return {"paraformer": networks["model"]}
    return dict(networks)
