#!/usr/bin/env python3
"""Counts the results in the output of `swift test` and prints the closing line.

Arguments: the log, the status with which the run ended. Exits with 1 when anything failed, crashed or was left behind.
"""

import re
import sys


def main() -> int:
    log, status = sys.argv[1], int(sys.argv[2])
    passed = failed = skipped = 0
    is_complete = False
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            # A test's own line only: not that of a suite, of one case of a parameterised test, or of the whole run.
            if re.match(r"\S+ Test run with ", line):
                is_complete = True
            elif re.match(r"\S+ Test (case )?passing ", line):
                continue
            elif re.match(r"✔ Test .* passed after ", line):
                passed += 1
            elif re.match(r"✘ Test .* failed after ", line):
                failed += 1
            elif re.match(r"➜ Test .* skipped", line):
                skipped += 1
    if not is_complete:
        print("The run did not come to its end.")
        failed += 1
    elif status != 0 and failed == 0:
        print(f"The run ended with status {status}.")
        failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
