"""Settings of output: cues, ducking and announcements."""

from __future__ import annotations

from typing import Annotated, Literal

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


ClipLanguage = Literal[
    "auto", "zh", "en", "ja", "ko", "yue", "all_zh", "all_ja", "all_ko", "all_yue", "auto_yue"
]
"""Languages of GPT-SoVITS by its names: `zh` is Chinese with English words in it, `all_zh` Chinese
alone, `auto` what the text looks like."""


class VoiceSettings(OptionSet, frozen=True):
    """A cloned voice: the reference clip that an engine speaks like (gpt-sovits)."""

    ref_audio_path: Annotated[
        str, option("Reference clip of 3 to 10 s: a path on the server that speaks")
    ] = ""
    prompt_text: Annotated[str, option("Words of the clip; versions 3 and 4 need them")] = ""
    prompt_lang: Annotated[ClipLanguage, option("Language of the clip")] = "auto"
    text_lang: Annotated[
        ClipLanguage,
        option("Language of the texts; auto is that of each request, or what the text looks like"),
    ] = "auto"
    aux_ref_audio_paths: Annotated[
        tuple[str, ...], option("Further clips whose sound is mixed in: paths on the server")
    ] = ()
    gpt_weights_path: Annotated[
        str, option("GPT weights of the voice: a path on the server; the engine's if empty")
    ] = ""
    sovits_weights_path: Annotated[
        str, option("SoVITS weights of the voice: a path on the server; the engine's if empty")
    ] = ""
