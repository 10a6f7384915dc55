"""Calls the admin API with whatever its OpenAPI document allows and forbids, by schemathesis: every answer must be one
that the document describes.

Arguments: the address of the API, a key that may do everything. The seed is fixed, so that a run can be repeated.
"""

import os
import sys
import tempfile

from schemathesis.cli import schemathesis


def main() -> None:
    address, key = sys.argv[1], sys.argv[2]
    # It leaves its database of examples in the working folder.
    os.chdir(tempfile.mkdtemp())
    schemathesis(
        [
            "run",
            f"{address}/api/openapi.json",
            "--header",
            f"X-API-Key: {key}",
            "--checks=all",
            "--phases=examples,coverage,fuzzing",
            "--max-examples=25",
            "--seed=20261121",
            "--request-timeout=10",
            "--continue-on-failure",
            "--no-color",
        ]
    )


if __name__ == "__main__":
    main()
