"""What Discord accepts as a message: limits of text, embeds, components and files, and attachment:// made addresses.

Source: discord.com/developers/docs/resources/message, /components/reference, /reference#uploading-files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tests.fake_discord.places import COMPONENTS_V2, Attachment, Content, each_component
from tests.fake_discord.wire import EMPTY_MESSAGE, TOO_LARGE, Body, Upload, invalid_form

LONGEST_CONTENT = 2_000
MOST_EMBEDS = 10
LONGEST_EMBEDS = 6_000
LONGEST_IN_EMBED = {"title": 256, "description": 4_096}
MOST_FIELDS = 25
MOST_ROWS = 5
MOST_COMPONENTS = 40
LONGEST_DISPLAY = 4_000
LONGEST_CUSTOM_ID = 100
MOST_BUTTONS = 5
LONGEST_LABEL = 80
MOST_FILES = 10
LARGEST_FILE_BYTES = 10 * 1024**2
ACTION_ROW, BUTTON, TEXT_DISPLAY = 1, 2, 10
ATTACHED = "attachment://"

Address = Callable[[Upload], Attachment]


def read(body: Body, before: Content, address: Address) -> Content:
    """The content that a form makes of what a message was before; what the form does not name stays."""
    fields = body.fields
    attachments = _attachments(body, before, address)
    by_name = {each.name: each.url for each in attachments}
    content = replace(
        before,
        text=before.text if "content" not in fields else fields["content"] or "",
        embeds=before.embeds if "embeds" not in fields else tuple(_addressed(fields["embeds"], by_name)),
        components=before.components if "components" not in fields else tuple(fields["components"] or ()),
        attachments=attachments,
        flags=before.flags | int(fields.get("flags") or 0),
    )
    check(content)
    return replace(content, components=tuple(_addressed(list(content.components), by_name)))


def check(content: Content) -> None:
    if content.flags & COMPONENTS_V2:
        _check_v2(content)
    else:
        _check_classic(content)
    _check_components(content.components)
    if len(content.attachments) > MOST_FILES:
        raise invalid_form("files", f"Must be {MOST_FILES} or fewer in length.")
    if any(len(each.content) > LARGEST_FILE_BYTES for each in content.attachments):
        raise TOO_LARGE


def _check_classic(content: Content) -> None:
    if not (content.text or content.embeds or content.attachments or content.components):
        raise EMPTY_MESSAGE
    if len(content.text) > LONGEST_CONTENT:
        raise invalid_form("content", f"Must be {LONGEST_CONTENT} or fewer in length.")
    if len(content.embeds) > MOST_EMBEDS:
        raise invalid_form("embeds", f"Must be {MOST_EMBEDS} or fewer in length.")
    if sum(map(_embed_length, content.embeds)) > LONGEST_EMBEDS:
        raise invalid_form("embeds", f"Embed size exceeds maximum size of {LONGEST_EMBEDS}")
    for embed in content.embeds:
        _check_embed(embed)
    if len(content.components) > MOST_ROWS:
        raise invalid_form("components", f"Must be {MOST_ROWS} or fewer in length.")
    if any(each.get("type") != ACTION_ROW for each in content.components):
        raise invalid_form("components", 'Value of field "type" must be one of (1,).')


def _check_embed(embed: Mapping[str, object]) -> None:
    for name, most in LONGEST_IN_EMBED.items():
        if len(str(embed.get(name) or "")) > most:
            raise invalid_form(f"embeds.{name}", f"Must be {most} or fewer in length.")
    if len(embed.get("fields") or ()) > MOST_FIELDS:
        raise invalid_form("embeds.fields", f"Must be {MOST_FIELDS} or fewer in length.")
    for each in embed.get("fields") or ():
        if not 1 <= len(each.get("name", "")) <= 256 or not 1 <= len(each.get("value", "")) <= 1_024:
            raise invalid_form("embeds.fields", "Must be between 1 and 256 (name), 1 and 1024 (value) in length.")


def _embed_length(embed: Mapping[str, object]) -> int:
    parts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    parts += [(embed.get("author") or {}).get("name")]
    parts += [part for each in embed.get("fields") or () for part in (each.get("name"), each.get("value"))]
    return sum(len(str(part)) for part in parts if part)


def _check_v2(content: Content) -> None:
    if content.text or content.embeds:
        name = "content" if content.text else "embeds"
        problem = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        raise invalid_form(name, problem)
    components = list(each_component(content.components))
    if not components:
        raise EMPTY_MESSAGE
    if len(components) > MOST_COMPONENTS:
        raise invalid_form("components", f"The number of components exceeds the maximum of {MOST_COMPONENTS}")
    shown = sum(len(str(each["content"])) for each in components if each["type"] == TEXT_DISPLAY)
    if shown > LONGEST_DISPLAY:
        raise invalid_form("components", f"The displayable text exceeds the maximum size of {LONGEST_DISPLAY}")


def _check_components(rows: Sequence[Mapping[str, object]]) -> None:
    components = list(each_component(rows))
    names = [str(each["custom_id"]) for each in components if "custom_id" in each]
    if any(not 1 <= len(name) <= LONGEST_CUSTOM_ID for name in names):
        raise invalid_form("components.custom_id", f"Must be between 1 and {LONGEST_CUSTOM_ID} in length.")
    if len(set(names)) < len(names):
        raise invalid_form("components.custom_id", "Component custom id cannot be duplicated")
    for each in components:
        if each["type"] == ACTION_ROW and not 1 <= len(each.get("components", ())) <= MOST_BUTTONS:
            raise invalid_form("components", f"Must be between 1 and {MOST_BUTTONS} in length.")
        if each["type"] == BUTTON:
            _check_button(each)


def _check_button(button: Mapping[str, object]) -> None:
    if len(str(button.get("label") or "")) > LONGEST_LABEL:
        raise invalid_form("components.label", f"Must be {LONGEST_LABEL} or fewer in length.")
    if not (button.get("label") or button.get("emoji")):
        raise invalid_form("components", "A button must have a label or an emoji")
    if ("custom_id" in button) == ("url" in button):
        raise invalid_form("components", "A custom id or url is required, and not both")


def _attachments(body: Body, before: Content, address: Address) -> tuple[Attachment, ...]:
    """Those that are kept, by their ids, and the new ones, by their number in files[n]."""
    rows = body.fields.get("attachments")
    if rows is None:
        return (*before.attachments, *(address(upload) for upload in body.files.values()))
    old = {each.id: each for each in before.attachments}
    kept: list[Attachment] = []
    for row in rows:
        number = int(row["id"])
        if number in old:
            kept.append(old[number])
        elif number in body.files:
            upload = Upload(row.get("filename") or body.files[number].name, body.files[number].content)
            kept.append(replace(address(upload), description=row.get("description")))
        else:
            raise invalid_form("attachments", f"Unknown attachment {number}")
    return tuple(kept)


def _addressed(value: object, by_name: Mapping[str, str]) -> object:
    """The same with each attachment://name replaced by the file's address; a name that is not there is refused."""
    if isinstance(value, str) and value.startswith(ATTACHED):
        name = value.removeprefix(ATTACHED)
        if name not in by_name:
            raise invalid_form("components", f"The referenced attachment was not found: {name}")
        return by_name[name]
    if isinstance(value, Mapping):
        return {key: _addressed(inner, by_name) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_addressed(inner, by_name) for inner in value]
    return value
