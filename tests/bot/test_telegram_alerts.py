"""`/alert` on Telegram: set by anybody, changed by who may; nothing is set by what is being typed."""

from bot.replies import Line, Reply, block
from bot.settings_desk import Said
from tests.bot.telegram_talk import with_chat


class NotingDesk:
    """Says yes, and remembers what was asked, and with which rights."""

    def __init__(self) -> None:
        self.asked = []

    async def answer(self, request, place, liked):
        self.asked.append((request.action, request.symbol, place.may_configure))
        return Said(Reply(blocks=block("notice", Line(text="Noted."))))


def test_a_group_is_asked_who_may_change_its_alerts() -> None:
    desk = NotingDesk()

    async def talk(world) -> None:
        ann, ben = world.api.user("Ann"), world.api.user("Ben")
        group = world.api.group("Traders", ann, ben)
        group.add_bot(by=ann)
        for user, text in ((ann, "/alert remove 3"), (ben, "/alert BTC 70k")):
            seat = group.seat(user)
            seat.send(text)
            assert "Noted." in (await seat.next_message()).text

    with_chat(talk, alerts=desk)
    assert desk.asked == [("remove", None, True), ("add", "BTC", False)]


def test_the_symbol_of_the_last_answer_is_meant() -> None:
    desk = NotingDesk()

    async def talk(world) -> None:
        ann = world.api.user("Ann")
        seat = ann.private
        seat.send("/liq BTC")
        await seat.next_message()
        seat.send("/alert condition")
        assert "Noted." in (await seat.next_message()).text

    with_chat(talk, alerts=desk)
    assert desk.asked == [("add", "BTC", False)]


def test_nothing_is_set_by_an_inline_query() -> None:
    desk = NotingDesk()

    async def talk(world) -> None:
        (row,) = await world.api.user("Ann").inline("/alert BTC 70k").results()
        assert "in a chat with the bot" in str(row)

    with_chat(talk, alerts=desk)
    assert desk.asked == []
