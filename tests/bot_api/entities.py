"""Formatted text: entities counted in UTF-16 units, what the server finds by itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bot_api.wire import bad_request

FOUND_BY_THE_SERVER = (
    ("bot_command", re.compile(r"(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w)")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)")),
    ("url", re.compile(r"https?://[^\s<>]+[^\s<>.,!?;:)]")),
    ("cashtag", re.compile(r"(?<!\w)\$[A-Z]{3,8}(?![\w])")),
    ("hashtag", re.compile(r"(?<!\w)#\w*[^\W\d]\w*")),
)


def units(text: str) -> int:
    """Length in UTF-16 units, which every offset and limit counts in: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def piece(text: str, offset: int, length: int) -> str:
    """The part of a text from one UTF-16 unit on."""
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le")


@dataclass(frozen=True, kw_only=True)
class Entity:
    """Formatting of one stretch of text; offset and length in UTF-16 units."""

    kind: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None

    @property
    def end(self) -> int:
        return self.offset + self.length

    def payload(self) -> dict[str, object]:
        own = {"type": self.kind, "offset": self.offset, "length": self.length}
        more = {"url": self.url, "language": self.language}
        return own | {name: value for name, value in more.items() if value is not None}


@dataclass(frozen=True)
class Formatted:
    """A text without its markup, and what the markup meant."""

    text: str
    entities: tuple[Entity, ...] = ()

    def trimmed(self) -> "Formatted":
        """As the server stores it: no white space around it, its entities cut to what is left."""
        start = units(self.text) - units(self.text.lstrip())
        text = self.text.strip()
        entities = [_clipped(entity, start, units(text)) for entity in self.entities]
        return Formatted(text, tuple(each for each in entities if each.length > 0))

    def detected(self) -> "Formatted":
        """With the commands, mentions, addresses and tags that the server finds outside of code and links."""
        taken = [entity for entity in self.entities if entity.kind in ("code", "pre", "text_link")]
        found: list[Entity] = []
        for kind, pattern in FOUND_BY_THE_SERVER:
            for match in pattern.finditer(self.text):
                entity = Entity(kind=kind, offset=units(self.text[: match.start()]), length=units(match.group()))
                if not any(entity.offset < other.end and other.offset < entity.end for other in [*taken, *found]):
                    found.append(entity)
        return Formatted(self.text, tuple(sorted([*self.entities, *found], key=_order)))


def _clipped(entity: Entity, start: int, most: int) -> Entity:
    first, last = max(entity.offset - start, 0), min(entity.end - start, most)
    return replace(entity, offset=first, length=last - first)


def _order(entity: Entity) -> tuple[int, int]:
    return entity.offset, -entity.length


def given(rows: object, text: str) -> Formatted:
    """The entities that a program counted by itself; one that does not lie within the text is refused."""
    if not isinstance(rows, Sequence):
        raise bad_request("can't parse entities: expected an Array of MessageEntity")
    entities = [
        Entity(
            kind=row["type"],
            offset=row["offset"],
            length=row["length"],
            url=row.get("url"),
            language=row.get("language"),
        )
        for row in rows
    ]
    for entity in entities:
        if entity.offset < 0 or entity.length < 0 or entity.end > units(text):
            problem = f"entity beginning at UTF-16 offset {entity.offset} ends after the end of the text"
            raise bad_request(f"{problem} at UTF-16 offset {entity.end}")
    return Formatted(text, tuple(entities))
