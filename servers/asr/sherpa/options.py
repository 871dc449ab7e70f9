"""The options of the engine `sherpa-onnx`, named as the library names them."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option


class SherpaOptions(OptionSet, frozen=True):
    """The model and how it is run."""

    model: Annotated[
        str, option("Model, as `satellite models` lists it without sherpa:, or a folder with one")
    ] = "zipformer-zh-en"
    num_threads: Annotated[
        int, option("Threads of the model; 0 is all cores, up to 4", minimum=0, maximum=64)
    ] = 0
    provider: Annotated[
        Literal["cpu", "cuda", "coreml"],
        option("What runs the model; the usual package of sherpa-onnx has cpu alone"),
    ] = "cpu"
    decoding_method: Annotated[
        Literal["greedy_search", "modified_beam_search"],
        option("Search of a transducer for a text; the second is slower and a little better"),
    ] = "greedy_search"
    language: Annotated[
        str, option("Language that SenseVoice or Whisper is set to; empty detects it")
    ] = ""
    itn: Annotated[
        bool, option("Let SenseVoice write figures and punctuation (`use_itn` there)")
    ] = True
    hotwords: Annotated[
        tuple[str, ...], option("Likely words beside the names of the home, for transducers")
    ] = ()
    hotwords_score: Annotated[
        float, option("Advantage of a likely word's token", minimum=0, maximum=10)
    ] = 1.5
    punctuation: Annotated[
        str,
        option("Model that adds punctuation, such as punctuation-zh-en; by default the folder's"),
    ] = ""
    casing: Annotated[
        Literal["sentence", "lower", "as_is"],
        option("How text is written that a model has in capitals alone"),
    ] = "sentence"
    partials: Annotated[
        bool, option("Transcribe during the speech, with models that can do so")
    ] = True
    vad_filter: Annotated[
        bool, option("Find voices with Silero first: other sounds then have no text")
    ] = True
    vad_threshold: Annotated[
        float, option("Voice probability of speech", minimum=0.05, maximum=0.95)
    ] = 0.5
    parallel: Annotated[int, option("Utterances decoded in one batch", minimum=1, maximum=32)] = 8
