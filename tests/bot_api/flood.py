"""How many messages the server takes in a while, in all and in one chat."""

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass

from tests.bot_api.wire import RefusedError


@dataclass(frozen=True)
class Limits:
    """Messages per period; None is no limit. Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits.

    The limits of one chat are off unless asked for: the server lets short bursts pass, how short it does not tell.
    """

    overall_per_s: int | None = 30
    chat_per_s: int | None = None
    group_per_min: int | None = None


class Flood:
    """Counts messages over sliding windows; what goes beyond is refused and not counted."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._sent: dict[Hashable, deque[float]] = {}

    def take(self, at: float, chat_id: int, count: int) -> None:
        windows = [("all", self.limits.overall_per_s, 1.0), (chat_id, self.limits.chat_per_s, 1.0)]
        if chat_id < 0:
            windows.append((("group", chat_id), self.limits.group_per_min, 60.0))
        limited = [(key, limit, period_s) for key, limit, period_s in windows if limit is not None]
        for key, limit, period_s in limited:
            sent = self._recent(key, at - period_s)
            if sent and len(sent) + count > limit:
                retry_after_s = max(math.ceil(sent[0] + period_s - at), 1)
                description = f"Too Many Requests: retry after {retry_after_s}"
                raise RefusedError(description, code=429, retry_after=retry_after_s)
        for key, _, _ in limited:
            self._sent[key].extend([at] * count)

    def _recent(self, key: Hashable, after: float) -> deque[float]:
        sent = self._sent.setdefault(key, deque())
        while sent and sent[0] <= after:
            sent.popleft()
        return sent
