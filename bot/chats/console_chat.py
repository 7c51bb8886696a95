"""The console: a reply as lines of text, coloured on a terminal, plain in a pipe, never cut off; and the chat on it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.text import Text

from bot.replies import Block, BlockKind, Line, Reply, Tone, block

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from bot.app import Delivered

PIPE_WIDTH = 110
"""Columns where nobody says how wide the reader's window is."""
MAX_WIDTH = 120
"""Widest line on a wide terminal: longer ones are hard to read."""
_NO_BREAK = "\u00a0"
"""Keeps a number and its percent sign on one line while a text is wrapped."""

PROMPT = "fathom> "
GREETING = "Ask as you would in a chat: /liq BTC, /level BTC 68.5k, /help. Ctrl-D leaves."
GOODBYES = frozenset({"exit", "quit", "/exit", "/quit", "bye"})

_OPENING: frozenset[BlockKind] = frozenset({"verdict", "setup", "reading", "checklist", "touch", "disclaimer"})
_CLOSING: frozenset[BlockKind] = frozenset(
    {"notice", "headline", "changes", "digest", "zones", "ask", "guide", "point"}
)
"""Blocks with an empty line before and behind them: paragraphs that the eye finds."""

_STYLES: dict[Tone, str] = {
    "plain": "",
    "strong": "bold",
    "above": "green",
    "below": "red",
    "good": "green",
    "bad": "red",
    "muted": "dim",
    "warning": "bold yellow",
}


def open_console(*, width: int | None = None) -> Console:
    """Return the console on standard output: colours only on a terminal, no markup read from data."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def show_reply(console: Console, reply: Reply) -> None:
    """Print a reply."""
    for text in reply_texts(reply, min(console.width, MAX_WIDTH)):
        console.print(text)


def show_delivered(console: Console, delivered: Delivered, notices: tuple[Block, ...] = ()) -> None:
    """Print a reply after the notices, and where its picture is."""
    show_reply(console, replace(delivered.reply, blocks=(*notices, *delivered.reply.blocks)))
    if delivered.chart is not None:
        console.print(Text.assemble(("PICTURE  ", "bold"), str(delivered.chart)))


def greet(console: Console, notices: tuple[Block, ...], *, typing: bool) -> None:
    """Print what stands before the first answer; how to ask and to leave only for somebody who types."""
    greeting = block("notice", Line(text=GREETING)) if typing else ()
    if notices or greeting:
        show_reply(console, Reply(blocks=(*notices, *greeting)))
        console.print()


def reply_texts(reply: Reply, width: int) -> Iterator[Text]:
    """Yield a reply's lines, wrapped to `width` columns, text under text and labels at the left."""
    indent = max((len(line.label) + 2 for part in reply.blocks for line in part.lines if line.label), default=0)
    before: Block | None = None
    for part in reply.blocks:
        if before is not None and (before.kind in _CLOSING or part.kind in _OPENING):
            yield Text("")
        labelled = any(line.label for line in part.lines)
        for line in part.lines:
            yield from _line_texts(line, width, indent if labelled else 0)
        before = part


def _line_texts(line: Line, width: int, indent: int) -> Iterator[Text]:
    kept = line.text.replace(" %", _NO_BREAK + "%")
    wrapped = textwrap.wrap(kept, width - indent, break_long_words=False, break_on_hyphens=False) or [""]
    for place, text in enumerate(wrapped):
        label = line.label if place == 0 else ""
        yield Text.assemble((label.ljust(indent), "bold"), (text.replace(_NO_BREAK, " "), _STYLES[line.tone]))


class Deliver(Protocol):
    """Answers one message: the last answer about a market goes in; the reply comes out, its picture written."""

    def __call__(self, text: str, before: Reply | None) -> Delivered:
        """Return the reply to a message."""
        ...


def converse(console: Console, lines: Iterator[str], deliver: Deliver) -> None:
    """Answer line by line until the lines end; a message without a symbol is about the last one."""
    before: Reply | None = None
    for line in lines:
        text = line.strip()
        if text.lower() in GOODBYES:
            return
        if not text:
            continue
        try:
            with _progress(console):
                delivered = deliver(text, before)
        except KeyboardInterrupt:
            console.print("Stopped.")
            continue
        before = delivered.reply if delivered.reply.fault is None and delivered.reply.symbol else before
        show_delivered(console, delivered)
        console.print()


def typed_lines(console: Console, read: Callable[[str], str] = input) -> Iterator[str]:
    """Yield what is typed at the prompt, with the line editor's history, until Ctrl-D or Ctrl-C."""
    import contextlib

    with contextlib.suppress(ImportError):  # Windows has no readline; input() works without
        import readline  # noqa: F401 - importing it gives input() a history
    while True:
        try:
            yield read(PROMPT)
        except (EOFError, KeyboardInterrupt):
            console.print()
            return


def _progress(console: Console) -> AbstractContextManager[object]:
    """Show that work goes on; in a pipe there is nobody to be shown."""
    return console.status("Reading the market")
