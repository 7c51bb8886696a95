"""The benchmark: the measured figures, and that no future, no leak and no chance can make a score."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataUnavailableError, NoSweptHistoryError
from engine.market import Market
from engine.skill.baselines import CANDLE_BASELINES
from engine.skill.benchmark import Recipe, read_recipes, score_recipe, score_skill
from engine.skill.hours import Hours, RealisedHours, common_hours, read_realised_hours
from engine.skill.scores import SkillTable
from engine.sources.recorded import RecordedSource
from engine.windows import HOUR_S, parse_instant

CUT_S = parse_instant("2026-02-01T00:00:00Z")


@pytest.fixture(scope="module")
def market(shared_data: Path) -> Market:
    return RecordedSource(shared_data).market("BTC")


@pytest.fixture(scope="module")
def realised(shared_data: Path) -> RealisedHours:
    return read_realised_hours(shared_data / "coinglass/BTC/liquidations_1h.parquet")


@pytest.fixture(scope="module")
def hours(market: Market, realised: RealisedHours) -> Hours:
    return common_hours(market.lead.candles, realised)


@pytest.fixture(scope="module")
def table(market: Market, realised: RealisedHours) -> SkillTable:
    return score_skill(market, realised, train_until_s=CUT_S, draws=100)


@pytest.mark.parametrize(
    ("name", "r2", "rank"),
    [
        ("M1", 0.75, 0.88),
        ("M2", 0.74, 0.87),
        ("rising open interest at 1/L", 0.53, 0.80),
        ("volume ladder at 1/L", 0.64, 0.84),
    ],
)
def test_measured_figures_come_out_again(table: SkillTable, name: str, r2: float, rank: float) -> None:
    found = next(recipe for recipe in table.recipes if recipe.name == name)
    assert found.r2.estimate == pytest.approx(r2, abs=0.03)
    assert found.rank.estimate == pytest.approx(rank, abs=0.03)
    assert found.r2.low < found.r2.estimate < found.r2.high


def test_maps_of_open_interest_beat_every_baseline_in_every_month(table: SkillTable) -> None:
    baselines = [recipe for recipe in table.recipes if recipe.kind == "baseline"]
    assert len(baselines) == 5
    for model in (recipe for recipe in table.recipes if recipe.name in {"M1", "M2"}):
        for (_, own), *others in zip(model.r2_by_month, *(each.r2_by_month for each in baselines), strict=True):
            assert own > max(value for _, value in others)


def test_lines_do_not_see_what_they_are_judged_on(market: Market, realised: RealisedHours, table: SkillTable) -> None:
    random = np.random.default_rng(0)
    usd = realised.usd.copy()
    after = realised.time_s >= CUT_S
    usd[:, after] = random.permuted(usd[:, after], axis=1)
    shuffled = RealisedHours(where="made", time_s=realised.time_s, usd=usd)
    other = score_skill(market, shuffled, train_until_s=CUT_S, draws=10)
    assert {each.name: each.lines for each in other.recipes} == {each.name: each.lines for each in table.recipes}


def test_a_line_fitted_on_what_it_is_judged_on_would_be_noticed(hours: Hours) -> None:
    recipe_inputs = np.random.default_rng(1).normal(size=(2, len(hours), 60))  # noise: only a leak can make it fit
    honest = score_recipe(_noise(recipe_inputs), hours, CUT_S, draws=10)
    leaked = score_recipe(_noise(recipe_inputs), _told_before(hours), CUT_S, draws=10)
    assert honest.r2.estimate < 0.02
    assert leaked.lines != honest.lines


def _noise(inputs: np.ndarray) -> Recipe:
    return Recipe("noise", "noise", "model", inputs)


def _told_before(hours: Hours) -> Hours:
    realised = hours.realised.copy()
    before = hours.time_s < CUT_S
    realised[:, before] = np.resize(realised[:, ~before], (2, int(before.sum())))
    return dataclasses.replace(hours, realised=realised)


def test_liquidations_of_other_hours_leave_nothing(market: Market, realised: RealisedHours) -> None:
    order = np.random.default_rng(7).permutation(len(realised.time_s))
    shuffled = RealisedHours(where="made", time_s=realised.time_s, usd=realised.usd[:, order])
    for recipe in score_skill(market, shuffled, train_until_s=CUT_S, draws=10).recipes:
        assert abs(recipe.r2.estimate) < 0.03
        assert abs(recipe.rank.estimate) < 0.1


def test_what_comes_later_changes_no_swept_mass(market: Market, hours: Hours) -> None:
    lead = market.lead
    cut = int(np.searchsorted(lead.candles.time_s, CUT_S))
    later = {name: getattr(lead.candles, name).copy() for name in ("open", "high", "low", "close", "volume")}
    order = cut + np.random.default_rng(3).permutation(len(lead.candles) - cut)
    for values in later.values():
        values[cut:] = values[order]
    assert lead.open_interest is not None
    interest = lead.open_interest.copy()
    interest[cut:] = interest[order]
    candles = dataclasses.replace(lead.candles, **later)
    other = dataclasses.replace(market, venues=(dataclasses.replace(lead, candles=candles, open_interest=interest),))
    before = hours.time_s < CUT_S
    for first, second in zip(read_recipes(market, hours, None)[0], read_recipes(other, hours, None)[0], strict=True):
        np.testing.assert_allclose(first.inputs[:, before], second.inputs[:, before], rtol=1e-9)


def test_an_hours_move_by_hand(market: Market, hours: Hours) -> None:
    move = CANDLE_BASELINES[0].inputs(market, hours)
    number = 77
    candles = market.lead.candles
    bars = (candles.time_s >= hours.time_s[number]) & (candles.time_s < hours.time_s[number] + HOUR_S)
    opened = candles.open[bars][0]
    assert move[0, number, 0] == pytest.approx(np.log(np.log(opened / candles.low[bars].min()) + 1e-3))
    assert move[1, number, 0] == pytest.approx(np.log(np.log(candles.high[bars].max() / opened) + 1e-3))


def test_only_the_models_asked_for_are_scored(market: Market, realised: RealisedHours) -> None:
    found = score_skill(market, realised, models=["m1"], draws=10)
    assert [each.name for each in found.recipes if each.kind == "model"] == ["M1"]
    with pytest.raises(NoSweptHistoryError):
        score_skill(market, realised, models=["M6"])


def test_a_cut_that_leaves_too_little_is_refused(market: Market, realised: RealisedHours) -> None:
    with pytest.raises(DataUnavailableError, match="--train-until"):
        score_skill(market, realised, train_until_s=parse_instant("2026-03-12T00:00:00Z"))
