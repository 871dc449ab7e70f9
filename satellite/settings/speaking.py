"""Being heard: sounds of its own, other programs' music, announcements."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class CueSettings(OptionSet, frozen=True):
    """Short sounds that say what is happening."""

    folder: Annotated[
        str, option("Folder with sounds of your own, each by its name: awake.wav, error.wav, …")
    ] = ""
    awake: Annotated[bool, option("Sound when the wake word was heard")] = True
    done: Annotated[bool, option("Sound when the request was taken in")] = False
    error: Annotated[bool, option("Sound when something failed")] = True
    follow_up: Annotated[bool, option("Sound when an answer is waited for")] = True
    mute: Annotated[bool, option("Sound when the microphone is closed or opened by wish")] = True
    timer: Annotated[float, option("Longest ring of a timer or an alarm", unit="s", minimum=1)] = (
        900.0
    )


class DuckingSettings(OptionSet, frozen=True):
    """What other programs on PulseAudio or PipeWire do while somebody is heard or answered."""

    enabled: Annotated[
        bool, option("Make other programs quieter while listening, thinking and speaking")
    ] = True
    level: Annotated[
        float,
        option("What is left of others' volume; 0.45 of it is 20 dB less", minimum=0, maximum=1),
    ] = 0.45
    fade: Annotated[
        float, option("From their own volume to that, and back", unit="s", minimum=0, maximum=5)
    ] = 0.2
    spared: Annotated[
        tuple[str, ...], option("Programs that are left alone, as the sound server names them")
    ] = ()


class AnnounceSettings(OptionSet, frozen=True):
    """What is told to other satellites."""

    chime: Annotated[bool, option("Sound before what others are told")] = True
    others: Annotated[
        tuple[str, ...],
        option("Satellites told beside those that are found: tcp:// addresses"),
    ] = ()
