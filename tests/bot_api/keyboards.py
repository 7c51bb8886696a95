"""Keyboards below messages: what the server accepts as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bot_api.wire import Parameters, bad_request

LONGEST_CALLBACK_DATA = 64
"""Bytes of UTF-8. Source: core.telegram.org/bots/api#inlinekeyboardbutton."""
MOST_BUTTONS = 100
MOST_IN_A_ROW = 8
"""Measured by others, not in the documentation: what is beyond is refused here, so that no program counts on it."""
ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "pay",
)


@dataclass(frozen=True)
class Button:
    """One button of an inline keyboard, as its user sees and presses it."""

    text: str
    data: str | None
    url: str | None
    content: Mapping[str, object]


Rows = tuple[tuple[Button, ...], ...]


def markup_of(parameters: Parameters) -> dict[str, object] | None:
    """The reply markup of a request, checked; None without one."""
    return checked(parameters.structure("reply_markup"))


def checked(markup: object) -> dict[str, object] | None:
    if markup is None or markup == {}:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        _check_inline(markup["inline_keyboard"])
        return markup if any(markup["inline_keyboard"]) else None
    if "keyboard" in markup:
        _rows(markup["keyboard"])
    return markup


def buttons_of(markup: Mapping[str, object] | None) -> Rows:
    """The rows of an inline keyboard."""
    rows = (markup or {}).get("inline_keyboard", ())
    return tuple(
        tuple(Button(each["text"], each.get("callback_data"), each.get("url"), each) for each in row) for row in rows
    )


def _rows(rows: object) -> Sequence[Sequence[dict]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('can\'t parse keyboard: field "keyboard" must be an Array of Arrays')
    return rows


def _check_inline(rows: object) -> None:
    checked_rows = _rows(rows)
    if sum(map(len, checked_rows)) > MOST_BUTTONS or any(len(row) > MOST_IN_A_ROW for row in checked_rows):
        raise bad_request("reply markup is too long")
    for row in checked_rows:
        for button in row:
            _check_button(button)


def _check_button(button: object) -> None:
    problem = "can't parse inline keyboard button: "
    if not isinstance(button, dict) or not button.get("text"):
        raise bad_request(f'{problem}can\'t find field "text"')
    actions = [name for name in ACTIONS if name in button]
    if not actions:
        raise bad_request(f"{problem}Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"{problem}exactly one action must be given, not {' and '.join(actions)}")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= LONGEST_CALLBACK_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not str(url).startswith(("http://", "https://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
