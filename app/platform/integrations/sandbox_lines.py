"""Files of the sandbox that hold a JSON line for each message that went out."""

import fcntl
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

_LOOK_BACK_BYTES = 64 * 1024


def append_once(path: Path, message_id: UUID, fields: dict[str, Any]) -> None:
    """Add a line with `id` and these fields; it is on the disk when this returns. Blocks: call it in a thread.

    A message whose id stands in the file's last 64 KiB is not written again.
    """
    line = orjson.dumps({"id": str(message_id), **fields}, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _has(descriptor, message_id):
            return
        written = os.write(descriptor, line)
        if written != len(line):
            raise OSError(f"only {written} of {len(line)} bytes were written")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _has(descriptor: int, message_id: UUID) -> bool:
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _LOOK_BACK_BYTES, max(0, size - _LOOK_BACK_BYTES))
    return f'"id":"{message_id}"'.encode() in tail
