"""`/report` on Telegram: rights are asked for where they matter, and nothing is set up by what is being typed."""

from bot.replies import Line, Reply, block
from bot.settings_desk import Said
from tests.bot.telegram_talk import with_chat


class NotingDesk:
    """Says yes, and remembers where it was asked and what."""

    def __init__(self) -> None:
        self.asked = []

    async def answer(self, request, place, habits):
        self.asked.append((request.action, place.may_configure))
        return Said(Reply(blocks=block("notice", Line(text="Noted."))))


def test_rights_in_a_group_are_asked_for_where_a_report_is_meant() -> None:
    desk = NotingDesk()

    async def talk(world) -> None:
        ann, ben = world.api.user("Ann"), world.api.user("Ben")
        group = world.api.group("Traders", ann, ben)
        group.add_bot(by=ann)
        for user, text in ((ann, "/report add BTC"), (ben, "/report add BTC"), (ben, "/report")):
            seat = group.seat(user)
            seat.send(text)
            assert "Noted." in (await seat.next_message()).text

    with_chat(talk, reports=desk)
    assert desk.asked == [("add", True), ("add", False), ("list", False)]


def test_nothing_is_set_up_by_an_inline_query() -> None:
    desk = NotingDesk()

    async def talk(world) -> None:
        (row,) = await world.api.user("Ann").inline("/report add BTC").results()
        assert "in a chat with the bot" in str(row)

    with_chat(talk, reports=desk)
    assert desk.asked == []
