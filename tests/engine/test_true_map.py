import numpy as np
import pytest

from tests.engine.true_map_skill import Seed, read_seed, skills


@pytest.fixture(scope="module")
def twenty():
    return [read_seed(number) for number in range(1, 21)]


def test_over_twenty_seeds_the_map_adds_to_what_distance_alone_knows(twenty):
    gains = np.array([skill.gain for skill in skills(twenty)])
    assert np.median(gains) >= 0.10
    assert (gains > 0).sum() >= 18


def test_a_shuffled_map_adds_nothing(twenty):
    rng = np.random.default_rng(0)
    shuffled = [Seed(seed.distance, seed.true, rng.permutation(seed.shown), seed.usual) for seed in twenty]
    assert abs(np.median([skill.gain for skill in skills(shuffled)])) < 0.03
