"""parse_mode=HTML, as the server reads it: a handful of tags, four named entities, every tag closed in order.

Source: core.telegram.org/bots/api#html-style; refusals worded as TDLib words them, offsets in bytes of UTF-8.
"""

import re
from dataclasses import dataclass

from tests.bot_api.entities import Entity, Formatted, units
from tests.bot_api.wire import RefusedError, bad_request

KINDS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
NAMED = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
TOKEN = re.compile(r"<(?P<tag>/?[^>\s]*)(?P<rest>[^>]*)(?P<close>>?)|&(?:lt|gt|amp|quot);|&#(?:\d+|[xX][\da-fA-F]+);")
ATTRIBUTE = re.compile(r"""\s+([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+)))?""")


@dataclass(frozen=True)
class OpenTag:
    name: str
    attributes: dict[str, str]
    offset: int


def refusal(problem: str) -> RefusedError:
    return bad_request(f"can't parse entities: {problem}")


class HtmlReader:
    """Reads one text from left to right; `plain` grows by what is shown."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = ""
        self.open: list[OpenTag] = []
        self.entities: list[Entity] = []

    def read(self) -> Formatted:
        done = 0
        for match in TOKEN.finditer(self.text):
            self.plain += self.text[done : match.start()]
            done = match.end()
            if match["tag"] is None:
                self.plain += _character(match.group())
            else:
                self._tag(match)
        self.plain += self.text[done:]
        if self.open:
            raise refusal(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        return Formatted(self.plain, tuple(sorted(self.entities, key=lambda each: (each.offset, -each.length))))

    def _tag(self, match: re.Match[str]) -> None:
        at = len(self.text[: match.start()].encode())
        name = match["tag"].lower()
        if name.startswith("/"):
            if not match["close"] or match["rest"].strip():
                raise refusal(f"Unclosed end tag at byte offset {at}")
            return self._end(name[1:], at)
        if not match["close"] and (name in KINDS or not match["rest"]):
            raise refusal(f"Unclosed start tag at byte offset {at}")
        if name not in KINDS:
            raise refusal(f'Unsupported start tag "{name}" at byte offset {at}')
        attributes = _attributes(match["rest"])
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise refusal(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
        self.open.append(OpenTag(name, attributes, units(self.plain)))
        return None

    def _end(self, name: str, at: int) -> None:
        if not self.open:
            raise refusal(f"Unexpected end tag at byte offset {at}")
        tag = self.open.pop()
        if name not in ("", tag.name):
            raise refusal(f'Unmatched end tag at byte offset {at}, expected "</{tag.name}>", found "</{name}>"')
        length = units(self.plain) - tag.offset
        if length:
            self._add(tag, length)

    def _add(self, tag: OpenTag, length: int) -> None:
        kind, url, language = KINDS[tag.name], None, None
        if kind == "text_link":
            shown = self.plain.encode("utf-16-le")[2 * tag.offset :].decode("utf-16-le")
            url = tag.attributes.get("href") or shown
            if not re.match(r"^(https?|tg)://", url):
                return  # an address that is none leaves plain text
        if kind == "blockquote" and "expandable" in tag.attributes:
            kind = "expandable_blockquote"
        if kind == "pre" and self.entities:
            language = self._language_inside(tag.offset, length)
        if kind == "code" and any(outer.name == "pre" for outer in self.open):
            language = tag.attributes.get("class", "").removeprefix("language-") or None
        self.entities.append(Entity(kind=kind, offset=tag.offset, length=length, url=url, language=language))

    def _language_inside(self, offset: int, length: int) -> str | None:
        """The language of a <code> that fills the <pre>, which it becomes one with."""
        inner = self.entities[-1]
        if (inner.kind, inner.offset, inner.length) != ("code", offset, length):
            return None
        return self.entities.pop().language


def from_html(text: str) -> Formatted:
    return HtmlReader(text).read()


def _character(reference: str) -> str:
    if reference in NAMED:
        return NAMED[reference]
    digits = reference[2:-1]
    return chr(int(digits[1:], 16) if digits[0] in "xX" else int(digits))


def _attributes(text: str) -> dict[str, str]:
    pairs = ((match[1].lower(), match[2] or match[3] or match[4] or "") for match in ATTRIBUTE.finditer(text))
    return dict(pairs)
