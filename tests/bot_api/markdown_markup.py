"""parse_mode=MarkdownV2, as the server reads it: every reserved character is markup or escaped.

Source: core.telegram.org/bots/api#markdownv2-style; refusals worded as TDLib words them, offsets in bytes of UTF-8.
The older Markdown mode is not served.
"""

from dataclasses import dataclass

from tests.bot_api.entities import Entity, Formatted, units
from tests.bot_api.html_markup import refusal

RESERVED = "_*[]()~`>#+-=|{}.!"
MARKS = (
    ("```", "pre", "Pre"),
    ("`", "code", "Code"),
    ("||", "spoiler", "Spoiler"),
    ("__", "underline", "Underline"),
    ("_", "italic", "Italic"),
    ("*", "bold", "Bold"),
    ("~", "strikethrough", "Strikethrough"),
)
TITLES = {kind: title for _, kind, title in MARKS} | {"text_link": "TextUrl"}


@dataclass(frozen=True)
class Opened:
    kind: str
    offset: int
    at: int


class MarkdownReader:
    """Reads one text from left to right; `plain` grows by what is shown."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.plain = ""
        self.open: list[Opened] = []
        self.entities: list[Entity] = []
        self.quote: Opened | None = None

    def read(self) -> Formatted:
        while self.at < len(self.text):
            self._step()
        if self.open:
            last = self.open[-1]
            raise refusal(f"Can't find end of {TITLES[last.kind]} entity at byte offset {last.at}")
        self._end_quote(expandable=False)
        return Formatted(self.plain, tuple(sorted(self.entities, key=lambda each: (each.offset, -each.length))))

    def _step(self) -> None:
        character = self.text[self.at]
        if character == "\n":
            self._line_ends()
        elif character == "\\" and 1 <= ord(self.text[self.at + 1 : self.at + 2] or "\0") <= 126:
            self._show(self.text[self.at + 1], 2)
        elif character not in RESERVED:
            self._show(character, 1)
        elif not (self._quote_begins() or self._link() or self._mark()):
            raise refusal(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")

    def _show(self, character: str, length: int) -> None:
        self.plain += character
        self.at += length

    def _byte(self) -> int:
        return len(self.text[: self.at].encode())

    # --- quotes ------------------------------------------------------------------------------------------------------

    def _quote_begins(self) -> bool:
        at_line_start = not self.plain or self.plain.endswith("\n")
        expandable_start = self.text.startswith("**>", self.at)
        if not at_line_start or not (expandable_start or self.text[self.at] == ">"):
            return False
        if self.quote is None or expandable_start:
            self._end_quote(expandable=False)
            self.quote = Opened("blockquote", units(self.plain), self._byte())
        self.at += 3 if expandable_start else 1
        return True

    def _line_ends(self) -> None:
        expandable = self.quote is not None and self.text[: self.at].endswith("||") and self._dangling_spoiler()
        continues = self.text.startswith("\n>", self.at)
        if self.quote is not None and not continues:
            self._end_quote(expandable=expandable)
        self._show("\n", 1)

    def _dangling_spoiler(self) -> bool:
        """Whether the || before a line's end opened nothing: the mark of a quote that folds."""
        last = self.open[-1] if self.open else None
        if last is not None and last.kind == "spoiler" and last.offset == units(self.plain):
            self.open.pop()
            return True
        return False

    def _end_quote(self, *, expandable: bool) -> None:
        if self.quote is None:
            return
        length = units(self.plain) - self.quote.offset
        if length:
            kind = "expandable_blockquote" if expandable else "blockquote"
            self.entities.append(Entity(kind=kind, offset=self.quote.offset, length=length))
        self.quote = None

    # --- links and marks ---------------------------------------------------------------------------------------------

    def _link(self) -> bool:
        character = self.text[self.at]
        if character == "[":
            self.open.append(Opened("text_link", units(self.plain), self._byte()))
            self.at += 1
            return True
        if character != "]" or not self.open or self.open[-1].kind != "text_link":
            return False
        if not self.text.startswith("](", self.at):
            raise refusal(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")
        end = self.text.find(")", self.at)
        if end < 0:
            raise refusal(f"Can't find end of a URL at byte offset {self._byte() + 2}")
        self._close(self.open.pop(), url=self.text[self.at + 2 : end].replace("\\", ""))
        self.at = end + 1
        return True

    def _mark(self) -> bool:
        for mark, kind, title in MARKS:
            if not self.text.startswith(mark, self.at):
                continue
            if kind in ("pre", "code"):
                self._code(mark, kind, title)
            elif self.open and self.open[-1].kind == kind:
                self._close(self.open.pop())
                self.at += len(mark)
            elif self._folds_at_the_end(mark):
                self._end_quote(expandable=True)
                self.at += len(mark)
            else:
                self.open.append(Opened(kind, units(self.plain), self._byte()))
                self.at += len(mark)
            return True
        return False

    def _folds_at_the_end(self, mark: str) -> bool:
        return mark == "||" and self.quote is not None and self.at + 2 == len(self.text)

    def _close(self, opened: Opened, url: str | None = None) -> None:
        length = units(self.plain) - opened.offset
        if length:
            self.entities.append(Entity(kind=opened.kind, offset=opened.offset, length=length, url=url))

    def _code(self, mark: str, kind: str, title: str) -> None:
        """Up to the closing mark everything but a backtick and a backslash stands for itself."""
        opened, language = Opened(kind, units(self.plain), self._byte()), None
        self.at += len(mark)
        if kind == "pre":
            head, newline, _ = self.text[self.at :].partition("\n")
            if newline and head.isalnum():
                language = head
            if newline and (head.isalnum() or not head):
                self.at += len(head) + 1
        while not self.text.startswith(mark, self.at):
            if self.at >= len(self.text):
                raise refusal(f"Can't find end of {title} entity at byte offset {opened.at}")
            escaped = self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in ("`", "\\")
            self._show(self.text[self.at + escaped], 1 + escaped)
        self.at += len(mark)
        length = units(self.plain) - opened.offset
        if length:
            self.entities.append(Entity(kind=kind, offset=opened.offset, length=length, language=language))


def from_markdown_v2(text: str) -> Formatted:
    return MarkdownReader(text).read()
