"""What every test may use: the recordings, where they are at hand, and one reproducible way of drawing examples."""

from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]

# Examples are drawn the same way in every run, so that a failure seen once can be seen again; a time limit per example
# would fail on a busy machine for no fault of the code.
settings.register_profile("fathom", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("fathom")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The directory of real recordings beside the repository; tests that need it are skipped without."""
    directory = (ROOT / "../shared/data").resolve()
    if not directory.is_dir():
        pytest.skip("the recordings are not at hand (../shared/data)")
    return directory
