"""The tests of the API need its messages; `test_door` says so where they are missing."""

from __future__ import annotations

from satellite.homeassistant.esphome.messages import installed

collect_ignore = [] if installed() else ["test_hostile.py", "test_server.py", "test_voice.py"]
collect_ignore += (
    [] if installed() else ["test_noise.py", "test_settings.py", "test_external_words.py"]
)
