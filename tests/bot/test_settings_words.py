"""What the words behind /settings mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requests import Change, RequestError, Settings
from bot.settings_words import KEYS, parse_settings


def changes(**values):
    return tuple(Change(key, value) for key, value in values.items())


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", Settings()),
        ("/settings", Settings()),
        ("/settings@fathom_bot", Settings()),
        ("settings show", Settings()),
        ("/settings for this chat", Settings(scope="chat")),
        ("/settings theme light", Settings(changes=changes(theme="light"))),
        ("theme=colour-blind", Settings(changes=changes(theme="colour-blind"))),
        ("theme colour blind", Settings(changes=changes(theme="colour-blind"))),
        ("/settings window 3 d", Settings(changes=changes(window="3d"))),
        ("/settings symbol eth for this chat", Settings(changes=changes(symbol="eth"), scope="chat")),
        ("/settings symbol eth for me", Settings(changes=changes(symbol="eth"))),
        ("/settings time zone Europe/Berlin", Settings(changes=changes(time_zone="Europe/Berlin"))),
        ("/settings tz: Asia/Tokyo lang en", Settings(changes=changes(time_zone="Asia/Tokyo", language="en"))),
        ("/settings window 3d model m2", Settings(changes=changes(window="3d", model="m2"))),
        ("/settings model 2", Settings(changes=changes(model="M2"))),
        ("/settings model 2 window 3d for this chat", Settings(changes=changes(model="M2", window="3d"), scope="chat")),
        ("/settings symbol m2", Settings(changes=changes(symbol="m2"))),
        ("/settings model all", Settings(changes=changes(model=None))),
        ("/settings exchange default", Settings(changes=changes(venue=None))),
        ("/settings reset", Settings(is_reset=True)),
        ("/settings RESET for everybody", Settings(is_reset=True, scope="chat")),
    ],
)
def test_settings_are_read(text, request_):
    assert parse_settings(text) == request_


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/settings theme", "Which theme? Try: /settings theme default"),
        ("/settings thme light", "no setting “thme”. Try: /settings theme"),
        ("/settings qqqqqq light", "no setting “qqqqqq”. Try: /settings theme light"),
        ("/settings theme light theme dark", "sets the theme twice"),
        ("/settings theme light window", "Which window?"),
        ("/settings reset theme", "no setting “reset”"),
    ],
)
def test_what_has_no_meaning_is_refused_with_what_would_do(text, sentence):
    with pytest.raises(RequestError, match="Try:") as refused:
        parse_settings(text)
    assert sentence in str(refused.value)


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text):
    try:
        request = parse_settings(text)
    except RequestError:
        return
    assert len({change.key for change in request.changes}) == len(request.changes)


@given(st.sampled_from(KEYS), st.sampled_from(["", " for me", " for this chat"]))
def test_every_setting_can_be_set_and_taken_back(key, scope):
    assert parse_settings(f"/settings {key} xyz{scope}").changes == (Change(key, "xyz"),)
    assert parse_settings(f"/settings {key} default{scope}").changes == (Change(key, None),)
