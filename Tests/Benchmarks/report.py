"""Puts the rows of the groups together: a table for people, latest.json for programs."""
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
rows = [row for group in sys.argv[2:] for row in json.loads((folder / f"{group}.rows.json").read_text())]
(folder / "latest.json").write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")


def number(value):
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


table = [("what", "ours", "peer", "ratio", "unit", "goal", "beside")] + [
    (row["name"], number(row["value"]), number(row["peerValue"]), number(row["ratio"]), row["unit"], row["goal"],
     row["peer"]) for row in rows]
widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
for line in table:
    print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
