"""Settings: which layer wins, and that a wrong one is refused by name."""

import re
import subprocess
import sys
import tomllib
from functools import reduce
from operator import attrgetter
from pathlib import Path
from typing import get_args

import pytest

from bot.app import positions_endpoint
from bot.config import ConfigError, Settings, ThemeName, known_keys, load_settings
from charts.theme import THEMES

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

pytestmark = pytest.mark.usefixtures("plain_home")


def write(text: str, name: str = "config.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_flag_wins_over_environment_over_file_over_default(monkeypatch):
    seed = lambda flags=None: load_settings(flags).market.simulated_seed  # noqa: E731
    assert seed() == 7
    write("[market]\nsimulated_seed = 1\nsource = 'simulated'")
    assert seed() == 1
    monkeypatch.setenv("FATHOM_MARKET__SIMULATED_SEED", "2")
    assert seed() == 2
    assert seed({"market": {"simulated_seed": 3}}) == 3
    assert seed({"market": {"simulated_seed": None}}) == 2
    assert load_settings({"market": {"simulated_seed": 3}}).market.source == "simulated"


def test_named_file_is_read_instead_of_the_one_in_the_folder():
    write("[charts]\nwidth_px = 500")
    other = write("[charts]\ntheme = 'light'", "other.toml")
    charts = load_settings(config=other).charts
    assert (charts.theme, charts.width_px) == ("light", 1600)


def test_empty_variable_is_no_setting(monkeypatch):
    monkeypatch.setenv("FATHOM_MARKET__RECORDINGS", "")
    assert load_settings().market.recordings is None


def test_a_venue_is_redirected_or_switched_off_by_file_and_environment(monkeypatch):
    write(
        "[venues.okx]\nenabled = false\nws_url = 'ws://localhost:3'\n[venues.bybit]\nbase_url = 'http://localhost:1/bybit'"
    )
    monkeypatch.setenv("FATHOM_VENUES__BYBIT__BASE_URL", "http://localhost:2")
    monkeypatch.setenv("FATHOM_VENUES__BYBIT__WS_URL", "wss://localhost:4/stream")
    venues = load_settings().venues
    assert (venues.binanceusdm.enabled, venues.okx.enabled) == (True, False)
    assert (venues.binanceusdm.base_url, venues.bybit.base_url) == (None, "http://localhost:2")
    streams = (venues.binanceusdm.ws_url, venues.bybit.ws_url, venues.okx.ws_url)
    assert streams == (None, "wss://localhost:4/stream", "ws://localhost:3")


def test_any_other_exchange_is_named_by_file_or_environment(monkeypatch):
    write("[venues.hyperliquid]\nbase_url = 'http://localhost:1'\n[venues.gate]\nenabled = false")
    monkeypatch.setenv("FATHOM_VENUES__BITGET__ENABLED", "true")
    monkeypatch.setenv("FATHOM_VENUES__GATE__BASE_URL", "http://localhost:2")
    venues = dict(load_settings().venues)
    enabled = {name for name in venues if venues[name].enabled}
    assert enabled == {"binanceusdm", "bybit", "okx", "bitget"}
    assert venues["hyperliquid"].base_url == "http://localhost:1"
    assert (venues["gate"].enabled, venues["gate"].base_url) == (False, "http://localhost:2")


def test_an_exchange_that_nobody_knows_is_refused_with_the_nearest(monkeypatch):
    monkeypatch.setenv("FATHOM_VENUES__KRAKKEN__ENABLED", "1")
    with pytest.raises(ConfigError, match=r"venues\.krakken \(FATHOM_VENUES__KRAKKEN__ENABLED\).* kraken"):
        load_settings()
    monkeypatch.delenv("FATHOM_VENUES__KRAKKEN__ENABLED")
    write("[venues.hyperliqid]\nenabled = true")
    with pytest.raises(ConfigError, match=r"venues\.hyperliqid in config\.toml.* did you mean hyperliquid"):
        load_settings()


def test_names_of_exchanges_are_checked_without_loading_the_library():
    write("[venues.hyperliquid]\nenabled = true")
    code = "import sys; from bot.config import load_settings; load_settings(); assert 'ccxt' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_two_names_of_one_exchange_are_refused_because_its_positions_would_count_twice():
    write("[venues.binance]\nenabled = true")
    with pytest.raises(ConfigError, match=r"venues\.binanceusdm and venues\.binance are one exchange"):
        load_settings()
    write("[venues.binance]\nenabled = true\n[venues.binanceusdm]\nenabled = false")
    assert load_settings().venues.binanceusdm.enabled is False


def test_where_positions_are_swept_follows_the_settings(monkeypatch):
    assert positions_endpoint(load_settings()).leaderboard_url.startswith("https://stats-data.hyperliquid.xyz/")
    assert positions_endpoint(load_settings()).base_url is None
    wallet = "0x" + "aB" * 20
    monkeypatch.setenv("FATHOM_POSITIONS__WALLETS", f'["{wallet}"]')
    write(
        "[positions]\nleaderboard_url = 'http://localhost:2/l'\n[venues.hyperliquid]\nbase_url = 'http://localhost:1'"
    )
    settings = load_settings()
    endpoint = positions_endpoint(settings)
    assert (endpoint.base_url, endpoint.leaderboard_url) == ("http://localhost:1", "http://localhost:2/l")
    assert settings.positions.wallets == (wallet,)
    write("[positions]\nleaderboard = false\nleaderboard_url = 'http://localhost:2/l'")
    assert positions_endpoint(load_settings()).leaderboard_url is None
    write("[positions]\nenabled = false")
    assert positions_endpoint(load_settings()) is None


def test_moment_may_be_written_as_text_or_as_a_moment_of_toml():
    for written in ('"2026-02-05T12:00:00Z"', "2026-02-05T12:00:00Z", '"2026-02-05T13:00:00+01:00"'):
        write(f"[market]\nat = {written}")
        assert load_settings().market.at == "2026-02-05T12:00:00Z"


def test_example_shows_every_key_with_its_default():
    text = EXAMPLE.read_text(encoding="utf-8")
    shown = tomllib.loads(text)
    settings = load_settings(config=EXAMPLE)
    assert settings.model_dump() == Settings().model_dump()
    for section, keys in known_keys().items():
        part = text.split(f"\n[{section}]\n")[1].split("\n[")[0]
        mentioned = re.findall(r"^(?:# )?(\w+) = ", part, re.MULTILINE)
        assert sorted(mentioned) == sorted(keys)
        without_default = {key for key in keys if getattr(attrgetter(section)(settings), key) is None}
        written = reduce(lambda table, name: table[name], section.split("."), shown)
        assert set(keys) - set(written) == without_default


def test_example_is_valid_with_everything_uncommented():
    once = r"^# (?!token_file|api_key_file|key_file)(\w+ = )"  # a secret is given in one way
    text = re.sub(once, r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert load_settings(config=write(text)).market.recordings == Path("recordings")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[market]\nsorce = 'auto'", ["Unknown setting market.sorce", "config.toml", "source"]),
        ("[markt]\nsource = 'auto'", ["Unknown setting markt", "market"]),
        ("market = 3", ["market", "[market]"]),
        ("[market]\nsource = 'binance'", ["market.source", "'binance'", "recorded"]),
        ("[market]\nat = 'yesterday'", ["market.at", "2026-02-05T12:00:00Z"]),
        ("[market]\nsimulated_seed = -1", ["market.simulated_seed", "0"]),
        ("[charts]\nwidth_px = 'wide'", ["charts.width_px", "'wide'", "integer"]),
        ("[charts]\nwidth_px = 99999", ["charts.width_px", "4000"]),
        ("[charts]\ntheme = 'pink'", ["charts.theme", "'pink'", "dark"]),
        ("[charts\nwidth_px = 3", ["config.toml", "TOML"]),
        ("[market]\nauto_wait_s = 0", ["market.auto_wait_s", "greater than 0"]),
        ("[venues.okx]\nenabled = 'perhaps'", ["venues.okx.enabled", "'perhaps'"]),
        ("[venues.gate]\nbase_ur = 'https://a'", ["venues.gate.base_ur", "base_url"]),
        ("[venues]\ngate = 3", ["[venues.gate]"]),
        ("[venues.okx]\nbase_ur = 'https://a'", ["venues.okx.base_ur", "base_url"]),
        ("[venues.okx]\nbase_url = 'okx.com'", ["venues.okx.base_url", "'okx.com'"]),
        ("[positions]\nwallets = ['0x12']", ["positions.wallets.0", "'0x12'"]),
        ("[positions]\nleaderboard_url = 'stats'", ["positions.leaderboard_url", "'stats'"]),
        ("[positions]\nwallet = []", ["positions.wallet", "wallets"]),
        ("[telegram]\nbase_url = 'api.telegram.org'", ["telegram.base_url", "'api.telegram.org'"]),
        ("[discord]\ngateway = 'https://gateway'", ["discord.gateway", "'https://gateway'"]),
        ("[discord]\nlayout = 'cards'", ["discord.layout", "'components' or 'embed'"]),
        ("[serve]\nworkers = 0", ["serve.workers", "1"]),
        ("[owner]\ntelegram = ['ann']", ["owner.telegram.0", "'ann'"]),
        ("[llm]\nbase_url = 'localhost:8000'", ["llm.base_url", "'localhost:8000'"]),
        ("[llm]\napi_key_file = 'llm.key'", ["llm", "no model", "model"]),
        ("[venues.okx]\nws_url = 'https://ws.okx.com'", ["venues.okx.ws_url", "'https://ws.okx.com'"]),
    ],
)
def test_wrong_file_is_refused_by_name(text, words):
    write(text)
    with pytest.raises(ConfigError) as refusal:
        load_settings()
    assert [word for word in words if word not in str(refusal.value)] == []


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("FATHOM_MARKET__SORCE", "auto", ["FATHOM_MARKET__SORCE", "FATHOM_MARKET__SOURCE"]),
        ("FATHOM_VENUES__OKX__BASE_UR", "https://a", ["FATHOM_VENUES__OKX__BASE_UR", "FATHOM_VENUES__OKX__BASE_URL"]),
        ("FATHOM_VENUES__GATE__BASE_UR", "https://a", ["GATE__BASE_UR", "Did you mean FATHOM_VENUES__GATE__BASE_URL?"]),
        ("FATHOM_VENUES__GATE", "{}", ["Unknown setting FATHOM_VENUES__GATE in the environment"]),
        ("FATHOM_VENUES__OKX__BASE_URL", "a", ["venues.okx.base_url", "FATHOM_VENUES__OKX__BASE_URL", "'a'"]),
        ("FATHOM_VENUES__OKX__WS_URL", "a", ["venues.okx.ws_url", "FATHOM_VENUES__OKX__WS_URL", "'a'"]),
        ("FATHOM_MARKT__SOURCE", "auto", ["FATHOM_MARKT__SOURCE", "FATHOM_MARKET__SOURCE"]),
        ("FATHOM_MARKET", "{}", ["FATHOM_MARKET", "FATHOM_MARKET__"]),
        ("FATHOM_CHARTS__WIDTH_PX", "wide", ["charts.width_px", "FATHOM_CHARTS__WIDTH_PX", "'wide'"]),
    ],
)
def test_wrong_variable_is_refused_by_name(monkeypatch, variable, value, words):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as refusal:
        load_settings()
    assert [word for word in words if word not in str(refusal.value)] == []


def test_wrong_flag_is_blamed_even_when_the_file_is_wrong_too():
    write("[market]\nat = 'yesterday'")
    with pytest.raises(ConfigError, match="--at"):
        load_settings({"market": {"at": "tomorrow"}})


def test_the_database_is_a_file_among_the_users_data_unless_it_is_named(monkeypatch):
    assert re.fullmatch(r"sqlite:///.*fathom.fathom\.db", load_settings().storage.address)
    write("[storage]\nurl = 'sqlite:///here.db'")
    assert load_settings().storage.address == "sqlite:///here.db"
    monkeypatch.setenv("FATHOM_STORAGE__URL", "postgresql://fathom:sesame@db.example/fathom")
    assert load_settings().storage.address == "postgresql://fathom:sesame@db.example/fathom"


@pytest.mark.parametrize("address", ["mysql://fathom:sesame@db.example/fathom", "fathom:sesame", "sesame", "://sesame"])
def test_an_address_of_no_database_is_refused_without_repeating_it(monkeypatch, address):
    monkeypatch.setenv("FATHOM_STORAGE__URL", address)
    with pytest.raises(ConfigError, match=r"storage\.url.*FATHOM_STORAGE__URL.*sqlite:///folder/fathom\.db") as refusal:
        load_settings()
    assert "sesame" not in str(refusal.value)


def test_every_theme_that_can_be_drawn_can_be_set():
    assert set(get_args(ThemeName)) == set(THEMES)


def test_named_file_that_does_not_exist_is_an_error():
    with pytest.raises(ConfigError, match=r"no settings file nowhere\.toml"):
        load_settings(config=Path("nowhere.toml"))


def test_folder_and_binary_file_are_refused_as_settings(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(config=tmp_path)
    Path("binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(config=Path("binary.toml"))


def test_a_wrong_address_is_told_how_to_be_written(monkeypatch) -> None:
    monkeypatch.setenv("FATHOM_TELEGRAM__BASE_URL", "nope")
    with pytest.raises(ConfigError, match="write it as http://host:port/path"):
        load_settings()
    monkeypatch.delenv("FATHOM_TELEGRAM__BASE_URL")
    monkeypatch.setenv("FATHOM_DISCORD__GATEWAY", "http://127.0.0.1")
    with pytest.raises(ConfigError, match="write it as ws://host:port/path"):
        load_settings()
