"""What is said besides wake words: a book, dialogues, and phrases that sound like the words."""

from __future__ import annotations

from pathlib import Path

WORDS = ("okay_nabu", "hey_jarvis")
"""The wake words that are measured: both engines have a model of each."""

NEAR = {
    "okay_nabu": (
        *("okay now", "okay no", "okay nothing", "okay taboo", "okay november", "okay navy"),
        *(
            "a nabu",
            "oh can a boo",
            "hokey nabob",
            "okay maybe",
            "okay new shoe",
            "okay number two",
        ),
    ),
    "hey_jarvis": (
        *("hey jar", "hey james", "hey jarred", "hey marvin", "hey charles", "a jar of this"),
        *("he jars us", "hey service", "say jarvis", "hey harvest", "hey travis", "hey janice"),
    ),
}
"""Phrases that are not the word."""

DIALOGUE = (
    "Okay, are you ready? We have to leave in ten minutes.",
    "Hey, wait for me, I cannot find my other shoe.",
    "Okay, nobody panic, the water is only in the hall.",
    "Hey Jack, did you bring the tickets, or are they still on the table?",
    "No, I told you already, the meeting was moved to Thursday.",
    "Okay now, listen to me, this is the last time that I say it.",
    "She said that she would call, but of course she never did.",
    "Hey, Charlie, what are you doing up there on the roof?",
    "Good evening, here is the news at nine o'clock.",
    "The minister said that an agreement was near, but gave no date for it.",
    "And it is a goal! What a shot from outside the box by the young striker!",
    "Okay, Anna, you take the left side and I take the right.",
    "Do you really think that they would let us in without an invitation?",
    "Hey, you know what? I have never been so happy in my whole life.",
    "Get down, get down! They are shooting from the other side of the street.",
    "Now add two hundred grams of butter, and stir until it is smooth.",
    "Okay, no problem, I can pick up the children on my way home.",
    "It was a dark and stormy night, and the captain had not come back.",
    "Hey, guys, welcome back to the channel, today we are building a boat.",
    "Call now, and you get the second knife for half the price.",
    "I am afraid that the doctor cannot see you before next month.",
    "Okay, Naomi, but after that you go straight to bed.",
    "They have been married for forty years and still argue about the window.",
    "Hey, Janice, is the coffee machine broken again?",
    "Cloudy in the north, with some rain by the evening, and a high of twelve degrees.",
    "You have the right to remain silent, anything you say can be used against you.",
    "Okay, never mind, it was a stupid idea in the first place.",
    "My father built this house with his own hands, and I am not going to sell it.",
    "Hey, sorry, I did not see you there, did I hurt you?",
    "And the winner of tonight's quiz, with thirty four points, is Barbara!",
    "Ladies and gentlemen, we are now beginning our descent into Copenhagen.",
    "Okay, boom, there it goes, did you see that explosion?",
)
"""Lines as in films, news, sport, advertisements and kitchens; many begin like the words."""


def book() -> tuple[str, ...]:
    """Return some 80 minutes of sentences of Lewis Carroll's "Alice's Adventures in Wonderland"
    (1865, in the public domain)."""
    return tuple(Path(__file__).with_name("alice.txt").read_text("utf-8").splitlines())
