"""A recorder beside the chats: when there is one, what it logs, and that its troubles stay its own."""

import asyncio
import logging

import pytest

from bot.config import load_settings
from bot.serving import recorder as module
from bot.serving.recorder import record_beside
from engine.errors import DataUnavailableError, UnknownSymbolError
from engine.recording.reports import Listening, MarketRead, Trouble
from engine.sources.simulated import SimulatedSource

pytestmark = pytest.mark.usefixtures("plain_home")


class Recording:
    """Runs as it is told to: raises what it is given, one after the other, then records for ever."""

    def __init__(self, *errors):
        self.errors, self.runs = list(errors), []

    def clock(self):
        return 1_770_000_000.0

    async def run(self, symbols, stop, tell):
        self.runs.append(symbols)
        if self.errors:
            raise self.errors.pop(0)
        tell(MarketRead("BTC", ("okx",)))
        tell(Listening("okx"))
        tell(Trouble("A liquidation could not be read."))
        await stop.wait()


def beside(monkeypatch, recording, *, wait_s=0.2, **flags):
    monkeypatch.setattr(module, "recording_of", lambda settings, source: recording)

    async def run():
        work = record_beside(load_settings({"record": flags}), SimulatedSource(seed=1), again_after_s=0.01)
        try:
            await asyncio.wait_for(work, wait_s)
        except TimeoutError:
            return True
        return False

    return asyncio.run(run())


def test_what_the_settings_name_is_recorded_until_the_process_ends(monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    recording = Recording()
    assert beside(monkeypatch, recording, symbols=("BTC", "ETH"))
    assert recording.runs == [("BTC", "ETH")]
    assert [record.getMessage() for record in caplog.records] == [
        "recorder: listening to OKX's liquidations",
        "recorder: A liquidation could not be read.",
    ]


@pytest.mark.parametrize("flags", [{"beside_chats": False}, {"symbols": ()}])
def test_nothing_is_recorded_where_the_settings_say_so(monkeypatch, flags):
    recording = Recording()
    assert not beside(monkeypatch, recording, **flags)
    assert recording.runs == []


def test_there_is_nothing_to_record_of_an_invented_market():
    asyncio.run(record_beside(load_settings(), SimulatedSource(seed=1)))


@pytest.mark.parametrize("error", [DataUnavailableError("No venue answers."), RuntimeError("boom")])
def test_a_recorder_that_fails_starts_anew(monkeypatch, caplog, error):
    recording = Recording(error)
    assert beside(monkeypatch, recording)
    assert len(recording.runs) == 2
    assert str(error) in caplog.text


def test_a_symbol_that_nobody_lists_ends_it_with_what_to_do(monkeypatch, caplog):
    recording = Recording(UnknownSymbolError("BTX", ["BTC"], ("BTC",)))
    assert not beside(monkeypatch, recording)
    assert "Mend [record] symbols." in caplog.text
