"""The numbers of a serving process, in Prometheus' text format; no label holds a person, a text or a symbol."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.deliveries.delivery import Delivery, Status
from bot.serving.supervisor import PlatformStatus
from bot.serving.watched import Handled

ANSWER_BUCKETS_S = (0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Around what is promised: .03 s for an answer that is there, .35 s for a new one, and 1 s for the slowest."""
LAG_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)
LATE_BUCKETS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0, 21_600.0)


class Metrics:
    """What is counted; may be told of things from any thread."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        labels = ("platform", "intent", "outcome")
        self._answers = Counter("fathom_answers", "Messages and presses answered.", labels, registry=registry)
        self._seconds = Histogram(
            "fathom_answer_seconds",
            "From a message's arrival to its finished answer.",
            ("cached",),
            buckets=ANSWER_BUCKETS_S,
            registry=registry,
        )
        self._hits = Counter("fathom_cache_hits", "Answers that were there already.", registry=registry)
        self._venues = Counter("fathom_venue_failures", "Markets without a venue.", ("venue",), registry=registry)
        self._lag = Histogram(
            "fathom_event_loop_lag_seconds", "How late the loop is.", buckets=LAG_BUCKETS_S, registry=registry
        )
        self._deliveries = Counter(
            "fathom_deliveries", "Reports, alerts and notices ended.", ("platform", "kind", "status"), registry=registry
        )
        self._late = Histogram(
            "fathom_delivery_late_seconds",
            "From the due time of what was sent to its sending.",
            ("kind",),
            buckets=LATE_BUCKETS_S,
            registry=registry,
        )
        self._waiting = Gauge("fathom_questions_waiting", "Distinct questions under way.", registry=registry)
        self._working = Gauge("fathom_workers_answer", "1 when the workers answer.", registry=registry)
        self._connected = Gauge(
            "fathom_platform_connected", "1 when messages arrive.", ("platform",), registry=registry
        )
        self._platforms: Callable[[], tuple[PlatformStatus, ...]] = tuple

    def follow(
        self,
        *,
        waiting: Callable[[], int],
        workers_answer: Callable[[], bool],
        platforms: Callable[[], tuple[PlatformStatus, ...]],
    ) -> None:
        """Take these numbers whenever somebody asks for the metrics."""
        self._waiting.set_function(waiting)
        self._working.set_function(workers_answer)
        self._platforms = platforms

    def answered(self, handled: Handled) -> None:
        """Count an answer."""
        self._answers.labels(handled.platform, handled.intent, handled.outcome).inc()
        self._seconds.labels("yes" if handled.is_cached else "no").observe(handled.took_s)
        if handled.is_cached:
            self._hits.inc()

    def venue_failed(self, venue: str) -> None:
        """Count a market that lacks a venue."""
        self._venues.labels(venue).inc()

    def ended(self, delivery: Delivery, status: Status, late_s: int) -> None:
        """Count a delivery that ended; late_s: after its due time [s]."""
        self._deliveries.labels(delivery.destination.platform, delivery.kind, status).inc()
        if status == "sent":
            self._late.labels(delivery.kind).observe(max(0, late_s))

    def lagged(self, lag_s: float) -> None:
        """Note how late the event loop was [s]."""
        self._lag.observe(lag_s)

    def text(self) -> bytes:
        """Return all numbers as they are scraped."""
        for status in self._platforms():
            self._connected.labels(status.name).set(status.state == "connected")
        return generate_latest(self._registry)
