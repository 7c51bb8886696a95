"""What an operator copies is true: paths, extras, commands, variables and numbers in it are the program's own."""

import configparser
import re
import tomllib
from pathlib import Path

import pytest
import typer

from bot.cli import app
from bot.config import Settings, known_keys

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = ("Dockerfile", "compose.yaml", "deploy/fathom.service", "docs/operate.md", "README.md", "config.example.toml")
DOCKERFILE, COMPOSE, UNIT, DOCS = ((ROOT / name).read_text(encoding="utf-8") for name in FILES[:4])

VARIABLES = {
    f"FATHOM_{section.replace('.', '__')}__{key}".upper() for section, keys in known_keys().items() for key in keys
}
EXTRAS = set(PROJECT["project"]["optional-dependencies"])


@pytest.mark.parametrize("name", FILES)
def test_every_variable_that_is_named_is_a_setting(name):
    named = set(re.findall(r"\bFATHOM_[A-Z_]+__[A-Z_]+", (ROOT / name).read_text(encoding="utf-8")))
    assert named <= VARIABLES


@pytest.mark.parametrize("text", [DOCKERFILE, DOCS])
def test_every_extra_that_is_installed_exists_and_none_is_forgotten(text):
    asked = set(re.findall(r"--extra (\w+)", text)) | {
        extra for found in re.findall(r"fathom-liq\[([\w,]+)\]", text) for extra in found.split(",")
    }
    assert asked == EXTRAS


def test_every_command_that_is_run_exists():
    commands = set(typer.main.get_command(app).commands)
    assert re.search(r'ENTRYPOINT \["fathom"\]', DOCKERFILE)
    started = re.findall(r"^ExecStart=\S+/fathom (\w+)", UNIT, re.MULTILINE)
    run = {*re.findall(r'^CMD \["(\w+)"\]', DOCKERFILE, re.MULTILINE), *started}
    assert run == {"serve"}
    assert run | set(re.findall(r"`fathom (\w+)", DOCS)) <= commands


def test_the_image_copies_what_is_there_and_what_the_wheel_needs():
    copied = {
        path for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE) for path in line.split()[:-1]
    }
    assert [path for path in copied if not (ROOT / path).exists()] == []
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*wheel["packages"], *wheel["force-include"], PROJECT["project"]["readme"]} <= copied
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored  # tokens and settings stay outside, whatever they are called
    assert {line[1:] for line in ignored if line.startswith("!")} == copied


def test_the_image_runs_as_nobody_special_and_asks_the_page_that_is_told():
    assert re.search(r"^USER fathom$", DOCKERFILE, re.MULTILINE)
    serve = Settings().serve
    assert f"http://{serve.host}:{serve.port}/healthz" in DOCKERFILE
    assert f"{serve.host}:{serve.port}" in DOCS


def test_every_secret_that_the_service_is_given_is_declared_and_read():
    given = set(re.findall(r"/run/secrets/(\w+)", COMPOSE))
    assert given == {"telegram_token", "discord_token"}
    assert set(re.findall(r"^  (\w+_token):$", COMPOSE, re.MULTILINE)) == given
    assert set(re.findall(r"^      - (\w+_token)$", COMPOSE, re.MULTILINE)) == given
    assert set(re.findall(r"^LoadCredential=([\w.]+):", UNIT, re.MULTILINE)) == set(re.findall(r"%d/([\w.]+)", UNIT))


def test_the_unit_is_one_and_lets_code_be_compiled():
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(UNIT)
    assert unit.sections() == ["Unit", "Service", "Install"]
    service = unit["Service"]
    assert service["ProtectSystem"] == "strict"
    assert "MemoryDenyWriteExecute" not in service
    assert service["RestartPreventExitStatus"] == "2"


def test_the_metrics_that_are_explained_are_those_that_are_told():
    from bot.serving.metrics import Metrics

    told = re.findall(r"^# TYPE (\w+) (\w+)$", Metrics().text().decode(), re.MULTILINE)
    assert set(re.findall(r"^\| `(fathom_\w+)`", DOCS, re.MULTILINE)) == {
        name for name, _ in told if not name.endswith("_created")
    }


def test_what_the_page_links_to_is_there():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", DOCS)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).resolve().is_file()] == []


def test_the_permissions_of_the_invitation_are_the_three_that_are_named():
    # discord.com/developers/docs/topics/permissions
    send_messages, embed_links, attach_files = 1 << 11, 1 << 14, 1 << 15
    assert re.findall(r"permissions=(\d+)", DOCS) == [str(send_messages | embed_links | attach_files)]
