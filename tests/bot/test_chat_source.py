"""Where a process that serves chats gets its markets: never an invented one that nobody allowed."""

import pytest

from bot.app import open_chat_source
from bot.config import ConfigError, load_settings
from bot.tokens import as_symbol
from engine.errors import DataUnavailableError
from engine.history.keeping import keep
from engine.history.store import HistoryStore
from engine.sources.simulated import SimulatedSource
from engine.symbols import SymbolIndex
from engine.windows import parse_instant
from tests.engine.made_live import staged
from tests.engine.markets import random_closes, venue_from
from tests.replay_exchange import ReplayMarket

pytestmark = pytest.mark.usefixtures("plain_home", "no_venue")


def settings_with(**market):
    return load_settings({"market": market})


def test_auto_without_a_venue_says_that_there_is_no_data_instead_of_inventing_it():
    source = open_chat_source(settings_with(source="auto"))
    try:
        assert source.name == "live"
        assert source.known_symbols() == ()
        with pytest.raises(DataUnavailableError, match="No venue answers"):
            source.market("BTC")
    finally:
        source.close()


def test_auto_falls_back_to_the_simulated_market_where_that_is_allowed():
    source = open_chat_source(settings_with(source="auto", allow_simulated=True))
    assert source.name == "simulated"
    assert source.known_symbols() == source.symbols()


def test_the_simulated_market_must_be_allowed_even_where_it_was_chosen():
    with pytest.raises(ConfigError, match="allow_simulated = true"):
        open_chat_source(settings_with(source="simulated"))
    assert open_chat_source(settings_with(source="simulated", allow_simulated=True)).name == "simulated"


def test_auto_without_the_extra_is_refused_with_how_to_install_it(monkeypatch):
    monkeypatch.setattr("bot.app.has_live_extra", lambda: False)
    with pytest.raises(ConfigError, match="pip install"):
        open_chat_source(settings_with(source="auto"))


def test_recordings_are_served_as_they_are(tmp_path):
    assert open_chat_source(settings_with(source="recorded", recordings=str(tmp_path))).name == "recorded"


def test_invented_numbers_never_enter_the_history(tmp_path):
    market = SimulatedSource(seed=7).market("BTC")
    with HistoryStore(tmp_path) as store, pytest.raises(ValueError, match="not simulated ones"):
        keep(market, store)
    assert not list(tmp_path.rglob("*.parquet"))


# --- spellings on live venues ----------------------------------------------------------------------------------------

NOW_S = parse_instant("2026-02-05T12:02:17Z")


@pytest.fixture(scope="module")
def stage():
    market = ReplayMarket.of(venue_from(random_closes(3, 600), seed=3, start_s=NOW_S // 300 * 300 - 300 * 590))
    coins = {"BTC": market, "ETH": market, "1000PEPE": market}
    with staged(coins, now_s=NOW_S, venues=("binanceusdm", "bybit")) as stage:
        yield stage


def test_symbols_are_known_without_a_request_once_a_catalogue_was_read(stage):
    assert stage.source.known_symbols() == ()
    listed = stage.source.symbols()
    asked = stage.exchange.count()
    assert stage.source.known_symbols() == listed
    assert stage.exchange.count() == asked
    assert SymbolIndex(listed).suggest("pep") == ("PEPE", "1000PEPE")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((text, "BTC") for text in ("BTC", "btcusdt", "BTC/USDT", "BTC-PERP", "$btc", "BTCUSDT.P")),
        ("1000PEPE", "1000PEPE"),
        ("PEPE", "1000PEPE"),
    ],
)
def test_every_spelling_is_answered_for_the_perpetual_that_is_meant(stage, written, meant):
    market = stage.source.market(as_symbol(written))
    assert market.symbol == meant
    assert {venue.venue for venue in market.venues} == {"binanceusdm", "bybit"}
