"""The arrows of the house, held by reading every import: bot -> charts -> the engine's results, bot -> engine."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "charts", "engine")
RESULT_TYPES = {f"engine.{name}" for name in ("results", "market", "realised", "grid", "windows", "text", "errors")}

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

NETWORK = {"socket", "socketserver", "ssl", "http", "urllib", "aiohttp", "ccxt", "httpx", "requests", "websockets"}
NOT_IN_THE_ENGINE = {"bot", "charts", "matplotlib", "typer", "rich", "pydantic", "pydantic_settings", "platformdirs"}
SLOW_TO_IMPORT = {"pandas", "matplotlib.pyplot", "scipy.stats", "ccxt"}

LIVE_EXTRA = {"aiohttp", "ccxt", "stamina"}
CHAT_EXTRAS = {"discord", "telegram"}
LLM_EXTRA = {"openai", "pydantic_ai"}
SERVE_EXTRA = {"prometheus_client", "pythonjsonlogger"}
DATABASE = {"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "sqlite3"}


@dataclass(frozen=True)
class Module:
    """One file of the three packages: its dotted name and its text."""

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    def __str__(self) -> str:
        return self.name


def read_module(path: Path) -> Module:
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return Module(dotted.removesuffix(".__init__"), path.read_text(encoding="utf-8"), path.name == "__init__.py")


MODULES = tuple(read_module(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
NAMES = {module.name for module in MODULES}

every_module = pytest.mark.parametrize("module", MODULES, ids=str)


def of(*packages: str) -> pytest.MarkDecorator:
    chosen = [module for module in MODULES if module.package in packages]
    return pytest.mark.parametrize("module", chosen, ids=str)


# --- what a module imports -------------------------------------------------------------------------------------------


def imports(module: Module) -> set[str]:
    """Every dotted name that the module imports, wherever in it; `from a import b` counts as a.b."""
    return {name for node in ast.walk(module.tree) for name in _imported(node, module)}


def imports_at_start(module: Module) -> set[str]:
    """What is imported as soon as the module is: nothing inside functions or for the type checker alone."""
    return {name for node in _run_at_import(module.tree) for name in _imported(node, module)}


def _imported(node: ast.AST, module: Module) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _base(node, module)
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _base(node: ast.ImportFrom, module: Module) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    above = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*above, *([node.module] if node.module else [])])


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if not (for_types or later):
            yield child
            yield from _run_at_import(child)


def within(name: str, prefixes: set[str]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def forbidden(module: Module, prefixes: set[str]) -> set[str]:
    return {name for name in imports(module) if within(name, prefixes)}


def module_of(name: str) -> str:
    """The module of the three packages that an imported dotted name comes from."""
    return name if name in NAMES else name.rpartition(".")[0]


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


def circle_in(graph: dict[str, set[str]]) -> list[str] | None:
    """A path that ends where it began, or None."""
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str] | None:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return None
        for target in sorted(graph.get(node, ())):
            if circle := walk(target, [*path, node]):
                return circle
        done.add(node)
        return None

    return next((circle for node in sorted(graph) if (circle := walk(node, []))), None)


# --- the engine is a function of its arguments -----------------------------------------------------------------------

CLOCKS = {"now", "utcnow", "today", "localtime", "gmtime"}
CLOCK_READS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}


def outside_facts(module: Module) -> list[str]:
    """What the module asks of the clock, the environment or an unseeded generator, with the line of each."""
    return [f"line {node.lineno}: {fact}" for node in ast.walk(module.tree) for fact in _facts(node, module)]


def _facts(node: ast.AST, module: Module) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        for name in _imported(node, module):
            if name.rpartition(".")[0] == "time" and name.rpartition(".")[2] in CLOCK_READS | CLOCKS:
                yield name
            if name in {"os.environ", "os.getenv"}:
                yield name
    elif isinstance(node, ast.Attribute):
        owner = ast.unparse(node.value)
        if owner == "time" and node.attr in CLOCK_READS | CLOCKS:
            yield f"time.{node.attr}"
        if owner.rpartition(".")[2] in {"datetime", "date", "Timestamp"} and node.attr in CLOCKS:
            yield f"{owner}.{node.attr}"
        if owner == "os" and node.attr in {"environ", "environb", "getenv"}:
            yield f"os.{node.attr}"
    elif isinstance(node, ast.Call):
        call = ast.unparse(node.func)
        if call.endswith("default_rng") and not node.args and not node.keywords:
            yield "an unseeded generator"
        if call.endswith("datetime64") and "'now'" in ast.unparse(node):
            yield "numpy's clock"


@of("engine")
def test_the_engine_reads_no_clock_no_environment_and_no_chance(module: Module) -> None:
    assert outside_facts(module) == []


# --- size ------------------------------------------------------------------------------------------------------------


@every_module
def test_no_module_is_longer_than_can_be_read_at_one_sitting(module: Module) -> None:
    assert len(module.text.splitlines()) <= LONGEST_MODULE


def function_lengths(module: Module) -> dict[str, int]:
    """Lines of each function, its docstring aside: a table of units is not complexity."""
    return {
        node.name: node.end_lineno - node.lineno + 1 - _docstring_lines(node)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    has_one = ast.get_docstring(node) is not None and first.end_lineno is not None
    return first.end_lineno - first.lineno + 1 if has_one and first.end_lineno is not None else 0


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


SERVING = {"bot.log", "bot.serving.metrics", "bot.serving.status_page"}
ASK_OVER_HTTP = {"bot.serving.status_page", "bot.chat_checks"}


def test_what_live_markets_need_is_imported_by_the_live_source_alone_and_only_when_it_asks() -> None:
    users = {module.name for module in MODULES if forbidden(module, LIVE_EXTRA)}
    assert users
    assert all(name.startswith("engine.sources.live.") or name in ASK_OVER_HTTP for name in users)
    assert not [module for module in MODULES if any(within(name, LIVE_EXTRA) for name in imports_at_start(module))]


def loading(extras: set[str], modules: tuple[Module, ...]) -> set[str]:
    """The modules whose import alone brings one of these packages in, by itself or through another module."""
    at_start = {module.name: imports_at_start(module) for module in modules}
    found = {name for name, names in at_start.items() if any(within(each, extras) for each in names)}
    while more := {name for name, names in at_start.items() if any(within(each, found) for each in names)} - found:
        found |= more
    return found


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


def test_every_other_third_party_import_comes_with_a_plain_installation() -> None:
    owners = importlib.metadata.packages_distributions()
    used = (
        {name.partition(".")[0] for module in MODULES for name in imports(module)}
        - LIVE_EXTRA
        - CHAT_EXTRAS
        - SERVE_EXTRA
        - LLM_EXTRA
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


# --- the detectors see what they are for -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import matplotlib.pyplot as plt", "matplotlib.pyplot"),
        ("from matplotlib import pyplot", "matplotlib.pyplot"),
        ("def draw():\n    from bot.cli import main", "bot.cli"),
        ("from ..market import Market", "engine.market"),
        ("from . import registry", "engine.models.registry"),
    ],
)
def test_a_forbidden_import_is_seen_wherever_it_stands(text: str, name: str) -> None:
    assert forbidden(Module("engine.models.example", text), {name})


def test_an_import_inside_a_function_is_not_one_at_start() -> None:
    lazy = Module("bot.example", "if TYPE_CHECKING:\n    import pandas\ndef f():\n    import ccxt\nimport numpy")
    assert imports_at_start(lazy) == {"numpy"}
    assert imports(lazy) == {"pandas", "ccxt", "numpy"}


def test_a_library_that_comes_through_another_module_is_seen() -> None:
    chat = Module("bot.chats.discord_chat", "import discord")
    eager = Module("bot.app", "from bot.chats.discord_chat import DiscordChat")
    command = Module("bot.cli", "from bot import app")
    lazy = Module("bot.other", "def run():\n    from bot.chats import discord_chat")
    assert loading({"discord"}, (command, eager, chat, lazy)) == {"bot.chats.discord_chat", "bot.app", "bot.cli"}


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.time()",
        "from time import perf_counter",
        "from datetime import datetime, UTC\ndatetime.now(UTC)",
        "import datetime\ndatetime.date.today()",
        "import os\nos.environ['HOME']",
        "from os import environ",
        "import numpy as np\nnp.random.default_rng()",
        "import numpy as np\nnp.datetime64('now')",
    ],
)
def test_a_fact_from_outside_is_seen(text: str) -> None:
    assert len(outside_facts(Module("engine.example", text))) == 1


def test_arguments_and_seeds_are_no_facts_from_outside() -> None:
    text = (
        "import time\nfrom datetime import datetime\ntime.sleep(1)\ndatetime.fromtimestamp(as_of_s)\ndefault_rng(seed)"
    )
    assert outside_facts(Module("engine.example", text)) == []


def test_a_circle_is_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_a_long_function_is_found() -> None:
    text = "def long():\n    '''One.\n\n    Two.\n    '''\n" + "    x = 1\n" * 61
    assert function_lengths(Module("engine.example", text)) == {"long": 62}
