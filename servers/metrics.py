"""Metrics of the servers, for Prometheus."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from satellite.errors import ConfigError
from satellite.http.pages import Page, Pages
from satellite.http.probes import probe_server
from satellite.http.token import Token
from satellite.text.reason_of import reason_of
from servers.pool import Pool
from servers.serve.observer import CANCELLED, DONE, Observer, RequestRecord

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_TIMES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds, from a cached phrase to a long answer of a large model."""
_LOADS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120)
"""Seconds, from a small voice to a large model from a slow disk."""


class Metrics:
    """Counters of everything that is served."""

    def __init__(self) -> None:
        import prometheus_client as prometheus  # 50 ms that servers without metrics save

        self.registry: CollectorRegistry = prometheus.CollectorRegistry()

        def named(kind: Any, name: str, text: str, *labels: str, **more: Any) -> Any:
            return kind(f"satellite_{name}", text, labels, registry=self.registry, **more)

        counter, gauge, histogram = prometheus.Counter, prometheus.Gauge, prometheus.Histogram
        every = ("role", "engine")
        self.requests = named(counter, "requests", "Requests that have ended", *every, "outcome")
        self.errors = named(counter, "errors", "Errors, by their code", "role", "code")
        self.first = named(
            histogram,
            "first_result_seconds",
            "From the beginning of a request to its first result",
            *every,
            buckets=_TIMES,
        )
        self.after = named(
            histogram,
            "answer_seconds",
            "From the end of what the client sent to the last result",
            *every,
            buckets=_TIMES,
        )
        self.whole = named(
            histogram,
            "request_seconds",
            "From the beginning of a request to its end",
            *every,
            buckets=_TIMES,
        )
        self.audio = named(counter, "audio_seconds", "Seconds of sound listened to", *every)
        self.text = named(counter, "characters", "Characters of text taken in", *every)
        self.load = named(
            histogram, "model_load_seconds", "Loading of an engine", *every, buckets=_LOADS
        )
        self.running = named(gauge, "requests_running", "Requests being worked on", "role")
        self.queued = named(gauge, "requests_queued", "Requests waiting for their turn", "role")
        self.share = named(
            gauge,
            "requests_per_worker",
            "Requests worked on and waiting, for each that may be worked on at once",
            "role",
        )
        self.connections = named(gauge, "connections", "Clients that are connected", "role")
        self.clients = named(counter, "clients", "Clients that have connected", "role")

    def role(self, role: str, pool: Pool, workers: int) -> Observer:
        """Return the observer of a role's service, which works with `pool`.

        `workers` is the number of its requests that may run at once.
        """
        self.running.labels(role).set_function(lambda: pool.running)
        self.queued.labels(role).set_function(lambda: pool.queued)
        self.share.labels(role).set_function(lambda: (pool.running + pool.queued) / workers)
        return _RoleMetrics(self, role)

    def loaded(self, role: str, engine: str, seconds: float) -> None:
        """Count the loading of an engine."""
        self.load.labels(role, engine).observe(seconds)

    def text_of(self, accepted: str) -> tuple[bytes, str]:
        """Return all values in the form that a scraper accepts, and its content type."""
        from prometheus_client.exposition import choose_encoder

        encode, kind = choose_encoder(accepted)
        return encode(self.registry), kind


class _RoleMetrics(Observer):
    def __init__(self, metrics: Metrics, role: str) -> None:
        self._metrics = metrics
        self._role = role

    def connected(self) -> None:
        self._metrics.clients.labels(self._role).inc()
        self._metrics.connections.labels(self._role).inc()

    def disconnected(self) -> None:
        self._metrics.connections.labels(self._role).dec()

    def refused(self, code: str) -> None:
        self._metrics.errors.labels(self._role, code).inc()

    def finished(self, record: RequestRecord) -> None:
        metrics, labels = self._metrics, (record.role, record.engine)
        metrics.requests.labels(*labels, record.outcome).inc()
        if record.outcome not in (DONE, CANCELLED):
            metrics.errors.labels(record.role, record.outcome).inc()
        amount = metrics.audio if record.unit == "s" else metrics.text
        amount.labels(*labels).inc(record.amount)
        if record.outcome != DONE:
            return
        metrics.whole.labels(*labels).observe(record.whole)
        if record.first is not None:
            metrics.first.labels(*labels).observe(record.first)
        if record.after is not None:
            metrics.after.labels(*labels).observe(record.after)


@asynccontextmanager
async def metrics_server(
    metrics: Metrics,
    host: str,
    port: int,
    pages: Pages | None = None,
    token: Token | None = None,
) -> AsyncGenerator[int, None]:
    """Serve the metrics and other pages by HTTP during this block; yield the port.

    Requests from other machines must send the token; see `satellite.http.probes`.
    Raises `ConfigError` where nothing can listen at the address.
    """

    def page(headers: Mapping[str, str]) -> Page:
        return Page(*metrics.text_of(headers.get("accept", "")))

    async with AsyncExitStack() as stack:
        everything = {"/metrics": page, **(pages or {}), "/": page}
        try:
            bound = await stack.enter_async_context(probe_server(everything, host, port, token))
        except OSError as error:
            reason = reason_of(error)
            raise ConfigError(
                [f"cannot serve metrics at {host} port {port}: {reason} (--metrics)"]
            ) from error
        yield bound
