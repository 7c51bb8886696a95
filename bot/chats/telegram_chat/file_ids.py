"""Which pictures Telegram has already: each is uploaded once, and sent by its id from then on."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from telegram import Message
from telegram.error import BadRequest

MOST_FILES = 4_096
"""Files remembered: some days of a busy bot, in less than a megabyte."""
_REFUSALS = ("wrong file", "wrong remote file", "file reference", "can't use file")
"""How the server says that it knows no such file (any more)."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file at Telegram: file_id sends it again, unique_id tells whether a message shows it."""

    file_id: str
    unique_id: str


class FileIds:
    """The ids of what was uploaded, by content and by whether it is a photo or a document."""

    def __init__(self, most: int = MOST_FILES) -> None:
        self._most = most
        self._known: OrderedDict[tuple[str, str], KnownFile] = OrderedDict()
        self._uploading: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def photo(self, png: bytes) -> KnownFile | None:
        """Return a picture that Telegram has as a photo, None for one that it has not."""
        return self._known.get(_key("photo", png))

    async def send(self, kind: str, content: bytes, send: Callable[[str | bytes], Awaitable[Message]]) -> Message:
        """Send a file by its id, or by its content where there is none; equal ones at one moment are uploaded once.

        kind: photo or document.
        """
        key = _key(kind, content)
        lock = self._uploading.setdefault(key, asyncio.Lock())
        async with lock:
            known = self._known.get(key)
            if known is None:
                return self._kept(key, await send(content))
        try:
            return self._kept(key, await send(known.file_id))
        except BadRequest as error:
            if not error.message.lower().startswith(_REFUSALS):
                raise
        self._known.pop(key, None)
        return self._kept(key, await send(content))

    async def send_album(
        self, contents: Sequence[bytes], send: Callable[[tuple[str | bytes, ...]], Awaitable[Sequence[Message]]]
    ) -> Sequence[Message]:
        """Send photos as one album, each by its id where there is one; equal albums at one moment upload them once."""
        keys = tuple(_key("photo", content) for content in contents)
        album = "album", "".join(digest for _kind, digest in keys)
        async with self._uploading.setdefault(album, asyncio.Lock()):
            if any(key not in self._known for key in keys):
                return self._all_kept(keys, await send(self._ids_or(contents)))
        try:
            return self._all_kept(keys, await send(self._ids_or(contents)))
        except BadRequest as error:
            if not error.message.lower().startswith(_REFUSALS):
                raise
        for key in keys:
            self._known.pop(key, None)
        return self._all_kept(keys, await send(tuple(contents)))

    def _ids_or(self, contents: Sequence[bytes]) -> tuple[str | bytes, ...]:
        known = (self.photo(content) for content in contents)
        return tuple(content if file is None else file.file_id for content, file in zip(contents, known, strict=True))

    def _all_kept(self, keys: Sequence[tuple[str, str]], messages: Sequence[Message]) -> Sequence[Message]:
        for key, message in zip(keys, messages, strict=True):
            self._kept(key, message)
        return messages

    def _kept(self, key: tuple[str, str], message: Message) -> Message:
        file = message.photo[-1] if message.photo else message.document
        if file is not None:
            self._known[key] = KnownFile(file.file_id, file.file_unique_id)
            self._known.move_to_end(key)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return message


def _key(kind: str, content: bytes) -> tuple[str, str]:
    return kind, hashlib.sha256(content).hexdigest()
