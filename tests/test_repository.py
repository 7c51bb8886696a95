"""The repository keeps its promises: README commands work, the lock is in step, no file knows its author's machine."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

COMMAND_TIMEOUT_S = 120
"""A first run compiles its kernels, on a slow machine for most of a minute."""


# --- the README's commands -------------------------------------------------------------------------------------------


def commands(markdown: str) -> list[str]:
    """Every command in the ```sh blocks, comments and empty lines aside; a line that ends in a backslash goes on."""
    blocks = re.findall(r"^```sh\n(.*?)^```", markdown, flags=re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, flags=re.MULTILINE))


RUN_BY_MAKE = [command for command in commands(README) if command.startswith("make ")]
SERVING = "fathom serve"
"""Which ends only when it is told to: tests/bot/test_serve.py runs it with both chats."""
ABOUT_ONE_DATABASE = [command for command in commands(README) if command.startswith("fathom db ")]
ABOUT_ONE_FIT = [command for command in commands(README) if "m3.toml" in shlex.split(command)]
"""Which go on from each other, like those about one database."""
WALK_TIMEOUT_S = 1_500
WALKING_FORWARD = "fathom skill zones --recordings ../shared/data"
"""Which takes minutes, and writes a page that is kept here."""
WALKS = [command for command in commands(README) if command.startswith(WALKING_FORWARD)]
RUN_HERE = [
    command
    for command in commands(README)
    if command.startswith("fathom ") and command not in {SERVING, *ABOUT_ONE_DATABASE, *ABOUT_ONE_FIT, *WALKS}
]


def test_every_command_of_the_readme_is_run_somewhere() -> None:
    assert sorted(commands(README)) == sorted(
        {*RUN_BY_MAKE, *RUN_HERE, *ABOUT_ONE_DATABASE, *ABOUT_ONE_FIT, *WALKS, SERVING}
    )  # each of them once
    assert RUN_BY_MAKE[:2] == ["make run", "make test"]  # the two commands that set it up come first


def test_the_readme_makes_only_what_the_makefile_can() -> None:
    assert {command.split()[1] for command in RUN_BY_MAKE} <= make_targets()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not at hand")
@pytest.mark.parametrize(
    ("target", "tools"), [("run", ["fathom"]), ("test", ["ruff", "mypy", "pytest"]), ("bench", ["pytest"])]
)
def test_make_knows_the_way(target: str, tools: list[str]) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [tool for tool in tools if tool not in done.stdout] == []


def test_what_the_makefile_promises_is_what_continuous_integration_runs() -> None:
    run = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in run
    assert re.findall(r"^make (\S+)", run, flags=re.MULTILINE)[0] == "test"
    assert set(re.findall(r"^make (\S+)", run, flags=re.MULTILINE)) <= make_targets()


def in_place(word: str) -> str:
    """A word of a README command, its path turned from beside the repository to wherever the test stands."""
    return str((ROOT / word).resolve()) if word.startswith("../shared") else word


def run_in(folder: Path, command: str, timeout_s: int = COMMAND_TIMEOUT_S) -> None:
    words = [in_place(word) for word in shlex.split(command)]
    absent = [
        word for word in words if word.startswith(str((ROOT / "../shared").resolve())) and not Path(word).exists()
    ]
    if absent:
        pytest.skip("the recordings are not at hand (../shared/data)")
    done = subprocess.run(
        [BIN / words[0], *words[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", RUN_HERE)
def test_a_command_of_the_readme_works_in_an_empty_folder(command: str, tmp_path: Path) -> None:
    run_in(tmp_path, command)


@pytest.mark.soak
def test_what_was_fitted_is_scored_by_the_next_command(tmp_path: Path) -> None:
    assert len(ABOUT_ONE_FIT) > 1
    for command in ABOUT_ONE_FIT:
        run_in(tmp_path, command)


@pytest.mark.soak
def test_the_page_about_skill_is_what_its_command_writes(tmp_path: Path) -> None:
    (command,) = WALKS
    run_in(tmp_path, command, WALK_TIMEOUT_S)
    assert (tmp_path / "skill.md").read_text(encoding="utf-8") == (ROOT / "docs/skill.md").read_text(encoding="utf-8")


def test_the_commands_about_the_database_work_one_after_the_other(tmp_path: Path) -> None:
    assert ABOUT_ONE_DATABASE
    for command in ABOUT_ONE_DATABASE:
        words = shlex.split(command)
        done = subprocess.run(
            [BIN / words[0], *words[1:]],
            cwd=tmp_path,
            env={**os.environ, "FATHOM_STORAGE__URL": "sqlite:///fathom.db"},
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"


def test_without_a_token_serving_ends_with_where_to_put_one(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FATHOM_")}
    done = subprocess.run(
        [BIN / "fathom", "serve"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "fathom init" in done.stderr


def test_commands_are_read_from_shell_blocks_only() -> None:
    text = "```sh\nmake run\n# why\nfathom ask \\\n  /help\n```\n```python\nprint()\n```\n`make nothing`\n"
    assert commands(text) == ["make run", "fathom ask    /help"]


@pytest.mark.parametrize("path", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_what_the_readme_links_to_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


# --- versions and the lock -------------------------------------------------------------------------------------------


def test_the_change_log_tells_of_the_version() -> None:
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", log, flags=re.MULTILINE)[0]
    assert newest == PROJECT["version"]


def test_the_lock_holds_every_declared_dependency_as_declared() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    ours = next(package for package in lock["package"] if package["name"] == PROJECT["name"])
    assert ours["version"] == PROJECT["version"]
    assert lock["requires-python"] == PROJECT["requires-python"]
    extras = PROJECT.get("optional-dependencies", {})
    declared = [*PROJECT["dependencies"], *(each for extra in extras.values() for each in extra)]
    assert locked(ours["metadata"]["requires-dist"]) == {normal(each) for each in declared}
    groups = pyproject["dependency-groups"]
    assert locked(ours["metadata"]["requires-dev"]["dev"]) == {normal(each) for each in groups["dev"]}


def locked(entries: list[dict[str, str]]) -> set[str]:
    return {f"{entry['name']}{entry.get('specifier', '')}" for entry in entries}


def normal(requirement: str) -> str:
    name, specifier = re.fullmatch(r"([\w.-]+)(?:\[[^]]*\])?([^;]*?)(?:;.*)?", requirement).groups()
    return f"{re.sub(r'[-_.]+', '-', name).lower()}{specifier.replace(' ', '')}"


def test_the_lock_names_the_public_index_only() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/\"]+)", lock)) <= {"pypi.org", "files.pythonhosted.org"}


def test_uv_finds_the_lock_in_step() -> None:
    uv = shutil.which("uv", path=str(BIN)) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not at hand; the lock is compared with pyproject.toml above")
    done = subprocess.run(
        [uv, "lock", "--check", "--offline", "--python", sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    if done.returncode and "offline" in done.stderr.lower():
        pytest.skip("uv would have to ask the network")
    assert done.returncode == 0, done.stderr


# --- what no file may hold -------------------------------------------------------------------------------------------

MACHINE_PATHS = re.compile(r"(?<![\w.~*/-])/(?:work|tmp|home|root|opt|Users|mnt|var/folders)/\w")
LEFT_OVERS = re.compile(r"\b(?:TODO|FIXME|XXX)\b")


def own_files() -> list[Path]:
    """The files under version control; in an unpacked archive, which has none, the files of the known folders."""
    if (ROOT / ".git").exists() and (git := shutil.which("git")):
        listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    folders = ("bot", "charts", "engine", "tests", "docs")
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in own_files():
        if path.suffix not in {".png", ".parquet", ".lock"} and path != Path(__file__):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    assert [(name, found.group()) for name, text in texts() for found in MACHINE_PATHS.finditer(text)] == []


def test_no_file_leaves_work_behind() -> None:
    assert [(name, found.group()) for name, text in texts() for found in LEFT_OVERS.finditer(text)] == []


def test_a_machine_path_is_seen_where_it_stands_and_a_web_address_is_not() -> None:
    assert MACHINE_PATHS.search('open("/tmp/x")')
    assert MACHINE_PATHS.search("see /home/me/fathom")
    assert not MACHINE_PATHS.search("https://example.org/home/page or docs/opt/in")


def test_no_recording_is_shipped() -> None:
    assert [path.name for path in own_files() if path.suffix == ".parquet"] == []
