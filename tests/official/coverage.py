"""Which operations of each official client were called, from the records that the tests wrote.

    coverage.py FOLDER [TABLE]

FOLDER holds the records. The table is written to TABLE, tests/official/COVERAGE.md if none is named.
Ends with 1 when a client of offered.json has no record or had less than 80 % of its operations called.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
LEAST = 0.8
HEAD = """# What the official clients called

Written by `cargo xtask test official`: the operations that each client offers, and whether the emulator
answered them with success when the tests called them through that client, unmodified. `-` = the client
does not offer it.
"""


def records(folder: Path) -> dict[str, set[str]]:
    """By client: the operations of its service that it called."""
    offered = json.loads((HERE / "offered.json").read_text())
    called: dict[str, set[str]] = {}
    for file in sorted(folder.glob("*.json")):
        record = json.loads(file.read_text())
        service = offered[record["client"]]["service"]
        called.setdefault(record["client"], set()).update(record["called"].get(service, {}))
    return called


def mark(operation: str, offered: set[str], called: set[str]) -> str:
    if operation not in offered:
        return "-"
    return "called" if operation in called else "**not called**"


def table(service: str, clients: dict[str, dict], called: dict[str, set[str]]) -> list[str]:
    names = list(clients)
    operations = sorted({operation for client in clients.values() for operation in client["operations"]})
    titles = [f"{client['package']} {client['version']} ({client['language']})" for client in clients.values()]
    lines = ["", f"## {service}", "", "| operation | " + " | ".join(titles) + " |", "| --- |" + " --- |" * len(names)]
    for operation in operations:
        marks = [mark(operation, set(clients[name]["operations"]), called.get(name, set())) for name in names]
        lines.append(f"| {operation} | " + " | ".join(marks) + " |")
    return lines


def main(folder: Path, target: Path) -> int:
    offered = json.loads((HERE / "offered.json").read_text())
    called = records(folder)
    lines = [HEAD, "| client | offered | called | share |", "| --- | --- | --- | --- |"]
    enough = True
    for name, client in offered.items():
        operations = set(client["operations"])
        hit = operations & called.get(name, set())
        share = len(hit) / len(operations)
        enough = enough and share >= LEAST
        lines.append(f"| {client['package']} {client['version']} ({client['language']}) | {len(operations)} | {len(hit)} | {share:.0%} |")
        print(f"{name:<28} {len(hit):>3} of {len(operations):>3} operations, {share:.0%}")
    for service in dict.fromkeys(client["service"] for client in offered.values()):
        clients = {name: client for name, client in offered.items() if client["service"] == service}
        lines += table(service, clients, called)
    target.write_text("\n".join(lines) + "\n")
    return 0 if enough else 1


if __name__ == "__main__":
    table_file = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "COVERAGE.md"
    sys.exit(main(Path(sys.argv[1]), table_file))
