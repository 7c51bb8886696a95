"""Where no PostgreSQL answers, the tests that need one say so; in continuous integration they fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ONE_TEST = "tests/bot/storage/test_database.py::test_opening_again_changes_nothing_and_keeps_what_is_there"


@pytest.fixture
def tested_without_postgresql(unused_port):
    """What is left of one test on both databases where no server answers."""

    def run(**variables):
        server = f"postgresql://postgres@127.0.0.1:{unused_port}/test"
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:benchmark", "-p", "no:cacheprovider", ONE_TEST],
            cwd=ROOT,
            env={**os.environ, "TEST_POSTGRESQL": server, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_where_no_server_answers_its_half_is_skipped_and_that_is_said(tested_without_postgresql):
    done = tested_without_postgresql(TEST_POSTGRESQL_REQUIRED="0")
    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 skipped" in done.stdout
    assert re.search(r"^SKIPPED \[1\] .*no PostgreSQL at .*TEST_POSTGRESQL names another", done.stdout, re.MULTILINE)


def test_where_it_is_required_that_is_a_failure_that_says_what_to_do(tested_without_postgresql):
    done = tested_without_postgresql(TEST_POSTGRESQL_REQUIRED="1")
    assert done.returncode == 1
    assert "1 passed, 1 error" in done.stdout
    assert re.search(r"no PostgreSQL at .*TEST_POSTGRESQL_REQUIRED=0 goes without", done.stdout)


def test_continuous_integration_requires_it():
    run = (ROOT / ".ci/run").read_text(encoding="utf-8")
    required = run.index('export TEST_POSTGRESQL_REQUIRED="${TEST_POSTGRESQL_REQUIRED:-1}"')
    assert required < run.index("\nmake test")
