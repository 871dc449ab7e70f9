"""After a restart of either side the next request is answered."""

from __future__ import annotations

import pytest

from tests.homeassistant.real import said
from tests.homeassistant.real.services import Home
from tests.support.requests import LAMP

pytestmark = pytest.mark.timeout(300)


def check_everything(home: Home) -> None:
    """A wake word, a request, an answer, and its sound."""
    done = home.run("wake_word", "tts", audio=said.request())
    assert done.error is None, done.events
    assert said.words(done.transcript) == said.words(LAMP)
    assert len(home.house.portal.run(home.api.fetch(done.url))) > 8000


def test_home_assistant_restarts(home: Home) -> None:
    home.restart()
    check_everything(home)


def test_our_services_restart(home: Home) -> None:
    for _ in range(3):
        home.services.stop()
        home.services.start()
        check_everything(home)


def test_while_our_services_are_away_runs_fail_at_once_and_later_work(home: Home) -> None:
    home.services.stop()
    try:
        done = home.run("tts", "tts", text="is anybody there, I wonder")
        missing = done.error is not None
        if not missing:  # the new version speaks while it is fetched
            try:
                missing = not home.house.portal.run(home.api.fetch(done.url))
            except Exception as error:
                missing = bool(error)
        assert missing
        away = home.run("stt", "intent", audio=said.lamp())
        assert away.error is not None
    finally:
        home.services.start()
    check_everything(home)


def test_home_assistant_is_killed_and_started(home: Home) -> None:
    home.house.portal.run(home.api.call("get_config"))
    home.restart()  # whatever it has to remember is written
    home.house.kill()
    home.house.start()
    check_everything(home)
