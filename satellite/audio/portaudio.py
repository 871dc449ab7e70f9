"""Sound cards by PortAudio: ALSA, PulseAudio and PipeWire through ALSA, JACK, Core Audio."""

from satellite.audio.portaudio_mic import PortAudioMic
from satellite.audio.portaudio_speaker import PortAudioSpeaker

__all__ = ["PortAudioMic", "PortAudioSpeaker"]
