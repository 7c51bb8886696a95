"""`fathom init`: the settings file that a new operator begins with."""

import sys
import tomllib
from pathlib import Path

import pytest

from bot.cli import run
from bot.config import CONFIG_FILE, Settings, load_settings
from bot.init_command import EXAMPLE, example_text

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("plain_home")


def test_it_writes_every_setting_with_its_default_for_the_operator_alone(capsys):
    assert run(["init"]) == 0
    assert "fathom serve" in capsys.readouterr().out
    assert CONFIG_FILE.read_text(encoding="utf-8") == (ROOT / EXAMPLE).read_text(encoding="utf-8")
    assert load_settings().model_dump() == Settings().model_dump()
    if sys.platform != "win32":
        assert CONFIG_FILE.stat().st_mode & 0o777 == 0o600


def test_it_replaces_settings_only_when_told_to(capsys):
    CONFIG_FILE.write_text("[serve]\nworkers = 3\n", encoding="utf-8")
    CONFIG_FILE.chmod(0o644)
    assert run(["init"]) == 2
    assert "--force" in capsys.readouterr().err
    assert load_settings().serve.workers == 3
    assert run(["init", "--force"]) == 0
    assert load_settings().serve.workers == Settings().serve.workers
    if sys.platform != "win32":
        assert CONFIG_FILE.stat().st_mode & 0o777 == 0o600


def test_the_wheel_ships_what_it_writes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {EXAMPLE: f"bot/{EXAMPLE}"}
    assert example_text() == (ROOT / EXAMPLE).read_text(encoding="utf-8")
