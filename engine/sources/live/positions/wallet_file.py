"""The wallets that are known, kept beside the history, so that a restart does not begin from nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import DataMalformedError, DataUnavailableError
from engine.history.disk import Disk, set_aside, write_atomically
from engine.history.errors import HistoryNotWrittenError, NewerHistoryError
from engine.sources.live.positions.replies import address_of
from engine.sources.live.positions.wallets import Wallet

FILE = Path("hyperliquid") / "wallets.parquet"
"""Where in the folder of a history."""

_ADVICE = "It is kept under another name, and the wallets are collected anew."
_TIMES = ("asked_s", "answered_s", "traded_s")
_SCHEMA = pa.schema(
    [
        pa.field("address", pa.string(), nullable=False),
        *(pa.field(name, pa.int64()) for name in _TIMES),
        pa.field("notional_usd", pa.float64()),
        pa.field("account_usd", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWallets:
    """The wallets of a file, and what to say about it: that it was damaged, and under which name it is kept."""

    wallets: tuple[Wallet, ...] = ()
    note: str | None = None


class WalletFile:
    """The file of one history; whoever sweeps is its one writer."""

    def __init__(self, history: Path, *, disk: Disk | None = None) -> None:
        self.path = history / FILE
        self._disk = disk or Disk()

    def read(self) -> StoredWallets:
        """Return the wallets of the file, none where there is no file; a damaged one is set aside, and said to be.

        Raises:
            NewerHistoryError: it holds what this version could not write again; it is left as it is.
            DataUnavailableError: the disk does not give it; it may be sound.
            HistoryNotWrittenError: it is damaged, and the disk does not let it be set aside.

        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return StoredWallets()
        except OSError as error:
            msg = f"The wallets at {self.path} cannot be read: {error.strerror}. Mend its permissions, or remove it."
            raise DataUnavailableError(msg) from error
        try:
            return StoredWallets(wallets=_parsed(self.path, content))
        except NewerHistoryError:
            raise
        except DataMalformedError as error:
            return StoredWallets(note=self._set_aside(error))

    def write(self, wallets: Iterable[Wallet]) -> None:
        """Put these wallets in the place of the file's, in one step.

        Raises:
            HistoryNotWrittenError: the disk is full or refuses; the old file is whole.

        """
        rows = tuple(wallets)
        columns = {name: [getattr(wallet, name) for wallet in rows] for name in _SCHEMA.names}
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns, schema=_SCHEMA), sink, compression="zstd")
        try:
            write_atomically(self._disk, self.path, bytes(sink.getvalue()))
        except OSError as error:
            raise self._refused(error) from error

    def _set_aside(self, error: DataMalformedError) -> str:
        try:
            aside = set_aside(self._disk, self.path)
        except OSError as refusal:
            raise self._refused(refusal) from refusal
        return f"{self.path} was damaged ({error.problem}) and is kept as {aside.name}; wallets are collected anew."

    def _refused(self, error: OSError) -> HistoryNotWrittenError:
        return HistoryNotWrittenError(self.path, error.strerror or type(error).__name__)


def _parsed(path: Path, content: bytes) -> tuple[Wallet, ...]:
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            table = file.read(use_threads=False)
        strange = tuple(name for name in table.schema.names if name not in _SCHEMA.names)
        if strange:
            raise NewerHistoryError(path, strange)
        columns = {field.name: table[field.name].cast(field.type).to_pylist() for field in _SCHEMA}
    except (pa.ArrowException, OSError, KeyError) as error:
        problem = f"not a readable file of wallets ({str(error).splitlines()[0][:120]})"
        raise DataMalformedError(str(path), problem, _ADVICE) from None
    wallets = tuple(Wallet(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True))
    odd = next((wallet for wallet in wallets if not _is_sound(wallet)), None)
    if odd is not None:
        raise DataMalformedError(str(path), f"the row of {odd.address} holds a value that cannot be", _ADVICE)
    return wallets


def _is_sound(wallet: Wallet) -> bool:
    values = [getattr(wallet, field.name) for field in fields(Wallet) if field.name != "address"]
    known = [value for value in values if value is not None]
    is_named = wallet.address is not None and wallet.address == address_of(wallet.address)
    return is_named and all(0 <= value < float("inf") for value in known)
