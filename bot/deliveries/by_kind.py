"""Which part of the program makes a delivery's message."""

from __future__ import annotations

from collections.abc import Mapping

from bot.deliveries.delivery import Delivery, Kind, NothingToSendError, Prepared, Preparer
from bot.deliveries.notices import notice


class PreparerByKind:
    """Hands each delivery to the one that knows its kind; a notice holds all it says."""

    def __init__(self, others: Mapping[Kind, Preparer]) -> None:
        self._others = others

    async def prepare(self, delivery: Delivery, *, now_s: int) -> Prepared:
        """Return the message; see the port.

        Raises:
            NothingToSendError: nobody here makes such messages, or there is nothing to say.

        """
        if delivery.kind == "notice":
            try:
                return Prepared(outgoing=notice(delivery.content))
            except ValueError as error:
                raise NothingToSendError(str(error)) from error
        preparer = self._others.get(delivery.kind)
        if preparer is None:
            raise NothingToSendError(f"This program sends no {delivery.kind}.")
        return await preparer.prepare(delivery, now_s=now_s)
