"""The console: wrapped and never cut off, plain in a pipe, coloured on a terminal, and a chat that remembers."""

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.app import Delivered
from bot.chats.console_chat import (
    GREETING,
    PIPE_WIDTH,
    converse,
    greet,
    open_console,
    reply_texts,
    show_delivered,
    typed_lines,
)
from bot.liq_reply import liq_reply
from bot.replies import Fault, Line, Reply, block, fault_reply


def printed(reply: Reply, width: int = PIPE_WIDTH) -> list[str]:
    return [text.plain for text in reply_texts(reply, width)]


def one_line(text: str, label: str = "") -> Reply:
    return Reply(blocks=block("facts", Line(text=text, label=label)))


def test_labels_stand_at_the_left_and_text_under_text():
    lines = printed(one_line("word " * 40, label="AT IT"), width=60)
    assert lines[0].startswith("AT IT  word")
    assert all(line.startswith(" " * 7 + "word") for line in lines[1:])


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30), min_size=1, max_size=60))
def test_wrapping_loses_no_word(words):
    lines = printed(one_line(" ".join(words), label="X"), width=40)
    assert " ".join(lines).split() == ["X", *words]


def test_a_number_stays_with_its_percent_sign():
    for width in range(20, 40):
        assert not any(line.startswith("%") for line in printed(one_line("about 34 % of it, +2.5 % away " * 4), width))


def test_word_longer_than_a_line_is_not_cut():
    path = "x" * 300
    assert path in "".join(printed(one_line(f"see {path}"), width=40))


def test_answer_fits_on_one_screen(analysis):
    lines = printed(liq_reply(analysis))
    assert len(lines) <= 30
    assert max(len(line) for line in lines) <= PIPE_WIDTH


def test_pipe_gets_plain_text_without_colours(analysis, capsys, tmp_path):
    path = tmp_path / ("deep" * 40) / "BTC.png"
    show_delivered(open_console(), Delivered(liq_reply(analysis), path))
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert f"PICTURE  {path}\n" in output


def test_terminal_gets_colours_and_the_same_words(analysis):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=PIPE_WIDTH, color_system="standard", soft_wrap=True)
    show_delivered(console, Delivered(liq_reply(analysis)))
    coloured = screen.getvalue()
    assert "\x1b[" in coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert plain.splitlines() == printed(liq_reply(analysis))


def test_markup_in_a_message_is_printed_as_it_is(capsys):
    show_delivered(open_console(), Delivered(one_line("[bold red]not markup[/] :warning:")))
    assert "[bold red]not markup[/] :warning:" in capsys.readouterr().out


class Desk:
    """Remembers what it was asked; answers with the first word as symbol, or a fault for "bad"."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def __call__(self, text: str, before: Reply | None) -> Delivered:
        last_symbol = None if before is None else before.symbol
        self.asked.append((text, last_symbol))
        if text == "stop":
            raise KeyboardInterrupt
        if text == "bad":
            return Delivered(fault_reply(Fault(text="That is bad."), last_symbol))
        return Delivered(Reply(blocks=block("facts", Line(text=f"about {text}")), symbol=text.upper()))


def test_conversation_remembers_the_symbol_and_survives_faults(capsys):
    desk = Desk()
    converse(open_console(), iter(["btc\n", "\n", "bad\n", "stop\n", "eth\n", "quit\n", "sol\n"]), desk)
    assert desk.asked == [("btc", None), ("bad", "BTC"), ("stop", "BTC"), ("eth", "BTC")]
    output = capsys.readouterr().out
    assert "That is bad." in output
    assert "Stopped." in output


def test_greeting_is_for_those_who_type_and_the_notice_for_everybody(capsys):
    notice = block("notice", Line(text="This is SIMULATED."))
    greet(open_console(), notice, typing=True)
    assert capsys.readouterr().out == f"This is SIMULATED.\n\n{GREETING}\n\n"
    greet(open_console(), notice, typing=False)
    assert capsys.readouterr().out == "This is SIMULATED.\n\n"
    greet(open_console(), (), typing=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("ending", [EOFError, KeyboardInterrupt])
def test_typing_ends_quietly(ending, capsys):
    typed = iter(["btc"])

    def read(prompt: str) -> str:
        assert prompt == "fathom> "
        for text in typed:
            return text
        raise ending

    assert list(typed_lines(open_console(), read)) == ["btc"]


def test_picture_path_is_relative_when_the_folder_is(capsys):
    show_delivered(open_console(), Delivered(one_line("x"), Path("fathom-charts/BTC.png")))
    assert "fathom-charts/BTC.png" in capsys.readouterr().out
