"""The arrows of the house, held by reading every import: bot -> charts -> the engine's results, bot -> engine."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source_modules import (
    MODULES,
    NAMES,
    PACKAGES,
    ROOT,
    Module,
    circle_in,
    forbidden,
    function_lengths,
    imports,
    imports_at_start,
    loading,
    module_of,
    outside_facts,
    within,
)

RESULT_TYPES = {f"engine.{name}" for name in ("results", "market", "realised", "grid", "windows", "text", "errors")} | {
    f"engine.skill.{name}" for name in ("records", "resampling", "scores")
}

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

NETWORK = {"socket", "socketserver", "ssl", "http", "urllib", "aiohttp", "ccxt", "httpx", "requests", "websockets"}
NOT_IN_THE_ENGINE = {"bot", "charts", "matplotlib", "typer", "rich", "pydantic", "pydantic_settings", "platformdirs"}
SLOW_TO_IMPORT = {"pandas", "matplotlib.pyplot", "scipy.stats", "ccxt"}

LIVE_EXTRA = {"aiohttp", "ccxt", "stamina"}
CHAT_EXTRAS = {"discord", "telegram"}
CLUSTER_EXTRA = {"procrastinate", "psycopg", "psycopg_pool"}
DASK = {"distributed"}
LLM_EXTRA = {"openai", "pydantic_ai"}
SERVE_EXTRA = {"apscheduler", "prometheus_client", "pythonjsonlogger"}
DATABASE = {"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "sqlite3"}

every_module = pytest.mark.parametrize("module", MODULES, ids=str)


def of(*packages: str) -> pytest.MarkDecorator:
    chosen = [module for module in MODULES if module.package in packages]
    return pytest.mark.parametrize("module", chosen, ids=str)


# --- arrows ----------------------------------------------------------------------------------------------------------


@of("engine")
def test_the_engine_knows_neither_chats_nor_drawing(module: Module) -> None:
    assert not forbidden(module, NOT_IN_THE_ENGINE)


@of("charts")
def test_charts_know_no_chat(module: Module) -> None:
    assert not forbidden(module, {"bot", "typer", "rich", "pydantic", "pydantic_settings"})


@of("charts")
def test_charts_know_only_the_engines_result_types(module: Module) -> None:
    assert {module_of(name) for name in imports(module) if within(name, {"engine"})} <= RESULT_TYPES


@of("charts", "engine")
def test_sockets_are_opened_in_sources_only(module: Module) -> None:
    if not module.name.startswith("engine.sources."):
        assert not forbidden(module, NETWORK)


@every_module
def test_nothing_draws_through_global_state(module: Module) -> None:
    assert not forbidden(module, {"matplotlib.pyplot", "matplotlib.pylab", "pylab"})


@every_module
def test_nothing_slow_is_imported_at_start(module: Module) -> None:
    assert not {name for name in imports_at_start(module) if within(name, SLOW_TO_IMPORT)}


NOT_IN_AN_ANSWER = SLOW_TO_IMPORT | CHAT_EXTRAS | DATABASE | {"matplotlib"}


def test_an_answer_as_json_loads_neither_drawing_nor_tables_nor_exchanges(tmp_path: Path) -> None:
    asked = ["ask", "/liq BTC", "--json", "--source", "simulated"]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from bot.cli import main; main()", *asked],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(re.findall(r"^import time:.*\| +(\S+)$", done.stderr, flags=re.MULTILINE))
    assert "numpy" in loaded  # the report is really there
    assert {name for name in loaded if within(name, NOT_IN_AN_ANSWER)} == set()


def test_only_modules_with_a_kernel_import_the_compiler() -> None:
    compiling = {module.name for module in MODULES if forbidden(module, {"numba"})}
    with_kernel = {module.name for module in MODULES if re.search(r"\bn?jit\(", module.text)}
    assert compiling == with_kernel


def test_the_engine_has_no_circle_of_imports() -> None:
    graph = {
        module.name: {module_of(name) for name in imports(module)} & NAMES - {module.name}
        for module in MODULES
        if module.package == "engine"
    }
    assert circle_in(graph) is None


@of("engine")
def test_the_engine_reads_no_clock_no_environment_and_no_chance(module: Module) -> None:
    assert outside_facts(module) == []


# --- size ------------------------------------------------------------------------------------------------------------


@every_module
def test_no_module_is_longer_than_can_be_read_at_one_sitting(module: Module) -> None:
    assert len(module.text.splitlines()) <= LONGEST_MODULE


def test_no_file_of_tests_is_longer_either() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "tests").rglob("*.py")}
    assert lengths
    assert {path.name: lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


@every_module
def test_no_function_is_longer_than_a_page(module: Module) -> None:
    assert {name: lines for name, lines in function_lengths(module).items() if lines > LONGEST_FUNCTION} == {}


@every_module
def test_no_module_is_a_drawer_for_everything(module: Module) -> None:
    assert not {"utils", "util", "helpers", "helper", "manager", "common", "misc"} & set(module.name.split("."))


# --- the page that explains the house -------------------------------------------------------------------------------


def rooms(page: str) -> set[str]:
    """The files that ARCHITECTURE.md lists, as paths from the root: those in the tables under ### engine and so on."""
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^##)", page, flags=re.MULTILINE | re.DOTALL)
    return {f"{package}/{name}" for package, text in sections for name in re.findall(r"`([\w/]+\.py)`", text)}


def test_the_page_lists_every_file_and_no_other() -> None:
    files = {path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert rooms((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")) == {
        path for path in files if not path.endswith("__init__.py")
    }


# --- the installed whole ---------------------------------------------------------------------------------------------


def test_nothing_else_that_is_installed_brings_a_package_of_our_name() -> None:
    owners = importlib.metadata.packages_distributions()
    assert "numpy" in owners["numpy"]  # the index is really there
    for package in PACKAGES:
        assert set(owners.get(package, [])) <= {"fathom-liq"}, package


SERVING = {"bot.log", "bot.serving.metrics", "bot.serving.status_page", "bot.serving.ticks"}
ASK_OVER_HTTP = {"bot.serving.status_page", "bot.chat_checks"}
WITH_DISCORDS_OWN = {"bot.chats.discord_chat.faults", "bot.chats.discord_chat.journey"}
"""discord.py brings aiohttp, raises its errors and takes its traces."""


def test_what_live_markets_need_is_imported_by_the_live_source_alone_and_only_when_it_asks() -> None:
    others = [module for module in MODULES if module.name not in WITH_DISCORDS_OWN]
    users = {module.name for module in others if forbidden(module, LIVE_EXTRA)}
    assert users
    assert all(name.startswith("engine.sources.live.") or name in ASK_OVER_HTTP for name in users)
    assert not [module for module in others if any(within(name, LIVE_EXTRA) for name in imports_at_start(module))]


@every_module
def test_only_the_chats_know_the_chat_platforms_libraries(module: Module) -> None:
    if not module.name.startswith("bot.chats."):
        assert not forbidden(module, CHAT_EXTRAS)


def test_no_chat_platforms_library_is_loaded_before_its_chat_runs() -> None:
    assert {name for name in loading(CHAT_EXTRAS, MODULES) if not name.startswith("bot.chats.")} == set()


def test_what_a_serving_process_needs_is_loaded_by_no_other() -> None:
    assert {module.name for module in MODULES if forbidden(module, SERVE_EXTRA)} <= SERVING
    assert {name for name in loading(SERVE_EXTRA, MODULES) if not name.startswith("bot.serving.")} == set()


@every_module
def test_only_the_storage_knows_the_database(module: Module) -> None:
    if not module.name.startswith("bot.storage."):
        assert not forbidden(module, DATABASE)


def test_no_database_is_loaded_before_a_process_opens_one() -> None:
    at_start = loading(DATABASE, MODULES)
    assert "bot.storage.sql_preferences" in at_start  # the detector is really there
    assert {name for name in at_start if not name.startswith("bot.storage.")} == set()


def test_the_library_for_language_models_is_known_at_one_place_and_loaded_when_a_model_is_asked() -> None:
    assert {module.name for module in MODULES if forbidden(module, LLM_EXTRA)} == {"bot.language_model.endpoint"}
    assert loading(LLM_EXTRA, MODULES) == set()


def test_the_queue_is_known_in_one_folder_and_loaded_by_who_is_part_of_a_cluster() -> None:
    known = {module.name for module in MODULES if forbidden(module, CLUSTER_EXTRA)}
    assert known
    assert {name for name in known if not name.startswith("bot.cluster.")} == set()
    loaded = loading(CLUSTER_EXTRA, MODULES)
    assert {name for name in loaded if not name.startswith("bot.cluster.")} == {
        "bot.serving.cluster",
        "bot.serving.working",
    }


def test_dask_is_loaded_where_a_measurement_is_sent_to_a_cluster_only() -> None:
    assert {module.name for module in MODULES if forbidden(module, DASK)} == {"bot.executors"}
    assert loading(DASK, MODULES) == set()


def test_every_other_third_party_import_comes_with_a_plain_installation() -> None:
    owners = importlib.metadata.packages_distributions()
    used = (
        {name.partition(".")[0] for module in MODULES for name in imports(module)}
        - LIVE_EXTRA
        - CHAT_EXTRAS
        - SERVE_EXTRA
        - LLM_EXTRA
        - CLUSTER_EXTRA
        - DASK
    )
    foreign = used - set(PACKAGES) - set(sys.stdlib_module_names)
    installed = plain_installation()
    assert {name for name in foreign if not {normal(owner) for owner in owners.get(name, [])} & installed} == set()


def plain_installation() -> set[str]:
    """The distributions that the package needs without its extras, and those that these need in turn."""
    needed: set[str] = set()
    waiting = ["fathom-liq"]
    while waiting:
        name = waiting.pop()
        if name in needed or not is_installed(name):
            continue
        needed.add(name)
        waiting += [
            normal(re.split(r"[^A-Za-z0-9._-]", requirement)[0])
            for requirement in importlib.metadata.requires(name) or ()
            if "extra ==" not in requirement
        ]
    return needed


def is_installed(name: str) -> bool:
    return any(True for _ in importlib.metadata.Distribution.discover(name=name))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
