"""The parts of a satellite that speak and take turns, put together: for the satellite itself, and
for each conversation in a terminal or a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from satellite.announcements.announcer import Announcer
from satellite.announcements.broadcasts import Broadcasts
from satellite.audio.playback import Playback
from satellite.events import Event
from satellite.lib.persistence import StoredValue
from satellite.listening.melody.melody import Melody
from satellite.listening.mute import Mute
from satellite.listening.people.recognition import SpeakerRecognition
from satellite.listening.utterance import Utterance
from satellite.ports import Tts
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.timers.schedule import Schedule
from satellite.turns.actions import ActionRunner
from satellite.turns.activity import Activity
from satellite.turns.assistants import Assistants
from satellite.turns.delayed_commands import DelayedCommands, DueCommands
from satellite.turns.driver import Driver
from satellite.turns.follow_up import FollowUp
from satellite.turns.manager import TurnManager
from satellite.turns.own_sentences import own_sentences
from satellite.turns.satellite_context import SatelliteContext
from satellite.turns.sounds import Sounds
from satellite.turns.speech_output import SpeechOutput


class SpeechParts:
    """What speaks outside of turns: sounds, timers, announcements, messages to other rooms."""

    def __init__(
        self,
        settings: Settings,
        tts: Tts,
        playback: Playback,
        publish: Callable[[Event], None],
        mute: Mute,
        store: StoredValue[Schedule] | None = None,
    ) -> None:
        """`store` preserves timers."""
        self.settings, self.playback, self.publish, self.mute = settings, playback, publish, mute
        self.activity = Activity(publish, mute)
        self.sounds = Sounds(settings, tts, playback, self.activity)
        self.due_commands = DueCommands()
        self.timers = TimerManager(
            publish,
            self.sounds.ring,
            settings.cues.timer,
            lambda language: own_sentences(language or settings.language).ring_words(),
            store,
            carry_out=self.due_commands.put,
        )
        self.output = SpeechOutput(self.activity, self.sounds, self.timers)
        self.announcer = Announcer(self.output, settings, tts)
        self.broadcasts = Broadcasts(settings, self.announcer)


class TurnParts:
    """What takes turns."""

    def __init__(
        self,
        speech: SpeechParts,
        assistants: Assistants,
        follow_up: FollowUp,
        listen_now: Callable[[], bool],
        driver: Callable[[Utterance], Driver | None] = lambda utterance: None,
        people: SpeakerRecognition | None = None,
        melody: Melody | None = None,
    ) -> None:
        """See `TurnManager` for what is not of `speech`."""
        self.speech, self.follow_up = speech, follow_up
        actions = ActionRunner(
            speech.timers,
            speech.playback,
            speech.mute,
            follow_up.request,
            speech.broadcasts.submit,
        )
        self.context = SatelliteContext(
            speech.settings,
            speech.publish,
            speech.activity,
            speech.playback,
            speech.sounds,
            speech.timers,
            actions,
        )
        self.manager = TurnManager(
            speech.settings,
            assistants,
            self.context,
            speech.activity,
            speech.sounds,
            speech.timers,
            speech.mute,
            follow_up,
            listen_now,
            driver,
            people,
            melody,
        )
        self.delayed_commands = DelayedCommands(
            speech.due_commands, assistants, self.context, speech.announcer
        )

    @property
    def tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What has to run until the satellite ends, by name."""
        return {
            "turns": self.manager.run,
            "sounds": self.speech.sounds.run,
            "timers": self.speech.timers.run,
            "delayed commands": self.delayed_commands.run,
            "announcements": self.speech.announcer.run,
            "broadcasts": self.speech.broadcasts.run,
        }
