"""Recognition of a few sentences, for tests of the satellite's own voice."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

FILLER = re.compile(r"<[^>]*>|\[[^\]]*\]")


def heard(pcm: bytes, sentences: list[str]) -> str | None:
    """Return the sentence that fits the speech (16 kHz mono) best, or None if none fits."""
    from pocketsphinx import Decoder

    words = {_words(sentence): sentence for sentence in sentences}
    with tempfile.TemporaryDirectory() as folder:
        grammar = Path(folder) / "choice.gram"
        choices = " | ".join(words)
        grammar.write_text(f"#JSGF V1.0;\ngrammar choice;\npublic <choice> = {choices};\n")
        decoder = Decoder(jsgf=str(grammar), loglevel="FATAL", bestpath=False)
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return words.get(FILLER.sub("", found.hypstr).strip()) if found else None


def _words(sentence: str) -> str:
    return " ".join(re.findall(r"[a-z']+", sentence.lower()))
