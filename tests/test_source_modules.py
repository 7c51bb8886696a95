"""The detectors that hold the house's rules see what they are for."""

import pytest

from tests.source_modules import (
    Module,
    circle_in,
    forbidden,
    function_lengths,
    imports,
    imports_at_start,
    loading,
    outside_facts,
)


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
