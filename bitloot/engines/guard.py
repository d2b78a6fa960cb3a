"""Runs one command and sees to it that nothing of it outlives whoever asked for it.

Started by `bitloot.engines.process` as a plain file with `python -I -S`, hence the standard library only:

    guard.py STOP_SIGNAL STOP_SECONDS USER KEEP -- COMMAND…

Standard input is a pipe that the asker holds open: when it closes, the asker is gone (by whatever signal) or
wants an end. Standard output takes one report: the command's pid, then why it could not start, if so. Standard
error is the log of both. The guard ends as the command ended: same exit code, or same signal.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time

__all__ = ["main"]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

HEARD = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

#: Seconds that leftovers get to vanish after SIGKILL before the guard leaves anyway.
LEFTOVER_SECONDS = 5.0


def main(arguments: list[str]) -> int:
    """Runs the command to its end and returns the status that `os.waitpid` gave for it."""
    stop_signal, stop_seconds, user, keep = int(arguments[0]), float(arguments[1]), arguments[2], arguments[3]
    argv = arguments[5:]
    for descriptor in filter(None, keep.split(",")):
        os.set_inheritable(int(descriptor), False)  # held here (a lock), not by the command
    woken = _wake_on(*HEARD)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)  # the child must not swallow one before it is the command
    child = os.fork()
    if child == 0:
        _become(argv, stop_signal, user, guard)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # whatever the asker had blocked
    os.dup2(2, 1)  # closes our end of the report; the child's own end closes when it is the command
    status = _watch(child, woken, stop_signal, stop_seconds)
    _end_leftovers(child)
    return status


def _wake_on(*signals: int) -> int:
    """A descriptor that becomes readable, one byte a signal, when any of `signals` arrives."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in signals:
        signal.signal(number, lambda *_: None)
    return reader


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the pipe alone has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _become(argv: list[str], stop_signal: int, user: str, guard: int) -> None:
    """Turns the forked child into the command: own session, other account, told when the guard dies."""
    try:
        os.setsid()
        for number in (*HEARD, signal.SIGPIPE):  # Python ignores SIGPIPE, and so would the command
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        report = os.dup(1)
        os.set_inheritable(report, False)
        os.write(
            report, b"%d\n" % os.getpid()
        )  # by the child, so that it comes before why it could not start
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)
        try:
            if user:
                uid, gid = (int(part) for part in user.split(":"))
                os.setgroups([])
                os.setgid(gid)
                os.setuid(uid)
            _prctl(PR_SET_PDEATHSIG, stop_signal)  # after setuid, which clears it
            if os.getppid() == guard:
                os.execvp(argv[0], argv)  # noqa: S606
        except OSError as error:
            os.write(report, f"{argv[0]}: {error.strerror}".encode())
    finally:
        os._exit(127)


def _watch(child: int, woken: int, stop_signal: int, stop_seconds: float) -> int:
    """Waits for the end; once the asker is gone, asks for it, and forces it after `stop_seconds`."""
    asker: list[int] = [0]
    deadline: float | None = None
    while (status := _reap(child)) is None:
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([*asker, woken], [], [], timeout)
        told = woken in ready and set(os.read(woken, 64)) - {signal.SIGCHLD}
        if asker and (told or (0 in ready and not os.read(0, 64))):
            asker.clear()
            deadline = time.monotonic() + stop_seconds
            _signal(child, stop_signal)
            _signal(child, signal.SIGCONT)  # a stopped process could not hear the first
        elif deadline is not None and time.monotonic() >= deadline:
            deadline = None
            _signal(child, signal.SIGKILL, whole_group=True)
    return status


def _reap(child: int) -> int | None:
    """Collects all that ended, orphans too; the command's status if it was among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                found = status
    return found


def _signal(child: int, number: int, *, whole_group: bool = False) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)
    if whole_group:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, number)


def _end_leftovers(child: int) -> None:
    """What the command started and left behind is ours by now (subreaper): end it, whatever its session."""
    _signal(child, signal.SIGKILL, whole_group=True)
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        for pid in _children():
            _signal(pid, signal.SIGKILL)
        time.sleep(0.01)


def _children() -> list[int]:
    """Pids whose parent is this process; only Linux tells."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc") if sys.platform == "linux" else []):
        with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as stat:
            if int(stat.read().rpartition(b")")[2].split()[1]) == os.getpid():
                found.append(int(entry))
    return found


def _leave_like(status: int) -> None:
    """Ends this process as the command ended, so that whoever waits for us sees that."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    _leave_like(main(sys.argv[1:]))
