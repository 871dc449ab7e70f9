"""A whole turn, tried at the end of the setup: wake word, request, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from satellite import app, events
from satellite.arbitration.wake_words import wake_words_of
from satellite.cli.guided_setup.wizard import Wizard
from satellite.diagnostics.soundcheck.devices import NOUNS, chosen
from satellite.errors import SatelliteError
from satellite.languages import codes
from satellite.languages.examples import time_request
from satellite.lib.bus import Bus, Subscription
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.lib.taskgroups import first_error
from satellite.listening.mute import mute_store
from satellite.settings import HomeAssistantSettings, HttpSettings, Settings, StatsSettings

REQUEST = "what time is it"
"""A request that every brain answers, the built-in one included. Other languages have theirs."""

LOAD = 60.0
"""Seconds for the engines to load and the devices to open: within ten on a Pi, models in the page
cache or not."""

HEAR = 20.0
"""Seconds for a person to say the wake word: enough to read the line, and to try three times."""

ANSWER = 60.0
"""Seconds from the wake word to the end of the answer; the stages have deadlines of their own."""

_ABOUT = "whole turn"


class TurnTrial:
    """Follows the events of a satellite for one turn, shows it, and judges it."""

    def __init__(
        self, wake_phrase: str, show: Callable[[str], None], request: str = REQUEST
    ) -> None:
        self.over = False
        """Whether the turn has ended, or takes place elsewhere."""
        self._phrase = wake_phrase
        self._request = request
        self._show = show
        self._ready = False
        self._wake: events.Wake | None = None
        self._near: events.NearMiss | None = None
        self._yielded: events.Yielded | None = None
        self._text = ""
        self._speech_end: float | None = None
        self._audio_start: float | None = None
        self._end: events.TurnEnd | None = None

    def take(self, event: events.Event) -> float | None:
        """Take the next event; return the seconds to wait from now on, if that changes."""
        self._remember(event)
        match event:
            case events.Ready():
                self._show(f'  Say: "{self._phrase}, {self._request}" ({HEAR:g} s)')
                return HEAR
            case events.Wake(word=word, score=score):
                self._show(f"  + wake word: {word.replace('_', ' ')}, score {score:.2f}")
                return ANSWER
            case events.Transcript(final=True, text=text, engine=engine):
                self._show(f'  + heard: "{text}" ({engine})')
            case events.Reply(final=True, text=text, engine=engine):
                self._show(f'  + answer: "{text}" ({engine})')
        return None

    def _remember(self, event: events.Event) -> None:
        match event:
            case events.Ready():
                self._ready = True
            case events.Wake():
                self._wake = event
            case events.NearMiss(score=score):
                if self._near is None or score > self._near.score:
                    self._near = event
            case events.SpeechEnd(mono=moment):
                self._speech_end = moment
            case events.Transcript(final=True, text=text):
                self._text = text
            case events.AudioStart(mono=moment):
                self._audio_start = moment
            case events.Yielded():
                self._yielded, self.over = event, True
            case events.TurnEnd():
                self._end, self.over = event, True

    @property
    def answered(self) -> bool:
        """Whether the answer was played."""
        answered = self._end is not None and self._end.outcome == "answered"
        return answered and self._audio_start is not None

    def finding(self) -> Finding:
        """Judge the turn, or what there was of it."""
        if not self._ready:
            return broken(
                _ABOUT,
                f"the satellite was not ready within {LOAD:g} s",
                "Engines or devices take too long.",
                "satellite doctor; satellite -v shows what takes the time",
            )
        if self._yielded is not None:
            return warning(
                _ABOUT,
                f"the satellite {self._yielded.to} heard you better and answered",
                "Of several satellites in reach only one answers.",
                "come nearer to this one, or mute the other: satellite mute on",
            )
        if self._wake is None:
            return self._without_wake_word()
        return self._judge_turn()

    def _without_wake_word(self) -> Finding:
        remedy = "check level and mute: satellite doctor audio; come nearer, and speak up"
        if self._near is not None:
            return broken(
                _ABOUT,
                f'"{self._phrase}" was heard with a score of {self._near.score:.2f}, too low to '
                "wake up",
                "The satellite answers only what follows its wake word.",
                f"{remedy}; or make it easier to wake: satellite doctor wake",
            )
        found = f'nothing like "{self._phrase}" was heard'
        return broken(_ABOUT, found, "If you said it, the satellite does not hear you.", remedy)

    def _judge_turn(self) -> Finding:
        end = self._end
        if end is None:
            found = f"no answer within {ANSWER:g} s"
            return broken(_ABOUT, found, "An engine hangs.", "satellite doctor servers")
        if end.outcome == "failed":
            where = f"{end.stage}: " if end.stage else ""
            return broken(_ABOUT, f"{where}{end.error}", "", "satellite doctor")
        if end.outcome != "answered":
            return warning(
                _ABOUT,
                "the wake word was heard, but no request after it",
                "",
                f'speak on after the sound: "{self._request}"',
            )
        if not self.answered:
            return broken(_ABOUT, "the answer has no sound", "", "satellite doctor audio")
        if _words(self._text) != _words(self._request):
            return note(
                _ABOUT,
                f'answered, but the request was understood as "{self._text}"',
                "If you said something else, speak nearer to the microphone. A server understands "
                "more: satellite --server on a larger machine.",
            )
        assert self._audio_start is not None
        took = "" if self._speech_end is None else f", {self._audio_start - self._speech_end:.1f} s"
        return ok(_ABOUT, f"answered{took} after the request" if took else "answered")


async def whole_turn(session: Wizard, bus: Bus, *, running: bool = False) -> None:
    """Offer to try a turn with the chosen devices and engines, as often as the person likes.

    With a satellite `running` on this machine there is nothing to try: both would answer.
    """
    ask = session.ask
    if not ask.present:
        return
    ask.head("A whole turn")
    if running:
        phrase, request = _phrase(session.settings), _request(session.settings)
        ask.say(f'    The running satellite answers: say "{phrase}, {request}".')
        return
    for role, noun in NOUNS.items():
        if await chosen(session.settings, role) is None:
            ask.say(f"    Not tried, as there is no {noun}")
            return
    if not await ask.yes("Try it all together now?", True):
        return
    await _offer_to_unmute(session)
    while True:
        trial = await _try(session, bus)
        if trial is not None and trial.answered and not await ask.yes("Did you hear it?", True):
            ask.say("  ! The answer was played, but not heard.")
            ask.say("    -> turn the volume up, or choose another speaker: satellite setup")
        if not await ask.yes("Try it again?", False):
            return


def _request(settings: Settings) -> str:
    """Return the request in the language of the settings."""
    return REQUEST if codes.same(settings.language, "en") else time_request(settings.language)


async def _offer_to_unmute(session: Wizard) -> None:
    store = mute_store(session.settings.name)
    if not await run_in_daemon_thread(store.read):
        return
    if await session.ask.yes("The microphone is muted. Unmute it?", True):
        await run_in_daemon_thread(lambda: store.write(False))


async def _try(session: Wizard, bus: Bus) -> TurnTrial | None:
    """Run the satellite for one turn; return None if it cannot run, which is shown."""
    session.ask.say("  Starting the satellite")
    request = await run_in_daemon_thread(lambda: _request(session.settings))
    trial = TurnTrial(_phrase(session.settings), session.ask.say, request)
    try:
        with first_error(SatelliteError):
            async with bus.subscribe("trial") as happening, asyncio.TaskGroup() as tasks:
                running = tasks.create_task(app.run(_trial_settings(session.settings), bus))
                running.add_done_callback(lambda _: happening.end())
                await _follow(trial, happening)
                running.cancel()
    except SatelliteError as error:
        session.ask.say(f"  ! {error}")
        return None
    session.show(trial.finding())
    return trial


async def _follow(trial: TurnTrial, happening: Subscription) -> None:
    """Take events until the turn is over, the satellite ends, or a limit is reached."""
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(LOAD) as limit:
            async for event in happening:
                seconds = trial.take(event)
                if seconds is not None:
                    limit.reschedule(clock() + seconds)
                if trial.over:
                    return
    except TimeoutError:
        return  # the trial is judged by what it has seen


def _trial_settings(settings: Settings) -> Settings:
    """Return the settings with our own answers, and without ports that a running program has."""
    return msgspec.structs.replace(
        settings,
        brain="local",
        homeassistant=HomeAssistantSettings(listen=""),
        http=HttpSettings(port=0),
        stats=StatsSettings(enabled=False),
    )


def _phrase(settings: Settings) -> str:
    """Return the first wake word as people say it."""
    words = list(wake_words_of(settings.wake).values())
    return words[0].replace("_", " ") if words else "your wake word"


def _words(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == " ").strip()
