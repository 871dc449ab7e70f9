"""French, Spanish, Italian and Portuguese: their packs, and what the built-in brain answers."""

from __future__ import annotations

import pytest

from satellite.languages import pack
from satellite.values import AlarmState, Declined, ReplyRequest, Situation, TimerState
from servers.intents.pack_check import Report, check
from servers.intents.sentences import load
from servers.intents.skills import SKILLS
from servers.llm.intents import answer

LANGUAGES = ("fr", "es", "it", "pt", "pt-BR")

TIMERS = (
    TimerState(id="1", name="pizza", total=600, remaining=61, paused=False),
    TimerState(id="2", name=None, total=3600, remaining=1800, paused=False),
)
ALARMS = (AlarmState(id="1", at="2026-05-02T07:30:00", days=()),)

AFTERNOON, NIGHT, MIDNIGHT = "15:05", "01:00", "00:07"


def spoken(language: str, text: str, now: str = AFTERNOON, timers: int = 1) -> str:
    """Return the spoken answer on the first of May."""
    usual = pack.pack(language).part("names")
    situation = Situation(
        now=f"2026-05-01T{now}:00+02:00",
        names=tuple(usual["names"]),
        areas=tuple(usual["areas"]),
        timers=TIMERS[:timers],
        alarms=ALARMS,
    )
    request = ReplyRequest(text=text, language=language, situation=situation)
    parts = answer(load(language, understood=SKILLS), request)
    return " ".join(part for part in parts if isinstance(part, str))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pack_is_complete_and_understands_its_sentences(language: str) -> None:
    report = check(language)
    assert report == Report((), report.tests, ())
    assert report.tests > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pack_recommends_models_that_know_the_language(language: str) -> None:
    about = pack.pack(language).about
    assert about.models.asr == "whisper:base"
    assert about.models.tts.startswith(f"piper:{language.replace('-', '_')}")
    assert about.test_sentence


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        (AFTERNOON, "Quelle heure est-il ?", "Il est 15 heures 5."),
        (NIGHT, "Quelle heure est-il ?", "Il est une heure."),
        (MIDNIGHT, "Quelle heure est-il ?", "Il est minuit 7."),
        (AFTERNOON, "Quel jour sommes-nous ?", "Nous sommes le vendredi 1er mai."),
        (AFTERNOON, "Combien font 10 divisé par 4 ?", "Cela fait 2,5."),
        (AFTERNOON, "Dans combien de jours est le 3 mai ?", "Il reste 2 jours avant le 3 mai."),
        (AFTERNOON, "Mets un minuteur d'1h01", "Minuteur réglé sur une heure et une minute."),
        (AFTERNOON, "Réveille-moi demain à midi", "Alarme réglée : demain à midi."),
    ],
)
def test_french(now: str, text: str, expected: str) -> None:
    assert spoken("fr", text, now) == expected


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        (AFTERNOON, "¿Qué hora es?", "Son las 3 y 5 de la tarde."),
        (NIGHT, "¿Qué hora es?", "Es la una de la madrugada."),
        (AFTERNOON, "¿Qué día es hoy?", "Hoy es viernes, 1 de mayo."),
        (AFTERNOON, "¿Cuánto es 10 entre 4?", "El resultado es 2,5."),
        (AFTERNOON, "¿Cuánto queda?", "Queda un minuto y un segundo en el temporizador pizza."),
        (AFTERNOON, "Añade 1 minuto", "Quedan 2 minutos y un segundo en el temporizador pizza."),
        (
            AFTERNOON,
            "Despiértame mañana a la una",
            "Alarma puesta: mañana a la una de la madrugada.",
        ),
    ],
)
def test_spanish(now: str, text: str, expected: str) -> None:
    assert spoken("es", text, now) == expected


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        (AFTERNOON, "Che ore sono?", "Sono le 3 e 5 di pomeriggio."),
        (NIGHT, "Che ore sono?", "È l'una di notte."),
        (AFTERNOON, "Che giorno è oggi?", "Oggi è venerdì primo maggio."),
        (AFTERNOON, "Imposta un timer di un'ora", "Timer impostato: un'ora."),
        (AFTERNOON, "Quanto manca?", "Manca un minuto e un secondo al timer pizza."),
        (AFTERNOON, "Svegliami alle sette", "Sveglia impostata: domani, le 7 di mattina."),
    ],
)
def test_italian(now: str, text: str, expected: str) -> None:
    assert spoken("it", text, now) == expected


@pytest.mark.parametrize(
    ("language", "now", "text", "expected"),
    [
        ("pt", AFTERNOON, "Que horas são?", "São 3 e 5 da tarde."),
        ("pt", NIGHT, "Que horas são?", "É uma da madrugada."),
        ("pt-BR", "14:07", "Que horas são?", "São duas e 7 da tarde."),
        ("pt-BR", MIDNIGHT, "Que horas são?", "São 12 e 7 da noite."),
        ("pt", AFTERNOON, "Define um temporizador de 2 h", "Temporizador definido: duas horas."),
        ("pt", AFTERNOON, "Acende a luz", "Não posso ligar nada: nenhuma casa está ligada."),
        ("pt-BR", AFTERNOON, "Acenda a luz", "Não posso ligar nada: nenhuma casa está conectada."),
    ],
)
def test_portuguese(language: str, now: str, text: str, expected: str) -> None:
    assert spoken(language, text, now) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "fr",
            "Combien de temps reste-t-il ?",
            "Il reste une minute et une seconde sur le minuteur pizza et 30 minutes sur le "
            "minuteur réglé sur une heure.",
        ),
        ("es", "¿Cuántos temporizadores hay?", "Hay 2 temporizadores en marcha: un minuto y un "
         "segundo en el temporizador pizza y 30 minutos en el temporizador de una hora."),
        ("it", "Annulla tutti i timer", "Ho annullato 2 timer."),
        ("pt", "Cancela todos os temporizadores", "Cancelei 2 temporizadores."),
    ],
)  # fmt: skip
def test_lists_and_plurals(language: str, text: str, expected: str) -> None:
    assert spoken(language, text, timers=2) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "mets une alarme bientôt"),
        ("es", "pon una alarma cuando puedas"),
        ("it", "metti una sveglia quando puoi"),
        ("pt-BR", "toque o alarme quando puder"),
    ],
)
def test_an_alarm_is_no_music(language: str, text: str) -> None:
    request = ReplyRequest(text=text, language=language, situation=Situation())
    (part,) = answer(load(language, understood=SKILLS), request)
    assert isinstance(part, Declined)
    assert part.text


@pytest.mark.parametrize(
    ("language", "text", "name", "kind", "area"),
    [
        ("fr", "allume la lampe du salon", "Lampe du salon", "lampe", "Salon"),
        ("fr", "verrouille la porte d'entrée", "Porte d'entrée", "porte", "Entrée"),
        ("es", "enciende la luz de la cocina", "Luz de la cocina", "luz", "Cocina"),
        ("it", "accendi la luce del bagno", "Luce del bagno", "luce", "Bagno"),
        ("pt", "abre a porta da garagem", "Porta da garagem", "porta", "Garagem"),
    ],
)
def test_a_whole_name_is_preferred_to_a_kind_in_a_room(
    language: str, text: str, name: str, kind: str, area: str
) -> None:
    match = load(language).match(text, (kind, name), (area,))
    assert match is not None
    assert match.slots == {"name": name}
    match = load(language).match(text, (kind,), (area,))
    assert match is not None
    assert match.slots == {"name": kind, "area": area}
