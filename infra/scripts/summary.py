#!/usr/bin/env python3
"""Counts the results in the output of `swift test` and prints the closing line.

Where something failed, what failed stands right before it: of a long log a CI keeps the end alone. Arguments: the log,
the status with which the run ended. Exits with 1 when anything failed, crashed or was left behind.
"""

import re
import signal
import sys

NAMES_SHOWN = 40
WIDTH = 400

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ISSUE = re.compile(r"✘ Test (?P<name>.*?) recorded an issue(?P<rest>.*)")
FAILED = re.compile(r"✘ Test (?P<name>.*?)(?: with \d+ test cases?)? failed after ")
STARTED = re.compile(r"◇ Test (?P<name>.*) started\.")
ENDED = re.compile(r"[✔✘➜] Test (?P<name>.*?)(?: with \d+ test cases?)? (?:passed after |failed after |skipped)")
CRASH = re.compile(
    r"Fatal error|Program crashed|Precondition failed|unexpected signal|[Ss]egmentation fault|Sanitizer:|^left behind: "
)


class Results:
    """What a log says."""

    def __init__(self) -> None:
        self.passed = 0
        self.skipped = 0
        self.failed: list[str] = []
        self.issues: dict[str, str] = {}
        self.crashes: list[str] = []
        self.running: list[str] = []
        self.is_complete = False

    def take(self, line: str) -> None:
        if CRASH.search(line) and not line.startswith(("◇", "✔", "✘", "➜", "↳")):
            self.crashes.append(line)
        # A test's own line only: not that of a suite, of one case of a parameterised test, or of the whole run.
        if re.match(r"\S+ Test run with ", line):
            self.is_complete = True
        elif re.match(r"\S+ Test (case )?passing |\S+ Test run started", line):
            return
        elif match := ISSUE.match(line):
            self.issues.setdefault(match["name"], match["rest"].strip())
        elif match := STARTED.match(line):
            self.running.append(match["name"])
        elif match := ENDED.match(line):
            if match["name"] in self.running:
                self.running.remove(match["name"])
            if line.startswith("✔"):
                self.passed += 1
            elif line.startswith("➜"):
                self.skipped += 1
            elif match := FAILED.match(line):
                self.failed.append(match["name"])


def shortened(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def show(title: str, lines: list[str]) -> None:
    if lines:
        print(f"{title}:")
        for line in lines[:NAMES_SHOWN]:
            print(f"  {shortened(line)}")
        if len(lines) > NAMES_SHOWN:
            print(f"  and {len(lines) - NAMES_SHOWN} more")


def ending(status: int) -> str:
    # A shell tells a signal as 128 and its number.
    for number in (-status, status - 128):
        try:
            return f"by {signal.Signals(number).name}"
        except ValueError:
            pass
    return f"with status {status}"


def main() -> int:
    results = Results()
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        for line in file:
            results.take(COLOUR.sub("", line.rstrip("\n")))
    status = int(sys.argv[2])
    failed = len(results.failed)
    remark = None
    if not results.is_complete:
        remark = f"The run did not come to its end: it ended {ending(status)}."
        failed += 1
    elif status != 0 and failed == 0:
        remark = f"The run ended {ending(status)}."
        failed += 1
    if failed:
        told = [name + (f": {results.issues[name]}" if name in results.issues else "") for name in results.failed]
        # A test that a crash cut short has no line of its own.
        told += [f"{name}: {issue}" for name, issue in results.issues.items() if name not in results.failed]
        show("Failed", told)
        show("Crashed or left behind", results.crashes)
        if not results.is_complete:
            show("Running when it ended", results.running[-3:])
        if remark:
            print(remark)
    print(f"{results.passed} passed, {failed} failed, {results.skipped} skipped")
    return 1 if failed or results.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
