"""Formatting as the server reads it, against cases worked by hand."""

import pytest

from tests.bot_api.entities import piece, units
from tests.bot_api.html_markup import from_html
from tests.bot_api.markdown_markup import from_markdown_v2
from tests.bot_api.texts import parsed
from tests.bot_api.wire import RefusedError

READERS = {"html": from_html, "markdown": from_markdown_v2}


@pytest.mark.parametrize(
    ("reader", "text", "plain", "entities"),
    [
        ("html", "<b>a<i>b</i></b>c", "abc", [("bold", 0, 2), ("italic", 1, 1)]),
        ("html", "😀<code>x</code>", "😀x", [("code", 2, 1)]),
        ("html", "&lt;b&gt; &amp; &#36;&#x24; &copy;", "<b> & $$ &copy;", []),
        ("html", '<a href="https://a.b/?c=1&amp;d">x</a>', "x", [("text_link", 0, 1)]),
        ("html", "<blockquote expandable>a\nb</blockquote>", "a\nb", [("expandable_blockquote", 0, 3)]),
        ("html", '<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
        ("html", "<tg-spoiler>x</tg-spoiler><s>y</s><u>z</u>", "xyz",
         [("spoiler", 0, 1), ("strikethrough", 1, 1), ("underline", 2, 1)]),
        ("markdown", "*a _b_*c", "a bc", [("bold", 0, 3), ("italic", 2, 1)]),
        ("markdown", r"70\.5 \- 71", "70.5 - 71", []),
        ("markdown", "`a.b` ```python\nx = 1```", "a.b x = 1", [("code", 0, 3), ("pre", 4, 5)]),
        ("markdown", "[x](https://a.b)", "x", [("text_link", 0, 1)]),
        ("markdown", "__u__ ~s~ ||p||", "u s p", [("underline", 0, 1), ("strikethrough", 2, 1), ("spoiler", 4, 1)]),
        ("markdown", ">a\n>b\nc", "a\nb\nc", [("blockquote", 0, 3)]),
        ("markdown", ">a\n>b||", "a\nb", [("expandable_blockquote", 0, 3)]),
        ("markdown", "**>a||\nc", "a\nc", [("expandable_blockquote", 0, 1)]),
    ],
)  # fmt: skip
def test_markup_becomes_entities(reader, text, plain, entities) -> None:
    found = READERS[reader](text)
    assert found.text == plain
    assert [(entity.kind, entity.offset, entity.length) for entity in found.entities] == entities


@pytest.mark.parametrize(
    ("reader", "text", "problem"),
    [
        ("html", "<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("html", "a</b>", "Unexpected end tag at byte offset 1"),
        ("html", "<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("html", "é <h1>a</h1>", 'Unsupported start tag "h1" at byte offset 3'),
        ("html", "1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("html", "1 <b", "Unclosed start tag at byte offset 2"),
        ("html", "<b>a</b ", "Unclosed end tag at byte offset 4"),
        ("html", "a<br/>", 'Unsupported start tag "br/" at byte offset 1'),
        ("html", "<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("markdown", "70.5", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("markdown", "é*a", "Can't find end of Bold entity at byte offset 2"),
        ("markdown", "`a", "Can't find end of Code entity at byte offset 0"),
        ("markdown", "*a _b*_", "Can't find end of Italic entity at byte offset 6"),
        ("markdown", "[a]", "Character ']' is reserved and must be escaped with the preceding '\\'"),
    ],
)  # fmt: skip
def test_what_cannot_be_parsed_is_refused(reader, text, problem) -> None:
    with pytest.raises(RefusedError) as refused:
        READERS[reader](text)
    assert refused.value.description == f"Bad Request: can't parse entities: {problem}"


def test_white_space_around_a_text_goes_and_its_entities_move() -> None:
    found = parsed("\n <b> x</b> y \n", "HTML", None)
    assert found.text == "x y"
    assert [(entity.kind, entity.offset, entity.length) for entity in found.entities] == [("bold", 0, 1)]


def test_what_the_server_finds_by_itself_is_added_outside_of_code() -> None:
    found = parsed("<code>/no @nobody1</code> /liq@my_bot $BTC https://a.b/c.", "HTML", None)
    named = {entity.kind: piece(found.text, entity.offset, entity.length) for entity in found.entities}
    assert named == {
        "code": "/no @nobody1",
        "bot_command": "/liq@my_bot",
        "cashtag": "$BTC",
        "url": "https://a.b/c",
    }


def test_own_entities_must_lie_within_the_text() -> None:
    assert parsed("😀x", None, [{"type": "bold", "offset": 2, "length": 1}]).entities[0].kind == "bold"
    with pytest.raises(RefusedError, match="ends after the end of the text"):
        parsed("😀x", None, [{"type": "bold", "offset": 2, "length": 2}])
    assert units("😀x") == 3


def test_no_more_than_a_hundred_entities_are_kept() -> None:
    assert len(parsed("<b>a</b> " * 120, "HTML", None).entities) == 100
