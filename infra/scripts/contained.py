#!/usr/bin/env python3
"""Runs a command and leaves no process of it behind.

Whatever the command starts, however detached, becomes our child when its parent ends (Linux's child subreaper), so it
can be found and ended. Exits with the command's status, or with 1 when something had to be ended: a test that leaves a
process running has failed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36


def descendants(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents.setdefault(int(fields[1]), []).append(int(name))
    found: list[int] = []
    queue = [root]
    while queue:
        children = parents.get(queue.pop(), [])
        found += children
        queue += children
    return found


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def reap_until(pid: int) -> int:
    """Waits for one child, and meanwhile lets every orphan that has become ours end for good."""
    while True:
        ended, raw = os.waitpid(-1, 0)
        if ended == pid:
            return os.waitstatus_to_exitcode(raw)


def describe(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "?"


def main() -> int:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: child.send_signal(received))
    status = reap_until(child.pid)

    # Who was told to stop gets time to do so: a database's watchdog waits for its server, on a busy machine longer.
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        reap()
        if not descendants(os.getpid()):
            return status if status >= 0 else 128 - status
        time.sleep(0.05)
    left = descendants(os.getpid())
    for pid in left:
        print(f"left behind: {pid} {describe(pid)[:150]}", file=sys.stderr)
    while remaining := descendants(os.getpid()):
        for pid in remaining:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
        reap()
    return status or 1


if __name__ == "__main__":
    sys.exit(main())
