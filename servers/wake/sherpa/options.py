"""The options of the wake engine `sherpa-onnx`, named as the library names them."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option


class SherpaWakeOptions(OptionSet, frozen=True):
    """The words, as they are written, and the model that hears them."""

    words: Annotated[
        tuple[str, ...], option("Wake words, written as they are said, such as 小爱同学")
    ] = ()
    model: Annotated[
        str,
        option(
            "Model, as `satellite models` lists it without sherpa:, or a folder with one; by "
            "default a pulled one that can write the word"
        ),
    ] = ""
    threshold: Annotated[
        float, option("Lowest probability of a word; higher wakes less", minimum=0, maximum=1)
    ] = 0.25
    score: Annotated[
        float, option("Advantage of a word's tokens; higher wakes more", minimum=0, maximum=10)
    ] = 1.0
    trailing_blanks: Annotated[
        int,
        option(
            "Gaps that follow a word; more if one word begins like another", minimum=1, maximum=20
        ),
    ] = 1
    refractory: Annotated[
        float, option("Ignore the word for this long after a detection", unit="s", minimum=0)
    ] = 2.0
    num_threads: Annotated[int, option("Threads of the model", minimum=1, maximum=16)] = 1
    provider: Annotated[
        Literal["cpu", "cuda", "coreml"],
        option("What runs the model; the usual package of sherpa-onnx has cpu alone"),
    ] = "cpu"
    rest: Annotated[bool, option("Save CPU time in silence")] = True
