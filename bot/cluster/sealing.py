"""Values that travel through the database, sealed: what is not sealed with the shared secret is never unpickled.

Who can write to the database could otherwise let a worker run anything.
"""

from __future__ import annotations

import hmac
import pickle
from typing import Literal

Kind = Literal["task", "result", "market"]

_HASH = "sha256"
_SEAL_BYTES = 32


class SealError(Exception):
    """Something was not sealed with this secret, or for another purpose."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(f"A {kind} in the database is not sealed with [cluster] key: every process needs the same.")


class Seal:
    """Seals with one secret; a seal holds for one kind of value under one name."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()

    def sealed(self, kind: Kind, name: str, value: object) -> bytes:
        """Return a value as bytes behind its seal."""
        packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        return self._seal(kind, name, packed) + packed

    def opened(self, kind: Kind, name: str, sealed: bytes) -> object:
        """Return the value.

        Raises:
            SealError: somebody else wrote it, or it stood elsewhere.

        """
        seal, packed = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(kind, name, packed)):
            raise SealError(kind)
        return pickle.loads(packed)  # noqa: S301 - sealed by who knows the secret

    def _seal(self, kind: Kind, name: str, packed: bytes) -> bytes:
        return hmac.digest(self._key, f"{kind} {name}\n".encode() + packed, _HASH)
