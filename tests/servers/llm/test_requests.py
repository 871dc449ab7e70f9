"""Requests about everything but timers and alarms, and the resulting actions and answers."""

from __future__ import annotations

import pytest

from satellite.homeassistant.client import service_calls
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery
from satellite.values import Action, Message, ReplyPart, ReplyRequest, Situation
from servers.llm.intents import answer
from tests.servers.llm.built_in_engine import NOW, actions_of, declined, english, parts, text_of

HOME = Situation(now=NOW, home=True)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("what time is it", "It is 10:25 AM."),
        ("What's the time, please?", "It is 10:25 AM."),
        ("could you tell me the time", "It is 10:25 AM."),
        ("what is the date", "It is Friday, November 20."),
        ("what's today's date", "It is Friday, November 20."),
        ("what day is it today", "It is Friday, November 20."),
        ("what day of the week is it", "It is Friday."),
        ("what day is tomorrow", "Tomorrow is Saturday, November 21."),
        ("what date was yesterday", "Yesterday was Thursday, November 19."),
        ("what year is it", "It is 2026."),
        ("what month is it", "It is November."),
        ("what is the date tomorrow", "Tomorrow is Saturday, November 21."),
        ("what's tomorrow's date?", "Tomorrow is Saturday, November 21."),
        ("how many days until Christmas?", "35 days until December 25."),
        ("how many days are there until the third of May", "164 days until May 3."),
        ("how many days until May 3rd", "164 days until May 3."),
        ("how many days till New Year's Day", "42 days until January 1."),
        ("how many days until Easter", "128 days until March 28."),
        ("how many days until Thanksgiving", "6 days until November 26."),
        ("how many days until Memorial Day", "192 days until May 31."),
        ("how many days until February 29", "466 days until February 29."),
        ("how many days until Friday", "That is today."),
        ("how many days until Saturday", "That is tomorrow."),
        ("how many days until February 30", "I know no such day."),
        ("when is Mother's Day", "Sunday, May 9."),
        ("what is 15 times 12", "That is 180."),
        ("What's 15 x 12?", "That is 180."),
        ("what is fifteen times twelve", "That is 180."),
        ("what is 10 divided by 4", "That is 2.5."),
        ("what is 10 / 3", "That is about 3.333."),
        ("what is 10 divided by zero", "Nothing can be divided by zero."),
        ("what is 5 - 8", "That is minus 3."),
        ("what is minus five plus three", "That is minus 2."),
        ("what is 0.1 plus 0.2", "That is 0.3."),
        ("what is 20% of 80", "That is 16."),
        ("what is two hundred and fifty times four", "That is 1000."),
        ("Thank you so much!", "You are welcome."),
        ("great, thanks", "You are welcome."),
        ("thanks for your help", "You are welcome."),
        ("make it louder", "I do not know how loud I am. Say, for example, set the volume to "
         "fifty percent."),
        ("hello", "Hello."),
        ("good night", "Good night."),
        ("thank you very much", "You are welcome."),
        ("turn on the lamp", "I can't turn on the lamp: no home is connected."),
        ("turn off all the lights", "I can't turn off all the lights: no home is connected."),
        (
            "turn on the living room lamp",
            "I can't turn on the living room lamp: no home is connected.",
        ),
        ("dim the lamp", "I can't dim the lamp: no home is connected."),
        ("say that again", "I have not said anything yet."),
        ("turn it up", "I do not know how loud I am. Say, for example, set the volume to fifty "
         "percent."),
    ],
)  # fmt: skip
def test_simple_requests_are_answered(said: str, answer: str) -> None:
    assert parts(said) == (answer,)


@pytest.mark.parametrize(
    "said",
    [
        "do not turn off the lights",
        "don't turn on the lamp yet",
        "Don't set a timer.",
        "never mind the lights",
        "did you turn off the lights",
        "turn off everything except the lamp",
        "turn off the lamp in 5 minutes or so",
    ],
)
def test_the_contrary_of_a_command_is_not_done(said: str) -> None:
    assert declined(parts(said, HOME))


FIFTY = "set a timer for fifty or fifteen minutes"
FIFTEEN = "set a timer for fifteen minutes"


def test_a_choice_between_two_words_is_asked_for() -> None:
    question, action = parts(FIFTY)
    assert question == "fifty, or fifteen? Say the first, or the second."
    assert isinstance(action, Action)
    assert action.name == "listen"
    answers = action.data["answers"]
    assert {"the first", "the second one", "fifteen", "fifty minutes", FIFTEEN} <= set(answers)
    for text in answers:
        assert actions_of(_answered(text)), text


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("the first", 3000),
        ("The second one.", 900),
        ("fifteen", 900),
        ("Fifty minutes.", 3000),
        ("set a timer for fifteen minutes", 900),
    ],
)
def test_the_answer_to_a_choice_is_taken(said: str, seconds: int) -> None:
    assert actions_of(_answered(said)) == [
        Action(name="timer.start", data={"seconds": float(seconds), "name": None})
    ]


def test_an_answer_that_leaves_the_choice_open_is_asked_about_again() -> None:
    assert _answered("fifteen or fifty minutes") == parts(FIFTY)
    history = [FIFTY, "fifteen or fifty minutes"]
    request = ReplyRequest(
        text="the first", history=tuple(Message(role="user", text=text) for text in history)
    )
    (timer,) = actions_of(answer(english(), request))
    assert timer.data["seconds"] == 3000


def test_the_latest_choice_is_the_open_one() -> None:
    history = [FIFTY, "set the volume to thirty or thirteen percent"]
    request = ReplyRequest(
        text="the first", history=tuple(Message(role="user", text=text) for text in history)
    )
    assert actions_of(answer(english(), request)) == [
        Action(name="volume.set", data={"level": 0.3})
    ]


def _answered(said: str) -> tuple[ReplyPart, ...]:
    """Return the reply to the answer to a choice."""
    history = (Message(role="user", text=FIFTY), Message(role="assistant", text="Which?"))
    return answer(english(), ReplyRequest(text=said, history=history))


def test_no_timer_is_named_by_articles() -> None:
    """ "Start at a timer" is what Whisper writes for "start a timer"."""
    (timer,) = actions_of(parts("Start at a timer for 3 minutes."))
    assert timer.data["name"] is None
    assert declined(parts("Start it timer for 3 minutes."))
    (timer,) = actions_of(parts("Set a timer for an egg for 5 minutes."))
    assert timer.data["name"] == "egg"


FORTY = "Set a timer for 40 minutes."
"""What Whisper writes for it is one of the two."""
FOURTEEN = "Set a timer for 14 minutes."
QUESTION = "40, or 14? Say the first, or the second."


def test_a_number_that_another_sounds_like_is_asked_for() -> None:
    question, action = answer(english(), ReplyRequest(text=FORTY, alternatives=(FOURTEEN,)))
    assert question == QUESTION
    assert isinstance(action, Action)
    assert action.name == "listen"


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("Set the volume to 30%.", "Set the volume to 13%."),
        ("Set a timer for thirty minutes.", "Set a timer for 13 minutes"),
        ("Set an alarm for 6:15.", "Set an alarm for 6:50."),
        ("Set a timer for one hour and 15 minutes.", "Set a timer for one hour and 50 minutes."),
    ],
)
def test_two_readings_of_a_number_are_asked_for(said: str, other: str) -> None:
    question = answer(english(), ReplyRequest(text=said, alternatives=("Set it.", other)))
    assert "listen" in [action.name for action in actions_of(question)]


@pytest.mark.parametrize(
    "other",
    [
        "Set a timer for forty minutes.",
        "set timer for 40 minutes",
        "Set a time for 14 minutes.",
        "Set a timer for 14 minute hens.",
        "Set a timer for 40 seconds.",
        "Turn on the lamp.",
    ],
)
def test_other_texts_do_not_lead_to_a_question(other: str) -> None:
    """They mean the same, are no request, or are not taken for each other."""
    reply = answer(english(), ReplyRequest(text=FORTY, alternatives=(other,)))
    assert actions_of(reply) == [Action(name="timer.start", data={"seconds": 2400.0, "name": None})]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("The first.", 2400),
        ("The second one.", 840),
        ("40", 2400),
        ("Fourteen.", 840),
        ("14 minutes.", 840),
        ("Forty minutes, please.", 2400),
        (FOURTEEN, 840),
    ],
)
def test_the_answer_names_one_of_two_numbers(said: str, seconds: int) -> None:
    for question in (QUESTION, "40, or 14?"):
        assert actions_of(_answered_number(said, question)) == [
            Action(name="timer.start", data={"seconds": float(seconds), "name": None})
        ]


def test_an_answer_that_sounds_like_the_other_number_is_asked_about_again() -> None:
    again = _answered_number("14.", QUESTION, ("40.",))
    assert again == answer(english(), ReplyRequest(text=FORTY, alternatives=(FOURTEEN,)))
    asked = (FORTY, "14.")
    history = tuple(
        message
        for text in asked
        for message in (
            Message(role="user", text=text),
            Message(role="assistant", text=QUESTION),
        )
    )
    (timer,) = actions_of(answer(english(), ReplyRequest(text="the second", history=history)))
    assert timer.data["seconds"] == 840


@pytest.mark.parametrize("said", ["50 minutes", "40 or 14", "neither", "Set it to 14 or so"])
def test_an_answer_that_names_neither_number_does_nothing(said: str) -> None:
    assert not actions_of(_answered_number(said, "40, or 14?"))


def test_nothing_is_open_after_another_reply() -> None:
    assert not actions_of(_answered_number("the second", "Timer set for 40 minutes."))


def _answered_number(
    said: str, question: str, others: tuple[str, ...] = ()
) -> tuple[ReplyPart, ...]:
    """Return the reply to the answer to a question about two numbers."""
    history = (Message(role="user", text=FORTY), Message(role="assistant", text=question))
    request = ReplyRequest(text=said, alternatives=others, history=history)
    return answer(english(), request)


@pytest.mark.parametrize(
    "others",
    [
        (FOURTEEN,),
        ("Center timer for 14 minutes.", FOURTEEN),
        (FOURTEEN, "Set a timer for fourteen minutes."),
    ],
)
def test_a_sentence_that_sounds_like_the_text_is_understood(others: tuple[str, ...]) -> None:
    reply = answer(english(), ReplyRequest(text="Center timer 14 minutes", alternatives=others))
    assert reply == parts(FOURTEEN)


@pytest.mark.parametrize(
    "others",
    [
        (),
        ("Center timer for 14 minutes.",),
        (FOURTEEN, "Cancel all timers."),
        ("Set a timer for 40 minutes.",),
        ("Set a timer for fourteen minutes.",),
    ],
)
def test_of_several_sentences_that_sound_like_the_text_none_is_guessed(
    others: tuple[str, ...],
) -> None:
    request = ReplyRequest(text="Center timer 14 minutes", alternatives=others)
    assert declined(answer(english(), request))


DIM = "Dim the lights to 4%."


@pytest.mark.parametrize(
    ("said", "others"),
    [
        ("Bim the lights to 4%.", (DIM, "Bim the lights to 40%.")),
        ("Bim the lights to 4%.", ("Bim the lights to 40%.", DIM)),
        ("Pin the lights to 4%.", (DIM, "Dim the light 4%.", "Dim the light 40%.")),
    ],
)
def test_no_number_is_guessed_that_others_have_otherwise(
    said: str, others: tuple[str, ...]
) -> None:
    request = ReplyRequest(text=said, alternatives=others, situation=HOME)
    assert declined(answer(english(), request))
    same = tuple(text.replace("40", "4") for text in others)
    request = ReplyRequest(text=said, alternatives=same, situation=HOME)
    assert answer(english(), request) == parts(DIM, HOME)


TWO_THIRTY = "set an alarm for two thirty"
"""What the built-in recognizer writes for it is one of the two."""
SEVEN_THIRTY = "set an alarm for seven thirty"


def test_a_number_in_words_is_asked_for_and_answered() -> None:
    request = ReplyRequest(text=TWO_THIRTY, alternatives=(SEVEN_THIRTY,))
    question, asking = answer(english(), request)
    assert isinstance(question, str)
    assert isinstance(asking, Action)
    assert {"two", "seven thirty", "the second"} <= set(asking.data["answers"])
    history = (Message(role="user", text=TWO_THIRTY), Message(role="assistant", text=question))
    for said in ("seven thirty", "seven", "the second"):
        (alarm,) = actions_of(answer(english(), ReplyRequest(text=said, history=history)))
        assert (alarm.name, alarm.data["minute"]) == ("alarm.set", 30)
        assert alarm.data["hour"] in (7, 19)
    unclear = ReplyRequest(text="two thirty", alternatives=("seven thirty",), history=history)
    assert answer(english(), unclear) == (question, asking)


def test_a_number_that_two_other_texts_differ_in_is_asked_for() -> None:
    others = ("Search a timer for 40 minutes.", "Search a timer for 14 minutes.")
    (asking,) = actions_of(answer(english(), ReplyRequest(text=FORTY, alternatives=others)))
    assert asking.name == "listen"
    same = tuple(text.replace("14", "forty") for text in others)
    reply = answer(english(), ReplyRequest(text=FORTY, alternatives=same))
    assert reply == parts(FORTY)


def test_no_thing_is_guessed() -> None:
    """Of all that the recognizer tries, only what the home has makes a sentence."""
    others = ("Turn off the office trigger.", "Turn off the office speaker.")
    request = ReplyRequest(text="Turn off the office eager.", alternatives=others, situation=HOME)
    assert declined(answer(english(), request))


ROOM = "What is the temperature in the bathroom?"
OTHER_ROOM = "What is the temperature in the bedroom?"


def test_which_of_two_rooms_is_asked_for() -> None:
    request = ReplyRequest(text=ROOM, alternatives=(OTHER_ROOM,), situation=HOME)
    question, _ = answer(english(), request)
    assert question == "bathroom, or bedroom? Say the first, or the second."
    assert isinstance(question, str)
    history = (Message(role="user", text=ROOM), Message(role="assistant", text=question))
    for said in ("The second.", "Bedroom."):
        request = ReplyRequest(text=said, history=history, situation=HOME)
        assert answer(english(), request) == parts(OTHER_ROOM, HOME)


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("Turn on the lights.", "Turn on the light."),
        ("Remind me to call Ann at 6.", "Remind me to call Anne at 6."),
        ("Turn on the lamp.", "Turn in the lamp."),
    ],
)
def test_little_differences_lead_to_no_question(said: str, other: str) -> None:
    request = ReplyRequest(text=said, alternatives=(other,), situation=HOME)
    assert answer(english(), request) == parts(said, HOME)


@pytest.mark.parametrize("written", ["6.15am", "6.15 am", "6:15am", "6.15 a.m."])
def test_a_time_of_day_is_read_with_a_full_stop(written: str) -> None:
    assert parts(f"Set an alarm for {written}") == parts("set an alarm for six fifteen a m")


@pytest.mark.parametrize("written", ["6.15m", "6.50m", "6.50 m.", "615M."])
def test_half_a_time_of_day_is_no_duration(written: str) -> None:
    assert declined(parts(f"Set an alarm for {written}"))


@pytest.mark.parametrize("said", ["fifty or fifteen", "fifteen fifty", "neither", "the first"])
def test_a_choice_is_not_guessed(said: str) -> None:
    assert not actions_of(parts(said))


@pytest.mark.parametrize(
    ("now", "answer"),
    [
        ("2026-11-20T00:05:00Z", "It is 12:05 AM."),
        ("2026-11-20T12:00:59+02:00", "It is 12 PM."),
        ("2026-11-20T23:59:00", "It is 11:59 PM."),
    ],
)
def test_the_time_is_that_of_the_satellite(now: str, answer: str) -> None:
    assert parts("what time is it", Situation(now=now)) == (answer,)


def test_the_clock_of_the_server_is_used_without_one_of_the_satellite() -> None:
    assert text_of(parts("what time is it", Situation())).startswith("It is ")


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("set the volume to thirty percent", 0.3),
        ("set volume to 30%", 0.3),
        ("turn the volume down to five", 0.05),
        ("volume fifty", 0.5),
        ("maximum volume", 1.0),
        ("turn the volume up", 0.5),
        ("turn it down", 0.3),
        ("raise the volume by twenty percent", 0.6),
        ("lower the volume by 90 percent", 0.0),
        ("louder", 0.5),
        ("a bit quieter please", 0.3),
        ("mute", 0.0),
        ("unmute", 0.4),
    ],
)
def test_the_volume_is_set(said: str, level: float) -> None:
    reply = parts(said, Situation(volume=0.4))
    assert actions_of(reply) == [Action(name="volume.set", data={"level": level})]
    assert text_of(reply)


def test_a_muted_satellite_is_heard_again() -> None:
    reply = parts("unmute", Situation(volume=0.0))
    assert actions_of(reply) == [Action(name="volume.set", data={"level": 0.5})]


def test_the_volume_is_answered() -> None:
    assert parts("what is the volume", Situation(volume=0.45)) == ("The volume is 45 percent.",)


@pytest.mark.parametrize(
    ("said", "operation", "name", "area", "value"),
    [
        ("turn on the living room lamp", "turn_on", "lamp", "living room", None),
        ("Turn on the lamp in the living room.", "turn_on", "lamp", "living room", None),
        ("could you turn on the lamp, please?", "turn_on", "lamp", None, None),
        ("turn the kitchen light off", "turn_off", "light", "kitchen", None),
        ("turn off the lights in the kitchen", "turn_off", "lights", "kitchen", None),
        ("switch off all the lights", "turn_off", "lights", None, None),
        ("turn off all lights in the bedroom", "turn_off", "lights", "bedroom", None),
        ("turn everything off", "turn_off", None, None, None),
        ("lights off", "turn_off", "lights", None, None),
        ("turn the fan on in the office", "turn_on", "fan", "office", None),
        ("turn on the coffee machine", "turn_on", "coffee machine", None, None),
        ("toggle the lamp", "toggle", "lamp", None, None),
        ("dim the office lamp to twenty percent", "level", "lamp", "office", 20.0),
        ("set the bedroom light to 50%", "level", "light", "bedroom", 50.0),
        ("set the brightness of the lamp to seven", "level", "lamp", None, 7.0),
        ("dim the lamp", "level", "lamp", None, 30.0),
        ("brighten the lamp", "level", "lamp", None, 100.0),
        ("turn the television volume down to ten", "level", "television", None, 10.0),
        ("set the volume of the radio to 40 percent", "level", "radio", None, 40.0),
        ("set the temperature in the office to twenty one", "temperature", "thermostat", "office",
         21.0),
        ("set the heater to 19 degrees", "temperature", "heater", None, 19.0),
        ("open the garage light", "open", "light", "garage", None),
        ("shut the radio", "close", "radio", None, None),
        ("lock the lamp", "lock", "lamp", None, None),
        ("unlock the lamp", "unlock", "lamp", None, None),
        ("run the lamp script", "run", "lamp", None, None),
    ],
)  # fmt: skip
def test_entities_of_a_connected_home_are_switched(
    said: str, operation: str, name: str | None, area: str | None, value: float | None
) -> None:
    """What came of it is said by whoever has the home: nothing is claimed before that."""
    reply = parts(said, HOME)
    (done,) = actions_of(reply)
    wish = service_calls.read(done)
    assert isinstance(wish, HomeCommand)
    assert (wish.operation, wish.name, wish.area, wish.value) == (operation, name, area, value)
    assert wish.target
    assert "no_home" not in wish.say
    assert not text_of(reply)


@pytest.mark.parametrize(
    ("said", "about", "name", "area", "expected"),
    [
        ("is the lamp on", "state", "lamp", None, "on"),
        ("are the kitchen lights off?", "state", "lights", "kitchen", "off"),
        ("is the television in the bedroom on", "state", "television", "bedroom", "on"),
        ("what is the state of the heater", "state", "heater", None, None),
        ("what is the temperature in the bedroom", "temperature", None, "bedroom", None),
        ("how warm is it", "temperature", None, None, None),
        ("what's the office temperature", "temperature", None, "office", None),
    ],
)
def test_states_of_a_connected_home_are_requested(
    said: str, about: str, name: str | None, area: str | None, expected: str | None
) -> None:
    (asked,) = actions_of(parts(said, HOME))
    wish = service_calls.read(asked)
    assert isinstance(wish, HomeQuery)
    assert (wish.about, wish.name, wish.area, wish.expected) == (about, name, area, expected)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("is the lamp on", "I can't tell how the lamp is: no home is connected."),
        ("what is the temperature", "I can't tell the temperature: no home is connected."),
        ("open the garage lamp", "I can't open the garage lamp: no home is connected."),
        ("set the temperature to 20 degrees", "I can't set the temperature: no home is connected."),
    ],
)
def test_a_missing_home_is_admitted(said: str, answer: str) -> None:
    assert parts(said) == (answer,)


def test_names_of_the_home_replace_the_usual_ones() -> None:
    home = Situation(home=True, names=("Anna's Wi-Fi lamp",), areas=("attic",))
    (action,) = actions_of(parts("turn on anna's wi fi lamp", home))
    assert action.data["name"] == "Anna's Wi-Fi lamp"
    assert declined(parts("turn on the heater", home))


@pytest.mark.parametrize("said", ["stop", "Stop it!", "be quiet", "shut up"])
def test_stop_says_nothing(said: str) -> None:
    assert parts(said) == (Action(name="stop"),)


@pytest.mark.parametrize("said", ["cancel", "never mind", "nevermind", "forget it"])
def test_cancel_says_nothing(said: str) -> None:
    assert parts(said) == (Action(name="cancel"),)


def test_the_last_reply_is_repeated() -> None:
    assert parts("say that again", None, "One.", "Two.", "") == ("Two.",)


def test_help_lists_only_existing_features() -> None:
    assert "When a home is connected" in text_of(parts("what can you do"))
    assert "When a home is connected" not in text_of(parts("what can you do", HOME))


@pytest.mark.parametrize(
    "said",
    [
        "what is the capital of france",
        "tell me a joke",
        "turn on the",
        "turn on the...",
        "turn on the flux capacitor",
        "turn on",
        "the",
        "please",
        "...",
        "lamp",
        "time",
        "timer",
        "what time is it in paris",
        "set a timer for",
        "set a timer for five",
        "set a timer for five bananas",
        "dim the lamp to",
        "set the volume to two hundred percent",
        "set the volume to 200",
        "do not turn on the lamp",
        "stop the world",
    ],
)
def test_other_requests_are_declined(said: str) -> None:
    assert declined(parts(said))


@pytest.mark.parametrize("said", ["mute yourself", "please stop listening", "mute the microphone"])
def test_the_microphone_is_muted_with_a_hint_how_to_unmute_it(said: str) -> None:
    reply = parts(said)
    assert actions_of(reply) == [Action(name="mute")]
    assert "satellite mute off" in text_of(reply)


OTHER_TEXTS = ("Turn off the office either.", "Turn off the office keyboard.")
"""What Whisper writes beside "Turn off the office speaker" where a heater was meant."""


@pytest.mark.parametrize(
    ("others", "acts"),
    [
        (OTHER_TEXTS, True),
        ((*OTHER_TEXTS, "Turn off the office key."), False),
        ((*OTHER_TEXTS, "Turn of the office speakers"), True),
    ],
)
def test_a_name_that_none_of_many_other_texts_has_is_a_guess(
    others: tuple[str, ...], acts: bool
) -> None:
    home = Situation(now=NOW, home=True, names=("office speaker", "office heater"))
    request = ReplyRequest(text="Turn off the office speaker.", alternatives=others, situation=home)
    reply = answer(english(), request)
    assert bool(actions_of(reply)) is acts
    assert declined(reply) is not acts
