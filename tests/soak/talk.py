"""Speech without a wake word: complete sentences, and ones composed at random."""

from __future__ import annotations

import numpy as np

VOICES = (
    ("en", "en-us"),
    ("en", "en-us+f3"),
    ("en", "en-gb"),
    ("en", "en-us+m3"),
    ("en", "en-gb+f2"),
    ("en", "en-gb-scotland"),
    ("en", "en-us+m7"),
    ("de", "de+f3"),
    ("fr", "fr+m1"),
    ("es", "es+f2"),
)
"""Language and eSpeak NG voice."""

_SAID = {
    "en": (
        "Okay, that is fine with me, see you tomorrow.",
        "Hey, how are you today?",
        "Okay, now we can begin.",
        "Hey, have you seen my keys?",
        "The train to the city leaves at half past seven from platform two.",
        "In other news, the council has voted to keep the library open.",
        "Could you pass me the salt, please?",
        "It will be cloudy in the morning, with some rain towards the evening.",
        "She sold her old bicycle and bought a boat with the money.",
        "Turn on the living room lamp.",
        "What time is it?",
        "Set a timer for ten minutes.",
        "My neighbour plays the trumpet every Sunday afternoon.",
        "One, two, three, four, five, six, seven, eight, nine, ten.",
        "Who wants another cup of coffee?",
        "And now over to our reporter, who is standing outside the stadium.",
        "That film was much longer than it needed to be.",
        "Nobody knows how the cat got up on the roof.",
        "Wait a minute, I have to look that up.",
        "Good night, sleep well, and do not forget to lock the door.",
    ),
    "de": (
        "Morgen wird es sonnig, am Abend kann es regnen.",
        "Kannst du bitte das Fenster zumachen?",
        "Der Zug nach Hamburg hat heute zwanzig Minuten Verspätung.",
        "Okay, dann treffen wir uns um acht am Bahnhof.",
        "Ich habe gestern einen langen Brief geschrieben.",
    ),
    "fr": (
        "Demain il fera beau sur toute la région.",
        "Est-ce que tu peux fermer la porte, s'il te plaît?",
        "Le marché se tient chaque samedi sur la place.",
        "D'accord, on se retrouve devant la gare.",
        "J'ai oublié mes clés à la maison.",
    ),
    "es": (
        "Mañana hará sol en toda la costa.",
        "¿Puedes cerrar la ventana, por favor?",
        "El tren sale a las siete de la mañana.",
        "Vale, nos vemos delante del cine.",
        "Mi hermana vive cerca del mercado.",
    ),
}

_WHO = ("the teacher", "my uncle", "a small dog", "everybody", "the old captain", "Nina", "Robert")
_DID = ("found", "painted", "forgot", "wanted to buy", "talked about", "was looking for", "hid")
_WHAT = ("a red jacket", "the broken radio", "three apples", "our garden", "the last bus", "a joke")
_WHERE = ("in the kitchen", "behind the house", "on the beach", "at work", "near the harbour")
_WHEN = ("this morning", "last winter", "before dinner", "a few days ago", "as always")


def sentence(language: str, random: np.random.Generator) -> str:
    """Return a sentence in `language`; in English mostly composed at random."""
    if language == "en" and random.random() < 0.7:
        parts = (_WHO, _DID, _WHAT, _WHERE, _WHEN)
        return " ".join(part[random.integers(len(part))] for part in parts) + "."
    said = _SAID[language]
    return said[random.integers(len(said))]
