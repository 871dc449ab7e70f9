"""A few models are kept: loaded once, the one not used for longest makes room."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from servers.tts.piper.lru import LruCache


def test_models_load_once_and_the_least_recently_used_is_dropped() -> None:
    shelf: LruCache[str] = LruCache(2)
    loaded: list[str] = []

    def load(name: str) -> str:
        return shelf.take(name, lambda: loaded.append(name) or name)  # type: ignore[func-returns-value]

    for name in ("a", "b", "a", "c", "a", "b"):
        assert load(name) == name
    assert loaded == ["a", "b", "c", "b"]
    assert "c" not in shelf
    shelf.clear()
    assert "a" not in shelf


def test_a_model_that_fails_to_load_is_tried_again() -> None:
    shelf: LruCache[int] = LruCache(1)
    with pytest.raises(ZeroDivisionError):
        shelf.take("a", lambda: 1 // 0)
    assert shelf.take("a", lambda: 1) == 1


def test_only_users_of_a_loading_model_wait_for_it() -> None:
    shelf: LruCache[str] = LruCache(2)
    begun, go = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert go.wait(10)
        return "slow"

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(shelf.take, "slow", slow)
        assert begun.wait(10)
        second = threads.submit(shelf.take, "slow", lambda: "again")
        assert shelf.take("quick", lambda: "quick") == "quick"
        assert not second.done()
        go.set()
        assert first.result() == second.result() == "slow"
