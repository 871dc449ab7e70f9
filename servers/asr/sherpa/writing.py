"""How a recognized text is written: capitals, punctuation, and what was sent of it before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from satellite.errors import EngineFailed
from satellite.text.reason_of import reason_of
from servers.asr.scripts import is_spaceless, units
from servers.models import sherpa_files
from servers.models.sherpa_files import SherpaFiles
from servers.models.sherpa_trial import Trial, punctuation, require_loadable

Punctuate = Callable[[str], str]


class Writing:
    """Writes the texts of one model for people and brains."""

    def __init__(self, casing: str, capital: bool, punctuate: Punctuate | None = None) -> None:
        """`capital` means that the model writes capitals alone, `casing` what to make of it."""
        self._casing = casing if capital else "as_is"
        self._punctuate = punctuate

    def cased(self, text: str, first: bool) -> str:
        """Return a text with its capitals; `first` means that it begins the utterance."""
        if self._casing == "as_is":
            return text
        small = text.lower()
        return small[:1].upper() + small[1:] if first and self._casing == "sentence" else small

    def text(self, text: str, first: bool) -> str:
        """Return a complete text with its capitals and punctuation."""
        if self._punctuate is None or not units(text) or _has_marks(text):
            return self.cased(text, first)
        marked = self._punctuate(text.lower() if self._casing != "as_is" else text).strip()
        if self._casing != "sentence" or not first:
            return marked
        return marked[:1].upper() + marked[1:]


def punctuator(files: SherpaFiles, threads: int) -> Punctuate:
    """Load a model that adds punctuation. Blocks. Raises `EngineFailed`."""
    model = str(files.networks["model"])
    parameters: dict[str, Any]
    if files.kind == sherpa_files.CASES:
        owner, function = "OnlinePunctuation", "add_punctuation_with_case"
        parameters = {"cnn_bilstm": model, "bpe_vocab": str(files.tokens)}
    else:
        owner, function = "OfflinePunctuation", "add_punctuation"
        parameters = {"ct_transformer": model}
    parameters["num_threads"] = threads
    require_loadable(Trial(owner, "", parameters), files.folder)
    import sherpa_onnx

    try:
        added = getattr(punctuation(sherpa_onnx, owner, parameters), function)
    except (RuntimeError, ValueError, TypeError) as error:
        raise EngineFailed(
            f"sherpa-onnx cannot load {files.folder}: {reason_of(error)}; to check it, satellite "
            "models verify"
        ) from error
    return lambda text: str(added(text))


def whole_words(text: str, held_back: int) -> str:
    """Return a text without its last words: of the last one, a part may not have been heard yet.

    In scripts without spaces, each character is a word, and whole by itself.
    """
    for _ in range(held_back):
        if not text or (held_back == 1 and is_spaceless(text[-1])):
            break
        last = text.rstrip()
        at = len(last) - 1
        while at > 0 and not (last[at - 1].isspace() or is_spaceless(last[at - 1])):
            if is_spaceless(last[at]):
                break
            at -= 1
        text = last[:at].rstrip() if at > 0 else ""
    return text


def continued(sent: str, text: str) -> str:
    """Return a text that begins with what was sent of it, and goes on as it does.

    They differ in punctuation and capitals, which only the whole text has.
    """
    if text.startswith(sent):
        return text
    letters = sum(map(str.isalnum, sent))
    at = 0
    while letters and at < len(text):
        letters -= text[at].isalnum()
        at += 1
    return sent + text[at:]


def _has_marks(text: str) -> bool:
    return any(not (c.isalnum() or c.isspace() or c in "'’-") for c in text)
