"""SH-05: what a core dump would hold of a key whose client is closed."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# Runs in a process of its own, which never sees the key but through the client. Its memory is read from
# outside, as `gcore` would write it into a file.
CHILD = """
import gc, os, sys
import framekey

path, base_url = sys.argv[1:]
client = framekey.ApiVideo(api_key_file=path, auth_mode="basic", base_url=base_url)
bearer = framekey.TwelveLabs(api_key_file=path, base_url=base_url)
for _ in range(20):
    list(client.tags.list())
    list(bearer.indexes.list())
print("ready", flush=True)
sys.stdin.readline()
client.close()
bearer.close()
del client, bearer
gc.collect()
print("closed", flush=True)
sys.stdin.readline()
"""


def copies(process: int, wanted: list[bytes]) -> int:
    """How often any of these stands in memory that the process can write to."""
    found = 0
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            if not mode.startswith("rw") or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            memory.seek(start)
            try:
                text = memory.read(end - start)
            except OSError:
                continue
            found += sum(text.count(one) for one in wanted)
    return found


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no /proc")
def test_sh_05_no_full_copy_of_a_key_stays_after_close(serve: Any, tmp_path: Path) -> None:
    def answer(request: Any) -> None:
        body = json.dumps({"data": []}).encode()
        request.send_response(200)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    key = os.urandom(28).hex()
    forms = [key.encode(), base64.b64encode(f"{key}:".encode())]
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text(key)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), serve(answer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        assert copies(child.pid, forms) > 0, "the search does not find the key of a living client"
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "closed\n"
        assert copies(child.pid, forms) == 0
    finally:
        child.stdin.close()
        child.wait(10)
