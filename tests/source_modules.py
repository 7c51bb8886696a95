"""The modules of the three packages, read as text: what they import, ask of the outside, and how long they are."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "charts", "engine")


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


def loading(extras: set[str], modules: tuple[Module, ...]) -> set[str]:
    """The modules whose import alone brings one of these packages in, by itself or through another module."""
    at_start = {module.name: imports_at_start(module) for module in modules}
    found = {name for name, names in at_start.items() if any(within(each, extras) for each in names)}
    while more := {name for name, names in at_start.items() if any(within(each, found) for each in names)} - found:
        found |= more
    return found
