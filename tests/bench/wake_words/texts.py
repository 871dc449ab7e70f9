"""The wake words, and phrases that sound like them."""

from __future__ import annotations

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
