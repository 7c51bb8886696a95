"""Files the server holds: photos re-encoded in several sizes, documents as they are, each known by its file_id."""

import hashlib
import io
import itertools
import mimetypes
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from PIL import Image, UnidentifiedImageError

from tests.bot_api.wire import Parameters, RefusedError, Upload, bad_request

LARGEST_PHOTO_BYTES = 10 * 1024**2
LARGEST_UPLOAD_BYTES = 50 * 1000**2
LARGEST_DOWNLOAD_BYTES = 20 * 1024**2
LONGEST_SIDES_SUM = 10_000
WIDEST_RATIO = 20
"""Source: core.telegram.org/bots/api#sendphoto, #senddocument, #getfile."""
PHOTO_SIZES = (90, 320, 800, 1280)
"""Longest side of the sizes that a photo is kept in; a larger photo is shown at 1280."""


@dataclass(frozen=True)
class StoredFile:
    """One file under its file_id. `width` and `height` are those of a photo's size, else 0."""

    file_id: str
    kind: str
    name: str
    source: bytes
    width: int = 0
    height: int = 0

    @cached_property
    def content(self) -> bytes:
        """What a download brings: a photo comes back as JPEG in its size, a document byte for byte."""
        if self.kind != "photo":
            return self.source
        with Image.open(io.BytesIO(self.source)) as picture:
            shown = picture.convert("RGB").resize((self.width, self.height))
        out = io.BytesIO()
        shown.save(out, "JPEG", quality=85)
        return out.getvalue()

    @property
    def unique_id(self) -> str:
        return "AQAD" + hashlib.sha256(self.file_id.encode()).hexdigest()[:12]

    @property
    def path(self) -> str:
        folder, suffix = (
            ("photos", ".jpg") if self.kind == "photo" else ("documents", self.name[self.name.rfind(".") :])
        )
        return f"{folder}/file_{self.unique_id[4:]}{suffix}"

    @property
    def size(self) -> int:
        """Bytes; of a photo those of its source, as encoding every size for a number would be slow."""
        return len(self.source)

    def payload(self) -> dict[str, object]:
        own = {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": self.size}
        if self.kind == "photo":
            return own | {"width": self.width, "height": self.height}
        guess = mimetypes.guess_type(self.name)[0] or "application/octet-stream"
        return own | {"file_name": self.name, "mime_type": guess}


@dataclass(frozen=True)
class Media:
    """What a message carries: a photo in its sizes, smallest first, or one document."""

    kind: str
    sizes: tuple[StoredFile, ...]
    source: bytes
    name: str

    @property
    def file_id(self) -> str:
        return self.sizes[-1].file_id

    def payload(self) -> object:
        rows = [size.payload() for size in self.sizes]
        return rows if self.kind == "photo" else rows[0]


class Files:
    """Every file that was ever sent, by any of its ids."""

    def __init__(self) -> None:
        self._media: dict[str, Media] = {}
        self._files: dict[str, StoredFile] = {}
        self._ids = itertools.count(1)

    def add(self, kind: str, upload: Upload) -> Media:
        """Keep a new file, as the server would accept it."""
        if not upload.content:
            raise bad_request("file must be non-empty")
        if len(upload.content) > LARGEST_UPLOAD_BYTES:
            raise RefusedError("Request Entity Too Large", code=413)
        sizes = _photo_sizes(upload) if kind == "photo" else [(0, 0)]
        stored = tuple(
            StoredFile(self._new_id(kind), kind, upload.name, upload.content, width, height) for width, height in sizes
        )
        return self._keep(Media(kind, stored, upload.content, upload.name))

    def _keep(self, media: Media) -> Media:
        for file in media.sizes:
            self._media[file.file_id] = media
            self._files[file.file_id] = file
        return media

    def _new_id(self, kind: str) -> str:
        start = "AgACAgQAAxkBAAI" if kind == "photo" else "BQACAgQAAxkBAAI"
        return start + hashlib.sha256(f"{kind} {next(self._ids)}".encode()).hexdigest()[:40] + "ADNgQ"

    def known(self, kind: str, file_id: str) -> Media:
        """What was sent under this id before; another text, or an id of another kind, is refused."""
        if file_id.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        media = self._media.get(file_id)
        if media is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if media.kind != kind:
            raise bad_request(f"can't use file of type {media.kind.title()} as {kind.title()}")
        return media

    def of_request(self, parameters: Parameters, kind: str) -> Media:
        """The file of a sendPhoto or sendDocument: uploaded now, or known by its id."""
        return self.chosen(parameters, kind, kind, parameters.get(kind))

    def chosen(self, parameters: Parameters, kind: str, part: str, value: str | None) -> Media:
        upload = parameters.upload(part, value)
        if upload is not None:
            return self.add(kind, upload)
        if not value:
            raise bad_request(f"there is no {kind} in the request")
        return self.known(kind, value)

    def described(self, file_id: str) -> dict[str, object]:
        """getFile: where a file can be fetched."""
        file = self._files.get(file_id)
        if file is None:
            raise bad_request("invalid file_id")
        if file.size > LARGEST_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        own = {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": len(file.content)}
        return own | {"file_path": file.path}

    def at(self, path: str) -> bytes | None:
        return next((file.content for file in self._files.values() if file.path == path), None)


def _photo_sizes(upload: Upload) -> list[tuple[int, int]]:
    if len(upload.content) > LARGEST_PHOTO_BYTES:
        problem = f"file of size {len(upload.content)} bytes is too big for a photo"
        raise bad_request(f"{problem}; the maximum size is {LARGEST_PHOTO_BYTES} bytes")
    width, height = _dimensions(upload.content)
    if width + height > LONGEST_SIDES_SUM or max(width, height) > WIDEST_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    longest = max(width, height)
    sides = [side for side in PHOTO_SIZES if side < longest]
    if longest <= PHOTO_SIZES[-1]:
        sides.append(longest)
    return [(max(width * side // longest, 1), max(height * side // longest, 1)) for side in sides]


def _dimensions(content: bytes) -> tuple[int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                return picture.size
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None


def media_payload(media: Media | None) -> Mapping[str, object]:
    return {} if media is None else {media.kind: media.payload()}
