"""What a message means: every form that traders type, and every form that has no single meaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import parse_request
from bot.requests import Help, Level, Liq, Maps, Models, Questions, Request, RequestError, Zones
from bot.tokens import MAX_TEXT_LENGTH, as_price, as_symbol
from engine.errors import UnknownWindowError
from engine.windows import WINDOWS, window_named

KNOWN = ("BTC", "ETH", "SOL")


def read(text: str, last_symbol: str | None = None):
    return parse_request(text, symbols=KNOWN, last_symbol=last_symbol)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("/liq BTC", Liq(symbol="BTC")),
        ("/liq eth 12h m2", Liq(symbol="ETH", window=window_named("12h"), model="M2")),
        ("/liq m2 12h eth", Liq(symbol="ETH", window=window_named("12h"), model="M2")),
        ("/liq btc model 1 3 days", Liq(symbol="BTC", window=window_named("3d"), model="M1")),
        ("BTC", Liq(symbol="BTC")),
        ("liquidation map for bitcoin?", Liq(symbol="BTC")),
        ("/level BTC 68.5k", Level(symbol="BTC", price=68_500)),
        ("/level 68,500 btc", Level(symbol="BTC", price=68_500)),
        ("/level btc $68500", Level(symbol="BTC", price=68_500)),
        ("/level@fathombot BTC 68500 on 12h", Level(symbol="BTC", price=68_500, window=window_named("12h"))),
        ("btc 68500?", Level(symbol="BTC", price=68_500)),
        ("is 70k a magnet for btc?", Level(symbol="BTC", price=70_000)),
        ("Is $70K a Magnet for BTC?!", Level(symbol="BTC", price=70_000)),
        ("/level doge 0.0812", Level(symbol="DOGE", price=0.0812)),
        ("/level pepe 0.0000123", Level(symbol="PEPE", price=0.0000123)),
        ("/level btc 1.2m", Level(symbol="BTC", price=1_200_000)),
        ("/zones sol", Zones(symbol="SOL")),
        ("/maps sol", Maps(symbol="SOL")),
        ("show me the maps of sol", Liq(symbol="SOL")),
        ("where are the zones for sol", Zones(symbol="SOL")),
        ("/questions BTC", Questions(symbol="BTC")),
        ("/models", Models()),
        ("/help", Help()),
        ("/start", Help()),
        ("help", Help()),
    ],
)
def test_message_has_this_meaning(text, meaning):
    assert read(text) == meaning


@pytest.mark.parametrize(
    "written",
    ["BTC", "btc", "$btc", "#BTC", "btcusdt", "BTC/USDT", "BTC-PERP", "BTC-USDT-SWAP", "BTCUSDT.P", "BTC:USDT"],
)
def test_symbol_is_the_same_however_it_is_written(written):
    assert read(f"/liq {written}") == Liq(symbol="BTC")


@pytest.mark.parametrize(
    ("written", "symbol"), [("1000pepe", "1000PEPE"), ("1inch", "1INCH"), ("xbt", "BTC"), ("usdt", "USDT")]
)
def test_symbols_with_digits_and_old_names_are_understood(written, symbol):
    assert as_symbol(written) == symbol


def test_a_little_word_is_a_symbol_when_it_is_marked_as_one():
    assert read("$on 0.2") == Level(symbol="ON", price=0.2)


def test_a_message_without_symbol_is_about_the_last_one():
    assert read("/level 68.5k", last_symbol="BTC") == Level(symbol="BTC", price=68_500)
    assert read("12h m2", last_symbol="ETH") == Liq(symbol="ETH", window=window_named("12h"), model="M2")
    assert read("/liq sol", last_symbol="ETH") == Liq(symbol="SOL")


@pytest.mark.parametrize(
    ("text", "problem", "suggestion"),
    [
        ("", "nothing to answer", "/liq BTC"),
        ("  \n\t ", "nothing to answer", "/help"),
        ("?!", "nothing to answer", "/help"),
        ("/lik btc", "no command /lik", "/liq"),
        ("/liq", "Which symbol", "/liq BTC"),
        ("68500", "Which symbol", "/level BTC 68.5k"),
        ("/level btc", "Which price", "/level BTC 68.5k"),
        ("/liq btc 70k", "takes no price", "/level BTC 70,000"),
        ("/zones btc 70k", "takes no price", "/zones BTC"),
        ("/level btc 70k 71k", "2 prices", "/level BTC 71,000"),
        ("btc 68 500", "2 prices", "/level BTC 500"),
        ("/liq btc 12h 24h", "2 windows", "/liq BTC 24h"),
        ("/liq btc m1 m2", "2 models", "/liq BTC M2"),
        ("btc or eth", "One symbol at a time", "/liq ETH"),
        ("buy the dip", "“dip”", "/help"),
        ("should i buy btc", "do not say where price will go or what to do", "/liq BTC"),
        ("will btc go up tomorrow", "do not say where price will go", "/zones BTC"),
        ("what happens if btc drops 5%", "not percentages", "/level BTC 68.5k"),
        ("i sold my btc at 70k to a cousin", "do not say where price will go", "/level BTC 70,000"),
        ("binance or okx for btc", "2 venues", "/liq BTC okx"),
        ("/level btc 68,5", "“68,5” is not a price", "68,500"),
        ("/level btc 68,500,00", "not a price", "68500"),
        ("/level btc 1.2.3", "not a price", "68500"),
        ("/level btc -68500", "not a price", "68500"),
        ("/level btc 0", "not a price", "68500"),
        ("/level btc 0.000", "not a price", "68500"),
        ("/level btc 70k-71k", "cannot read “70k-71k”", "/level BTC 68.5k"),
        ("/level btc 1e5", "“1e5”", "/liq BTC"),
        ("/level btc nan", "“nan”", "/liq BTC"),
        ("/level btc " + "9" * 60, "not a price", "68500"),
        ("/liq 🚀", "cannot read", "/liq BTC"),
        ("/liq ../../etc/passwd", "cannot read", "/liq BTC"),
        ("/liq " + "A" * 40, "cannot read", "/liq BTC"),
    ],
)
def test_message_without_single_meaning_is_refused_with_suggestions(text, problem, suggestion):
    with pytest.raises(RequestError) as refusal:
        read(text)
    assert problem in refusal.value.problem
    assert suggestion in refusal.value.suggestions
    assert 1 <= len(refusal.value.suggestions) <= 3


def test_unknown_window_names_the_known_ones():
    with pytest.raises(UnknownWindowError, match="12h, 24h, 48h, 3d, 1w, 2w, 1m"):
        read("/liq btc 7h")


def test_length_is_checked_before_anything_is_read():
    with pytest.raises(RequestError, match="characters"):
        read("/liq btc " + "\ufdfa" * MAX_TEXT_LENGTH)  # one character that full-width folding makes eighteen of


@pytest.mark.parametrize(
    "text",
    ["/liq b\u200btc", "/liq\u00a0btc\x00", "`/liq` **btc**", "/liq \u202ebtc", "／ｌｉｑ ｂｔｃ", "\x1b/liq btc"],
)
def test_invisible_characters_markup_and_full_width_forms_do_not_matter(text):
    assert read(text) == Liq(symbol="BTC")


@given(st.text(max_size=MAX_TEXT_LENGTH))
def test_any_text_is_a_request_or_a_printable_refusal(text):
    try:
        outcome = read(text)
    except (RequestError, UnknownWindowError) as refusal:
        outcome = str(refusal)
    assert isinstance(outcome, Request) or outcome.isprintable()


@given(st.permutations(["eth", "12h", "m2", "2100"]))
def test_order_of_slots_does_not_matter(slots):
    wanted = Level(symbol="ETH", window=window_named("12h"), model="M2", price=2_100)
    assert read("/level " + " ".join(slots)) == wanted


@given(st.integers(min_value=1, max_value=10**9))
def test_thousands_separators_do_not_change_a_price(price):
    assert as_price(f"{price:,}") == as_price(str(price)) == as_price(f"${price}") == price


@pytest.mark.parametrize("window", [window.name for window in WINDOWS])
def test_every_window_is_read_as_itself(window):
    assert read(f"/liq btc {window}").window == window_named(window)


@pytest.mark.parametrize("text", ["/maps btc m6", "4 maps btc m6", "4 maps btc 12h"])
def test_one_map_is_not_asked_for_with_the_four(text):
    with pytest.raises(RequestError, match="always shows the four default maps") as refused:
        parse_request(text, symbols=("BTC", "ETH"))
    one = "/liq BTC 12h" if "12h" in text else "/liq BTC M6"
    assert one in str(refused.value)
    assert parse_request("4 maps btc", symbols=("BTC", "ETH")) == Maps(symbol="BTC")
