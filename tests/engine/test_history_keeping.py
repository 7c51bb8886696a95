from dataclasses import replace

import numpy as np
import pytest

from engine.history.keeping import KeepingSource, keep
from engine.history.store import HistoryStore
from engine.sources.recorded import RecordedSource
from engine.sources.simulated import SimulatedSource
from tests.engine.markets import random_market


class Live:
    """A source that answers with one market as if it were live."""

    name = "live"

    def __init__(self, market):
        self.answer = market

    def symbols(self):
        return ("TEST",)

    def market(self, symbol, as_of_s=None):
        return self.answer


@pytest.fixture(scope="module")
def live():
    return replace(random_market(4, 288 * 3), source="live")


def test_what_was_answered_can_be_asked_like_a_recording(live, tmp_path):
    with HistoryStore(tmp_path) as store:
        answered = KeepingSource(Live(live), store).market("TEST")
    assert answered is live
    stored = RecordedSource(tmp_path).market("TEST", live.as_of_s)
    for name in ("time_s", "duration_s", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(stored.lead.candles, name), getattr(live.lead.candles, name))
    np.testing.assert_array_equal(stored.lead.open_interest, live.lead.open_interest)
    np.testing.assert_array_equal(stored.lead.funding.rate, live.lead.funding.rate)
    assert stored.price == live.price


def test_answers_days_apart_accumulate(live, tmp_path):
    later = random_market(5, 288 * 6)
    later = replace(later, source="live")
    with HistoryStore(tmp_path) as store:
        keep(live, store)
        keep(later, store)
        (bars,) = [each for each in store.coverage("TEST") if each.kind == "perp_5m"]
    assert bars.rows == 288 * 6


def test_an_answer_is_not_lost_to_a_history_that_another_process_writes(live, tmp_path):
    with HistoryStore(tmp_path) as first, HistoryStore(tmp_path) as second:
        keep(live, first)
        answered = KeepingSource(Live(live), second).market("TEST")
    assert answered.price == live.price
    (note,) = answered.notes
    assert note.startswith("Not stored: The history at")


def test_invented_numbers_never_enter_the_history(tmp_path):
    simulated = SimulatedSource().market("BTC")
    with HistoryStore(tmp_path) as store:
        with pytest.raises(ValueError, match="only live markets are kept, not simulated ones"):
            keep(simulated, store)
        assert KeepingSource(Live(simulated), store).market("BTC") is simulated
    assert not list(tmp_path.rglob("*.parquet"))
