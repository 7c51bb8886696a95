"""Options of a slash command, filled in as the app lets a person do it."""

from collections.abc import Mapping, Sequence

from tests.fake_discord.commands import CHAT_INPUT, SUBCOMMAND_GROUP, Command
from tests.fake_discord.places import Channel, Person
from tests.fake_discord.wire import Upload
from tests.fake_discord.world import World

STRING, INTEGER, BOOLEAN, USER, CHANNEL, NUMBER, ATTACHMENT = 3, 4, 5, 6, 7, 10, 11
TYPES = {STRING: str, INTEGER: int, BOOLEAN: bool, USER: Person, CHANNEL: Channel, NUMBER: (int, float)}


def filled(
    command: Command, below: Sequence[str], values: Mapping[str, object], world: World, *, focused: str | None = None
) -> dict[str, object]:
    """An interaction's data; values that the app would not let through raise LookupError, TypeError or ValueError."""
    resolved: dict[str, dict[str, object]] = {}
    own = {"id": command["id"], "name": command["name"], "type": CHAT_INPUT}
    options = _inner(command, below, values, world, resolved, focused)
    return own | {"options": options} | ({"resolved": resolved} if resolved else {})


def _inner(
    level: Mapping[str, object],
    below: Sequence[str],
    values: Mapping[str, object],
    world: World,
    resolved: dict[str, dict[str, object]],
    focused: str | None,
) -> list[dict[str, object]]:
    known = {option["name"]: option for option in level.get("options") or ()}
    if below:
        if below[0] not in known:
            raise LookupError(f"{level['name']!r} has no subcommand {below[0]!r}; there are {sorted(known)}")
        inner = known[below[0]]
        options = _inner(inner, below[1:], values, world, resolved, focused)
        return [{"name": inner["name"], "type": inner["type"], "options": options}]
    if any(option["type"] <= SUBCOMMAND_GROUP for option in known.values()):
        raise LookupError(f"{level['name']!r} needs one of its subcommands {sorted(known)}")
    unknown = sorted(set(values) - set(known))
    missing = [name for name, option in known.items() if option.get("required") and name not in values]
    if unknown or (missing and focused is None):
        raise LookupError(f"{level['name']!r}: unknown options {unknown}, missing options {missing}")
    return [_option(known[name], value, world, resolved, focused) for name, value in values.items()]


def _option(
    option: Mapping[str, object],
    value: object,
    world: World,
    resolved: dict[str, dict[str, object]],
    focused: str | None,
) -> dict[str, object]:
    own = {"name": option["name"], "type": option["type"]}
    if option["name"] == focused:
        return own | {"value": str(value), "focused": True}
    if option["type"] == ATTACHMENT:
        attachment = world.attach(Upload(*value))
        resolved.setdefault("attachments", {})[str(attachment.id)] = attachment.payload()
        return own | {"value": str(attachment.id)}
    _check(option, value)
    if isinstance(value, Person | Channel):
        group = "users" if isinstance(value, Person) else "channels"
        more = {} if group == "users" else {"permissions": str(value.allowed())}
        resolved.setdefault(group, {})[str(value.id)] = value.payload() | more
        return own | {"value": str(value.id)}
    return own | {"value": value}


def _check(option: Mapping[str, object], value: object) -> None:
    name = option["name"]
    if not isinstance(value, TYPES[option["type"]]):
        raise TypeError(f"option {name!r} takes {TYPES[option['type']]}, not {value!r}")
    choices = [choice["value"] for choice in option.get("choices") or ()]
    if choices and value not in choices:
        raise ValueError(f"option {name!r} takes one of {choices}, not {value!r}")
    least, most = option.get("min_value"), option.get("max_value")
    if (least is not None and value < least) or (most is not None and value > most):
        raise ValueError(f"option {name!r} lies between {least} and {most}, not {value!r}")
    shortest, longest = option.get("min_length"), option.get("max_length")
    if (shortest is not None and len(value) < shortest) or (longest is not None and len(value) > longest):
        raise ValueError(f"option {name!r} has {shortest} to {longest} characters, not {len(value)}")
