"""The HTTP server: uvicorn, but for how connections come in.

asyncio's own servers take whatever comes, and without a file descriptor left they log a traceback
for each of thousands of tries a second.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from ..errors import ConfigurationError
from .connections import Connection, Connections, WarningLimit, connection_limit

# Seconds that uploads under way get when the service stops.
_SHUTDOWN_GRACE = 5
# Seconds that an idle connection is kept for the next request.
_KEEP_ALIVE = 5
# Connections that the system keeps until they are taken.
_BACKLOG = 1024
# Seconds of rest after the system could not hand one over.
_AFTER_FAULT = 0.1
# A family of addresses that this machine does not have.
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)

_log = logging.getLogger("transcription_worker.http")


async def serve_app(app: FastAPI, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT. Raises `ConfigurationError` where it cannot listen there."""
    await HttpServer(app, host, port).serve()


class HttpServer(uvicorn.Server):
    """A server that no number of connections keeps from answering; `port` is what it listens on.

    `limit` connections may be open; by default as many as the process has file descriptors for.
    """

    def __init__(
        self,
        app: FastAPI,
        host: str,
        port: int,
        *,
        limit: int | None = None,
        shutdown_grace: int = _SHUTDOWN_GRACE,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                ws="none",
                lifespan="off",
                log_config=None,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=shutdown_grace,
            )
        )
        self.port = port
        self._connections = Connections(limit or connection_limit())
        self._warning_limit = WarningLimit()
        self._accepting: list[asyncio.Task[None]] = []
        self._listeners: list[socket.socket] = []

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Begins to listen."""
        self.servers = []
        self._listeners = listen(self.config.host, self.port)
        self.port = self._listeners[0].getsockname()[1]
        _log.addFilter(self._warning_limit)
        for listener in self._listeners:
            self._accepting.append(asyncio.create_task(self._accept_forever(listener)))
        self.started = True
        host = self.config.host
        shown = f"[{host}]" if ":" in host else host
        _log.info("listening", extra={"url": f"http://{shown}:{self.port}"})

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Stops listening, and gives what is under way some seconds."""
        for task in self._accepting:
            task.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for listener in self._listeners:
            listener.close()
        await super().shutdown()
        _log.removeFilter(self._warning_limit)

    async def _accept_forever(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as error:
                # No file descriptor or memory is left: give back what is held for nothing.
                has_closed_one = self._connections.close_one()
                _log.warning("accept_failed", extra={"error": str(error)})
                await asyncio.sleep(0 if has_closed_one else _AFTER_FAULT)
                continue
            if not self._connections.make_room():
                accepted.close()
                _log.warning("connection_refused", extra={"open": len(self._connections)})
                continue
            try:
                await loop.connect_accepted_socket(self._connection, accepted)
            except OSError:
                accepted.close()  # its client is gone already

    def _connection(self) -> Connection:
        return Connection(self.config, self.server_state, self._connections, _log)


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of `host`; port 0 takes one that is free.

    Raises `ConfigurationError` where that cannot be.
    """
    listeners: list[socket.socket] = []
    fault = OSError("it has no address here")
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, address in dict.fromkeys((family, address[0]) for family, *_, address in found):
            taken = listeners[0].getsockname()[1] if listeners else port
            try:
                listener = socket.create_server(
                    (str(address), taken), family=family, backlog=_BACKLOG
                )
            except OSError as error:
                if error.errno not in _NO_SUCH_ADDRESS:
                    raise
                fault = error  # such as a name's IPv6 address on a machine without IPv6
                continue
            listener.setblocking(False)
            listeners.append(listener)
        if not listeners:
            raise fault
    except OSError as error:
        for listener in listeners:
            listener.close()
        reason = (error.strerror or str(error)).lower()
        raise ConfigurationError(
            f"The HTTP API cannot listen on port {port} of {host}: {reason}."
            " Stop what uses it, or choose another (WORKER_PORT, WORKER_HOST)."
        ) from None
    return listeners
