"""Buttons: what they say, what they hold, and what is made of texts that were never theirs."""

from dataclasses import replace
from datetime import time
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.presses import MOST_BYTES, OldButtonError, Press, buttons_for, decoded, encoded, more_button
from bot.requests import Change, ForgetMe, Help, Level, Liq, Maps, Point, Points, Questions, Report, Settings, Zones
from bot.settings_words import KEYS
from bot.tokens import MAX_SYMBOL_LENGTH
from engine.windows import WINDOWS, window_named

symbols = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=MAX_SYMBOL_LENGTH)
windows = st.none() | st.sampled_from(WINDOWS)
models = st.none() | st.sampled_from(["M1", "M2", "M4", "M5", "M6"])
venues = st.none() | st.sampled_from(["binanceusdm", "okx", "hyperliquid"])
whole = st.builds(
    lambda kind, **fields: kind(**fields),
    st.sampled_from([Liq, Maps, Zones, Questions]),
    symbol=symbols,
    window=windows,
    model=models,
    venue=venues,
)
levels = st.builds(
    Level,
    symbol=symbols,
    window=windows,
    model=models,
    venue=venues,
    price=st.floats(1e-9, 1e9).map(lambda price: float(f"{price:.10g}")),
    wants_touch=st.booleans(),
)
points = st.builds(
    Points,
    symbol=symbols,
    window=windows,
    model=models,
    venue=venues,
    points=st.lists(st.sampled_from(get_args(Point)), min_size=1, unique=True).map(tuple),
)
presses = st.builds(
    lambda verb, request: Press(verb=verb, request=request),
    st.sampled_from(["ask", "more", "hd", "level"]),
    whole | levels | points,
) | st.integers(0, 2**63).map(lambda asker: Press(verb="delete", asker=asker))
settings = st.builds(
    lambda key, value, scope: Settings(changes=(Change(key, value),), scope=scope),
    st.sampled_from(KEYS),
    st.none() | st.sampled_from(["12h", "M2", "colour-blind", "1000PEPE"]),
    st.sampled_from(["me", "chat"]),
)
presses |= st.builds(
    lambda request, asker: Press(verb="ask", request=request, asker=asker),
    settings | st.just(ForgetMe(confirmed=True)),
    st.integers(0, 2**63),
)
presses |= st.builds(
    lambda request, asker: Press(verb="ask", request=request, asker=asker),
    st.builds(
        lambda action, number: Report(action=action, number=number),
        st.sampled_from(["list", "pause", "resume", "remove", "test"]),
        st.none() | st.integers(1, 2**63),
    )
    | st.builds(
        lambda symbol, like, at: Report(action="add", symbols=(symbol,), local_time=at, **like),
        symbols,
        st.sampled_from([{"rhythm": "daily"}, {"rhythm": "daily", "days": (1, 2, 3, 4, 5)}, {"rhythm": "weekly"}]),
        st.none() | st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    )
    | st.builds(
        lambda symbol, like: Report(action="guide", symbols=(symbol,), **like),
        symbols,
        st.sampled_from([{}, {"rhythm": "hours", "every_hours": 4}, {"rhythm": "funding", "every_hours": 8}]),
    ),
    st.integers(0, 2**63),
)


@pytest.mark.parametrize(
    "request_",
    [
        Report(action="add", symbols=("BTC", "ETH")),
        Report(action="add", symbols=("BTC",), is_silent=True),
        Report(action="add", symbols=("BTC",), rhythm="daily", days=(1, 3)),
    ],
)
def test_a_report_that_says_more_than_a_button_holds_gets_none(request_):
    with pytest.raises(ValueError, match="does not hold"):
        encoded(Press(verb="ask", request=request_, asker=7))


@given(presses)
def test_a_press_survives_the_way_through_a_button_and_fits_into_it(press):
    text = encoded(press)
    assert len(text.encode()) <= MOST_BYTES
    assert decoded(text) == press


@given(st.text(max_size=100) | presses.map(encoded).map(lambda text: "2" + text[1:]))
def test_what_was_never_a_button_of_this_version_is_refused(text):
    try:
        press = decoded(text)
    except OldButtonError:
        return
    assert decoded(encoded(press)) == press  # a text that happens to be one


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1|l|||||",
        "1|v|BTC||||",
        "1|v|BTC|||nan|",
        "1|v|BTC|||-1|",
        "1|v|BTC|||inf|",
        "1|l|BTC|M1|99h||",
        "1|q",
        "1|x||||||",
        "0|l|BTC|M1|12h||",
        "1|l|BTC|M1|12h|",
        "1|sm|colour|red||5|",
        "1|sm|theme|light|||",
        "1|s|theme|light||5|",
        "1|f|||||",
    ],
)
def test_broken_buttons_say_what_to_do(text):
    with pytest.raises(OldButtonError, match="Ask again, such as /liq BTC"):
        decoded(text)


def test_a_setting_that_a_button_cannot_hold_is_refused():
    for value in ("a" * 60, "a|b"):
        with pytest.raises(ValueError, match="button"):
            encoded(Press(verb="ask", request=Settings(changes=(Change("venue", value),)), asker=1))


def labels(request):
    return [[button.label for button in row] for row in buttons_for(request, asker=5)]


def test_an_answer_offers_windows_models_and_what_else_there_is():
    assert labels(Liq(symbol="BTC")) == [
        ["12h", "24h", "3d", "1w"],
        ["M1", "M2", "All", "4 maps"],
        ["Zones", "Questions", "Level…"],
        ["HD", "Refresh", "Delete"],
    ]


def test_the_map_of_real_positions_is_offered_where_they_had_a_say():
    asked = Liq(symbol="BTC", window=window_named("3d"), venue="hyperliquid")
    models = buttons_for(asked, asker=5, has_positions=True)[1]
    assert [button.label for button in models] == ["M1", "M2", "M6", "All", "4 maps"]
    assert models[2].press.request == replace(asked, model="M6")
    shown = buttons_for(replace(asked, model="M6"), asker=5, has_positions=True)[1]
    assert [button.label for button in shown if button.is_current] == ["M6"]


def test_more_and_less_lead_to_one_another():
    asked = Questions(symbol="BTC")
    more, less = more_button(asked, is_whole=False), more_button(asked, is_whole=True)
    assert (more.label, encoded(more.press)) == ("More", "1|mq|BTC||||")
    assert (less.label, encoded(less.press)) == ("Less", "1|q|BTC||||")
    assert more_button(Help(), is_whole=False) is None
    assert more_button(Liq(symbol="A" * 20, venue="a" * 60), is_whole=False) is None


def test_help_has_no_buttons():
    assert buttons_for(Help(), asker=5) == ()


def current(request):
    return [button.label for row in buttons_for(request, asker=5) for button in row if button.is_current]


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (Liq(symbol="BTC"), ["All"]),
        (Liq(symbol="BTC", model="M2", window=window_named("3d")), ["3d", "M2"]),
        (Maps(symbol="BTC"), ["4 maps"]),
        (Zones(symbol="BTC"), ["Zones"]),
    ],
)
def test_the_button_of_what_is_shown_is_marked(request_, shown):
    assert current(request_) == shown


def test_another_window_keeps_the_model_and_another_model_the_window():
    shown = Liq(symbol="ETH", model="M2", window=window_named("3d"))
    by_label = {button.label: button.press.request for row in buttons_for(shown, asker=5) for button in row}
    assert by_label["12h"] == Liq(symbol="ETH", model="M2", window=window_named("12h"))
    assert by_label["M1"] == Liq(symbol="ETH", model="M1", window=window_named("3d"))


def test_the_venue_stays_the_same_from_button_to_button():
    shown = Liq(symbol="BTC", venue="okx")
    asked = [button.press.request for row in buttons_for(shown, asker=5) for button in row]
    assert {request.venue for request in asked if request is not None} == {"okx"}


def test_a_venue_with_too_long_a_name_gets_no_buttons_rather_than_broken_ones():
    assert buttons_for(Liq(symbol="A" * 20, venue="a" * 60), asker=5) == ()


def test_delete_knows_who_asked():
    delete = buttons_for(Liq(symbol="BTC"), asker=123_456_789_012_345_678)[-1][-1].press
    assert decoded(encoded(delete)).asker == 123_456_789_012_345_678


def test_full_size_is_offered_of_pictures_only():
    rows = buttons_for(Questions(symbol="BTC"), asker=5, has_picture=False)
    assert [button.label for button in rows[-1]] == ["Refresh", "Delete"]
