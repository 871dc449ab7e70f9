"""After a restart of either side the next request is answered."""

from __future__ import annotations

import pytest

from tests.homeassistant.real import spoken_requests
from tests.homeassistant.real.services import FurnishedHome
from tests.support.requests import LAMP

pytestmark = pytest.mark.timeout(300)


def check_everything(home: FurnishedHome) -> None:
    """Check a run from wake word and request to answer and speech."""
    done = home.run("wake_word", "tts", audio=spoken_requests.request())
    assert done.error is None, done.events
    assert spoken_requests.words(done.transcript) == spoken_requests.words(LAMP)
    assert len(home.home_assistant.loop.run(home.api.fetch(done.url))) > 8000


def test_home_assistant_restarts(home: FurnishedHome) -> None:
    home.restart()
    check_everything(home)


def test_our_services_restart(home: FurnishedHome) -> None:
    for _ in range(3):
        home.services.stop()
        home.services.start()
        check_everything(home)


def test_runs_fail_at_once_without_services_and_work_later(home: FurnishedHome) -> None:
    home.services.stop()
    try:
        done = home.run("tts", "tts", text="is anybody there, I wonder")
        missing = done.error is not None
        if not missing:  # the new version synthesizes while the speech is fetched
            try:
                missing = not home.home_assistant.loop.run(home.api.fetch(done.url))
            except Exception as error:
                missing = bool(error)
        assert missing
        away = home.run("stt", "intent", audio=spoken_requests.lamp())
        assert away.error is not None
    finally:
        home.services.start()
    check_everything(home)


def test_home_assistant_is_killed_and_started(home: FurnishedHome) -> None:
    home.home_assistant.loop.run(home.api.call("get_config"))
    home.restart()  # its state is written
    home.home_assistant.kill()
    home.home_assistant.start()
    check_everything(home)
