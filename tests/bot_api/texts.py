"""A request's text or caption: parsed by its mode, limited by what is left afterwards."""

from tests.bot_api.entities import Formatted, given, units
from tests.bot_api.html_markup import from_html
from tests.bot_api.markdown_markup import from_markdown_v2
from tests.bot_api.wire import Parameters, bad_request

LONGEST_TEXT = 4_096
LONGEST_CAPTION = 1_024
MOST_ENTITIES = 100
"""Source: core.telegram.org/bots/api#sendmessage, #sendphoto; further entities of a message are dropped."""
READERS = {"html": from_html, "markdownv2": from_markdown_v2}


def formatted(parameters: Parameters, name: str = "text") -> Formatted:
    """Parse a request's text or caption by its parse mode or its own entities."""
    entities = "entities" if name == "text" else f"{name}_entities"
    return parsed(parameters.get(name, ""), parameters.get("parse_mode"), parameters.structure(entities))


def parsed(text: str, parse_mode: object, entities: object) -> Formatted:
    mode = str(parse_mode or "").lower()
    if mode in ("", "none"):
        found = given(entities, text) if entities else Formatted(text)
    elif mode in READERS:
        found = READERS[mode](text)
    else:
        raise bad_request("unsupported parse_mode")
    found = found.trimmed().detected()
    return Formatted(found.text, found.entities[:MOST_ENTITIES])


def checked_text(found: Formatted) -> Formatted:
    if not found.text:
        raise bad_request("message text is empty")
    if units(found.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return found


def checked_caption(found: Formatted) -> Formatted:
    if units(found.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return found
