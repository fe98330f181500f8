"""The server as a process: one port, one file, one folder."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from prompt_kafka.lab.apiserver.app import Api
from prompt_kafka.lab.apiserver.database import Database
from prompt_kafka.lab.apiserver.housekeeping import keep_house
from prompt_kafka.lab.apiserver.pki import prepare
from prompt_kafka.lab.apiserver.store import Store
from prompt_kafka.lab.loopback import PortError


class _Server(uvicorn.Server):
    """Ends the watches first when it is told to stop: they would keep the connections open."""

    def __init__(self, config: uvicorn.Config, api: Api) -> None:
        super().__init__(config)
        self._api = api

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the two signals that end a process; they end this one well, with exit code 0."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self._api.stop()
        self.should_exit = True


def serve(state: Path, port: int) -> None:
    """Serve the API of the lab in `state` on 127.0.0.1 until a signal ends it.

    Raises
    ------
    PortError
        The port is taken.
    DatabaseError
        The objects cannot be read.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.umask(0o077)
    prepare(state, port)
    database = Database(state / "api.sqlite")
    try:
        asyncio.run(_serve(state, port, database))
    finally:
        database.close()


async def _serve(state: Path, port: int, database: Database) -> None:
    pki = state / "pki"
    store = Store(database)
    api = Api(store, state, (pki / "token").read_text().strip(), f"127.0.0.1:{port}")
    config = uvicorn.Config(
        api,
        host="127.0.0.1",
        port=port,
        loop="asyncio",
        http="h11",
        ws="websockets-sansio",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=2,
        ssl_certfile=pki / "server.crt",
        ssl_keyfile=pki / "server.key",
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    config.load()
    assert config.ssl is not None
    # No session tickets: nothing arrives at a client that has only just begun to write. Clients that read and
    # write one TLS connection from two threads (websockets' synchronous one) lose their request otherwise.
    config.ssl.num_tickets = 0
    server = _Server(config, api)
    house = asyncio.create_task(keep_house(store, api.stopping))
    try:
        await server.serve()
    except SystemExit:
        raise PortError(
            f"port {port} on 127.0.0.1 is taken",
            where=f"https://127.0.0.1:{port}",
            next="end what listens there (ss -ltnp), or make a new lab: prompt-kafka lab up --name NAME",
        ) from None
    finally:
        house.cancel()
