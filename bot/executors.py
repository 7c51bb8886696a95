"""Where the measurements of `fathom skill` are computed: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import typer

CONNECT_S = 10
RETRIES = 2
"""How often a cluster tries a piece of work again that failed, beside pieces whose worker died, which always go on."""


@contextmanager
def measuring(processes: int, dask: str | None) -> Iterator[Executor]:
    """Yield an executor: `processes` processes of this machine, or the Dask cluster at an address (tcp://host:port).

    Raises:
        typer.BadParameter: Dask is not installed, or there is no cluster at the address.

    """
    if dask is None:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            yield pool
        return
    try:
        from distributed import Client
        from distributed.comm.addressing import parse_address, parse_host_port
    except ImportError:
        msg = "a Dask cluster needs the extra cluster: pip install 'fathom-liq[cluster]'"
        raise typer.BadParameter(msg, param_hint="--dask") from None
    try:
        # asked first by a plain connection: a client that found nobody complains again when it is thrown away
        socket.create_connection(parse_host_port(parse_address(dask)[1]), timeout=CONNECT_S).close()
        client = Client(dask, timeout=f"{CONNECT_S}s", set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"there is no Dask scheduler at {dask} ({error}); start one: dask scheduler"
        raise typer.BadParameter(msg, param_hint="--dask") from None
    with client:
        yield client.get_executor(pure=False, retries=RETRIES)
