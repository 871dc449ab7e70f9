"""Templates become a grammar that accepts exactly the sentences that the brain understands."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from satellite.settings import USUAL_AREAS, USUAL_NAMES
from servers.intents import automaton, grammar, jsgf
from servers.intents.automaton import Automaton
from servers.intents.sentences import Sentences, load

HEAD = "#JSGF V1.0 UTF-8;\ngrammar commands;\n"


@pytest.fixture(scope="module")
def english() -> Sentences:
    return load("en")


@pytest.fixture(scope="module")
def usual(english: Sentences) -> Automaton:
    return automaton.build(grammar.make(english, USUAL_NAMES, USUAL_AREAS).jsgf)


def own(folder: Path, template: str, more: str = "") -> Sentences:
    """Return English with one more sentence, whose intent is the only one in `only`."""
    (folder / "own.yaml").write_text(
        f'language: en\nintents:\n  Own:\n    data:\n      - sentences: ["{template}"]\n{more}'
        "responses: {intents: {Own: {default: Done.}}}\n"
    )
    sentences = load("en", folder)
    original = sentences.intents.intents["Own"]
    sentences.intents.intents.clear()
    sentences.intents.intents["Own"] = original
    return sentences


def automaton_of(sentences: Sentences, *, polite: bool = False) -> Automaton:
    return automaton.build(grammar.make(sentences, ("fan",), ("attic",), polite=polite).jsgf)


@pytest.mark.parametrize(
    "text",
    [
        "what time is it",
        "set a timer for twenty five minutes",
        "turn on the living room lamp",
        "turn off the lights",
        "set the volume to one hundred percent",
        "never mind",
    ],
)
def test_commands_are_in_the_grammar(usual: Automaton, text: str) -> None:
    assert usual.accepts(text.split())


@pytest.mark.parametrize(
    "text", ["", "lamp off", "turn on the", "turn on the moon", "set a timer for two one"]
)
def test_other_words_are_not_in_the_grammar(usual: Automaton, text: str) -> None:
    assert not usual.accepts(text.split())


def test_the_brain_understands_whatever_the_grammar_allows(
    english: Sentences, usual: Automaton
) -> None:
    dice = random.Random(1)
    for _ in range(150):
        text = " ".join(walk(usual, dice))
        assert english.match(text, USUAL_NAMES, USUAL_AREAS) is not None, text


def walk(words: Automaton, dice: random.Random) -> list[str]:
    """Return a random sentence of an automaton."""
    state, sentence = 0, list[str]()
    while words.arcs[state] and not (state in words.final and dice.random() < 0.5):
        word = dice.choice(sorted(words.arcs[state]))
        sentence.append(word)
        state = words.arcs[state][word]
    return sentence


@pytest.mark.parametrize(
    ("template", "yes", "no"),
    [
        ("dance [very] (fast|slow)", ["dance fast", "dance very slow"], ["dance", "dance very"]),
        ("count light[s]", ["count light", "count lights"], ["count light s"]),
        ("count [one ]lamp", ["count lamp", "count one lamp"], ["count one"]),
        ("(red;blue) now", ["red blue now", "blue red now"], ["red now"]),
        ("wait {0..30,10:n} hours", ["wait ten hours", "wait zero hours"], ["wait one hours"]),
        ("go to {area} with {name}", ["go to attic with fan"], ["go to fan with attic"]),
        ("(dim|dim 50%)", ["dim"], ["dim 50 percent"]),
        ("dance [{name}]", ["dance fan"], ["fan"]),
        ("[do] [the] {name} thing", ["do fan thing", "do the fan thing"], ["fan thing"]),
    ],
)
def test_each_kind_of_expression(
    tmp_path: Path, template: str, yes: list[str], no: list[str]
) -> None:
    accepted = automaton_of(own(tmp_path, template))
    assert [text for text in yes if not accepted.accepts(text.split())] == []
    assert [text for text in no if accepted.accepts(text.split())] == []


def test_a_sentence_with_a_wildcard_is_left_out(tmp_path: Path) -> None:
    lists = "lists: {anything: {wildcard: true}}\n"
    sentences = own(tmp_path, "play [{anything}|jazz] now", lists)
    assert automaton_of(sentences).accepts(["play", "jazz", "now"])
    (tmp_path / "own.yaml").unlink()
    sentences = own(tmp_path, "play {anything}", lists)
    with pytest.raises(ValueError, match="none of the sentences"):
        grammar.make(sentences, (), ())


def test_only_parts_with_an_unknown_word_are_left_out(english: Sentences) -> None:
    made = grammar.make(english, ("lamp", "qwrtz"), ("attic",), known=lambda word: word != "qwrtz")
    accepted = automaton.build(made.jsgf)
    assert "qwrtz" not in made.words
    assert "qwrtz" in made.left_out
    assert accepted.accepts(["turn", "on", "the", "attic", "lamp"])


def test_the_words_of_numbers_and_names_are_values(english: Sentences) -> None:
    made = grammar.make(english, ("coffee machine", "qwrtz"), ("attic",))
    assert {"coffee", "machine", "qwrtz", "attic", "seven", "thirty"} <= made.values
    assert made.values.isdisjoint({"set", "an", "alarm", "turn", "on", "off", "the"})
    assert made.values <= made.words


def test_names_are_written_as_the_brain_knows_them(english: Sentences) -> None:
    names = ("Mom's TV", "Küche 2", "Philips-Hue")
    accepted = automaton.build(grammar.make(english, names, ()).jsgf)
    for words in ("mom's tv", "küche two", "philips hue"):
        assert accepted.accepts(["turn", "on", *words.split()])
        assert english.match(f"turn on {words}", names, ()) is not None


def test_a_reversed_command_is_neither_a_sentence_nor_done(english: Sentences) -> None:
    accepted = automaton.build(grammar.make(english, USUAL_NAMES, USUAL_AREAS).jsgf)
    for text in ("do not turn off the lights", "don't set a timer for ten minutes"):
        assert not accepted.accepts(text.split())
        assert english.match(text, USUAL_NAMES, USUAL_AREAS) is None


def test_politeness_can_be_left_out(tmp_path: Path) -> None:
    sentences = own(tmp_path, "dance")
    assert automaton_of(sentences, polite=True).accepts(["please", "dance"])
    assert not automaton_of(sentences).accepts(["please", "dance"])


def test_equal_states_are_merged() -> None:
    made = automaton.build(HEAD + "<n> = (one | two);\npublic <c> = (a <n> [c] | b <n> [c]);\n")
    assert len(made.arcs) == 4
    assert sum(map(len, made.arcs)) == 5


@pytest.mark.parametrize(
    ("number", "words"), [(0, "zero"), (17, "seventeen"), (40, "forty"), (100, "one hundred")]
)
def test_numbers_are_converted_to_words(number: int, words: str) -> None:
    assert jsgf.number_words(number) == words


def test_articles_agree_with_the_next_word() -> None:
    made = automaton.build(HEAD + "public <c> = set (a | an | the) [new] (hour | timer) [a] (x);\n")
    accepted = automaton.without_wrong_articles(
        made, lambda word: {word == "hour"} if word != "x" else {True, False}
    )
    sentences = ("set an hour x", "set a timer a x", "set the hour x", "set a new hour x")
    assert [text for text in sentences if not accepted.accepts(text.split())] == []
    wrong = ("set a hour x", "set an timer x", "set an new hour x")
    assert [text for text in wrong if accepted.accepts(text.split())] == []
    assert all(made.accepts(text.split()) for text in (*sentences, *wrong))
