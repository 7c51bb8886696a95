"""The program as a process: what it loads, its exit codes, its log, and consoles and readers of all kinds."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import run

pytestmark = pytest.mark.usefixtures("plain_home", "no_venue")


def fathom_process(*arguments: object, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from bot.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False, **options
    )


def test_help_loads_no_numerics(plain_home):
    probe = (
        "import sys; from bot.cli import run; run(['--help']); "
        "sys.stderr.write(str(sorted({'numpy', 'numba', 'pydantic', 'pyarrow', 'rich'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=plain_home, capture_output=True, text=True, check=True)
    assert done.stderr == "[]"


def test_process_reports_errors_on_standard_error_alone(recording, plain_home):
    done = fathom_process("ask", "/liq DOGE", "--recordings", recording, "--json", cwd=plain_home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "DOGE" in done.stderr
    assert "Traceback" not in done.stderr


def test_fault_of_ours_is_a_sentence_with_an_id_and_a_traceback_in_the_log_alone(plain_home):
    probe = "import importlib.metadata as m; m.version = lambda name: 1 / 0; from bot.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", probe, "version"],
        cwd=plain_home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (log,) = plain_home.glob("state/**/fathom.log")
    error_id = re.search(r"error ([0-9a-f]{8})", done.stderr).group(1)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert error_id in log.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")


def test_reader_that_leaves_early_is_no_error(recording, plain_home):
    asked = ["profile", "BTC", "--model", "M2", "--window", "3d", "--recordings", str(recording), "--csv", "-"]
    command = [sys.executable, "-c", "from bot.cli import main; main()", *asked]
    with subprocess.Popen(
        command, cwd=plain_home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        complaints = process.stderr.read()
        process.wait(timeout=60)
    assert complaints == ""


def test_console_of_another_encoding_gets_an_answer(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert run(["ask", "/help"]) == 0
    assert b"also ?is 70k a magnet for btc??" in written.getvalue()
