"""answerCallbackQuery and answerInlineQuery: once, and in time."""

from tests.bot_api.entities import units
from tests.bot_api.files import Media
from tests.bot_api.keyboards import checked
from tests.bot_api.rooms import Content
from tests.bot_api.texts import checked_caption, checked_text, parsed
from tests.bot_api.wire import Parameters, bad_request
from tests.bot_api.world import Query, World

MOST_RESULTS = 50
LONGEST_RESULT_ID = 64
LONGEST_NOTICE = 200
"""Results of one answer, bytes of a result's id, characters of a notice. Source: core.telegram.org/bots/api."""
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class Answering:
    """Closes the queries that people opened."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.methods = {"answerCallbackQuery": self.callback, "answerInlineQuery": self.inline}

    def callback(self, parameters: Parameters) -> object:
        query = self._open(parameters.get("callback_query_id", ""))
        if units(parameters.get("text", "")) > LONGEST_NOTICE:
            raise bad_request("MESSAGE_TOO_LONG")
        return self._close(
            query,
            {
                "text": parameters.get("text", ""),
                "alert": parameters.flag("show_alert"),
                "url": parameters.get("url"),
            },
        )

    def inline(self, parameters: Parameters) -> object:
        query = self._open(parameters.get("inline_query_id", ""))
        results = parameters.structure("results")
        if not isinstance(results, list):
            raise bad_request("can't parse inline query results JSON object")
        if len(results) > MOST_RESULTS:
            raise bad_request("RESULTS_TOO_MUCH")
        names = [str(row.get("id", "")) for row in results]
        if not all(1 <= len(name.encode()) <= LONGEST_RESULT_ID for name in names):
            raise bad_request("RESULT_ID_INVALID")
        if len(set(names)) < len(names):
            raise bad_request("RESULT_ID_DUPLICATE")
        for row in results:
            result_content(self.world, row)
        return self._close(
            query,
            {
                "results": results,
                "cache_time_s": parameters.integer("cache_time", 300),
                "personal": parameters.flag("is_personal"),
                "next_offset": parameters.get("next_offset", ""),
                "button": parameters.structure("button"),
            },
        )

    def _open(self, query_id: str) -> Query:
        query = self.world.queries.get(query_id)
        if query is None or query.answer is not None or self.world.clock() > query.asked_at + query.lives_s:
            raise bad_request(TOO_OLD)
        return query

    def _close(self, query: Query, answer: dict[str, object]) -> object:
        query.answer = answer
        self.world.notify()
        return True


def result_content(world: World, row: dict) -> Content:
    """What an inline result becomes in the chat where it is chosen; refused where it cannot become anything."""
    kind, markup = row.get("type"), checked(row.get("reply_markup"))
    said = row.get("input_message_content")
    if said is not None:
        text = parsed(said.get("message_text") or "", said.get("parse_mode"), said.get("entities"))
        return Content(checked_text(text), None, markup)
    if kind == "article":
        raise bad_request("can't parse inline query result: Can't find field \"input_message_content\"")
    if kind not in ("photo", "document"):
        raise bad_request("can't parse inline query result: only article, photo and document are served here")
    caption = checked_caption(parsed(row.get("caption") or "", row.get("parse_mode"), row.get("caption_entities")))
    return Content(caption, _result_media(world, row, str(kind)), markup)


def _result_media(world: World, row: dict, kind: str) -> Media | None:
    """A cached file is shown; one by its address is taken as said, as nothing outside is fetched."""
    file_id, url = row.get(f"{kind}_file_id"), row.get(f"{kind}_url")
    if file_id is not None:
        return world.files.known(kind, file_id)
    if not str(url or "").startswith(("http://", "https://")):
        raise bad_request(f"can't parse inline query result: Can't find field \"{kind}_url\"")
    if kind == "photo" and not row.get("thumbnail_url"):
        raise bad_request("can't parse inline query result: Can't find field \"thumbnail_url\"")
    return Media(kind, (), b"", str(url))
