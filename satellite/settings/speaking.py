"""Settings of output: cues, ducking and announcements."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class CueSettings(OptionSet, frozen=True):
    """Short sounds that signal what the satellite does."""

    folder: Annotated[
        str, option("Folder with sounds of your own, by name: awake.wav, error.wav, and so on")
    ] = ""
    awake: Annotated[bool, option("Play a sound when the wake word is detected")] = True
    done: Annotated[bool, option("Play a sound when the request has been recorded")] = False
    error: Annotated[bool, option("Play a sound when a request fails")] = True
    follow_up: Annotated[bool, option("Play a sound when the satellite waits for an answer")] = True
    mute: Annotated[bool, option("Play a sound when the microphone is muted or unmuted")] = True
    timer: Annotated[float, option("Longest ring of a timer or an alarm", unit="s", minimum=1)] = (
        900.0
    )


class DuckingSettings(OptionSet, frozen=True):
    """Lower volume of other programs on PulseAudio or PipeWire during a turn."""

    enabled: Annotated[
        bool, option("Lower the volume of other programs while listening, thinking and speaking")
    ] = True
    level: Annotated[
        float,
        option(
            "Remaining share of other programs' volume; 0.45 is 20 dB less", minimum=0, maximum=1
        ),
    ] = 0.45
    fade: Annotated[
        float,
        option("Duration of the change of volume, down and up", unit="s", minimum=0, maximum=5),
    ] = 0.2
    spared: Annotated[
        tuple[str, ...], option("Programs to leave alone, by the names of the sound server")
    ] = ()


class AnnounceSettings(OptionSet, frozen=True):
    """Announcements on other satellites."""

    chime: Annotated[bool, option("Play a sound before an announcement on other satellites")] = True
    others: Annotated[
        tuple[str, ...],
        option("More satellites to announce on than those discovered: tcp:// addresses"),
    ] = ()
