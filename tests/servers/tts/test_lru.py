"""A bounded cache of models: each loads once, and the least recently used one is dropped."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from servers.tts.lru import LruCache


def test_models_load_once_and_the_least_recently_used_is_dropped() -> None:
    cache: LruCache[str] = LruCache(2)
    loaded: list[str] = []

    def load(name: str) -> str:
        return cache.take(name, lambda: loaded.append(name) or name)  # type: ignore[func-returns-value]

    for name in ("a", "b", "a", "c", "a", "b"):
        assert load(name) == name
    assert loaded == ["a", "b", "c", "b"]
    assert "c" not in cache
    cache.clear()
    assert "a" not in cache


def test_a_model_that_fails_to_load_is_tried_again() -> None:
    cache: LruCache[int] = LruCache(1)
    with pytest.raises(ZeroDivisionError):
        cache.take("a", lambda: 1 // 0)
    assert cache.take("a", lambda: 1) == 1


def test_only_users_of_a_loading_model_wait_for_it() -> None:
    cache: LruCache[str] = LruCache(2)
    begun, go = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert go.wait(10)
        return "slow"

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cache.take, "slow", slow)
        assert begun.wait(10)
        second = threads.submit(cache.take, "slow", lambda: "again")
        assert cache.take("quick", lambda: "quick") == "quick"
        assert not second.done()
        go.set()
        assert first.result() == second.result() == "slow"
