import numpy as np
import pytest

from charts.theme import COLOUR_BLIND, DARK, LIGHT, THEMES, Theme, UnknownThemeError, heat_table, rgb, theme_named
from engine.errors import EngineError

every_theme = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance as WCAG 2.2 defines it, 0 black to 1 white."""
    channels = np.array(colour[:3]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted(luminance(rgb(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_a_theme_is_found_by_its_name() -> None:
    assert theme_named(" Dark ") is DARK
    assert theme_named("light") is LIGHT
    assert theme_named("colour-blind") is COLOUR_BLIND


def test_an_unknown_theme_is_answered_with_the_known_ones() -> None:
    with pytest.raises(EngineError) as error:
        theme_named("neon")
    assert str(error.value) == "There is no theme “neon”. Known: dark, light, colour-blind."


def test_a_misspelt_theme_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownThemeError, match=r"Did you mean light\?"):
        theme_named("ligth")


@every_theme
def test_words_stand_out_from_their_ground(theme: Theme) -> None:
    grounds = [
        (theme.ink, theme.background),
        (theme.muted, theme.background),
        (theme.muted, theme.faint),
        (theme.above, theme.background),
        (theme.below, theme.background),
        (theme.on_colour, theme.above),
        (theme.on_colour, theme.below),
        (theme.on_warning, theme.warning),
    ]
    assert all(contrast(words, ground) >= 4.5 for words, ground in grounds)  # WCAG 2.2, level AA


@every_theme
def test_more_mass_is_always_a_step_away_from_nothing(theme: Theme) -> None:
    steps = np.array([luminance(tuple(row)) for row in heat_table(theme).tolist()])
    towards = 1 if steps[-1] > steps[0] else -1
    assert np.all(np.diff(steps[::8]) * towards > 0)


@every_theme
def test_no_heat_is_the_first_colour_and_most_heat_the_last(theme: Theme) -> None:
    table = heat_table(theme)
    assert tuple(table[0, :3].tolist()) == rgb(theme.heat[0])
    assert tuple(table[-1, :3].tolist()) == rgb(theme.heat[-1])
    assert np.all(table[:, 3] == 255)


DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
"""Machado, Oliveira, Fernandes 2009, severity 1.0."""


def seen_by_deuteranopes(colour: str) -> np.ndarray:
    return DEUTERANOPIA @ np.array(rgb(colour))


def test_the_colour_blind_theme_keeps_its_sides_apart_where_the_dark_one_does_not() -> None:
    def apart(theme: Theme) -> float:
        return float(np.linalg.norm(seen_by_deuteranopes(theme.above) - seen_by_deuteranopes(theme.below)))

    assert apart(COLOUR_BLIND) > 150
    assert apart(COLOUR_BLIND) > 1.5 * apart(DARK)
