"""Sound cards by PortAudio: ALSA, PulseAudio and PipeWire through ALSA, JACK, Core Audio."""

from satellite.builtin.audio.portaudio_mic import PortAudioMic
from satellite.builtin.audio.portaudio_speaker import PortAudioSpeaker

__all__ = ["PortAudioMic", "PortAudioSpeaker"]
