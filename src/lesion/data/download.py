"""Downloads large files: tries several hosts, resumes, and keeps a file only if it is complete with the right MD5."""

import hashlib
import os
import re
import time
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from filelock import FileLock

from lesion.errors import InputError

CHUNK = 1 << 20
TIMEOUT = 20  # seconds without a byte
TRIES = 4  # tries in a row without a new byte before a host is given up
PASSING = (408, 425, 429, 500, 502, 503, 504)  # HTTP states after which another try may succeed


class _UselessError(Exception):
    """The host cannot provide the file, and another try will not help."""


def cache() -> Path:
    """The folder for downloads."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lesion"


def md5_of(path: Path) -> str:
    """The MD5 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _start(response: HTTPResponse, size: int) -> int:
    """The byte at which a response starts; _UselessError if the whole file does not have `size` bytes."""
    if response.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        start, total = (int(found[1]), int(found[2])) if found else (0, -1)
    else:
        start, total = 0, int(response.headers.get("Content-Length") or size)
    if total != size:
        raise _UselessError(f"offers {total} bytes, {size} expected")
    return start


def _pull(url: str, part: Path, size: int) -> None:
    """Append the bytes from a host to `part`; start over if the host does not resume."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "lesion", "Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with urlopen(Request(url, headers=headers), timeout=TIMEOUT) as response:
        start = _start(response, size)
        if start > have:
            raise _UselessError(f"resumes at byte {start}, {have} asked for")
        with part.open("r+b" if have else "wb") as file:
            file.seek(start)
            file.truncate()
            while chunk := response.read(CHUNK):
                file.write(chunk)


def _whole(path: Path, *, md5: str, size: int) -> bool:
    """True if `path` has this size and MD5."""
    return path.is_file() and path.stat().st_size == size and md5_of(path) == md5


def _fetch_from(url: str, part: Path, *, md5: str, size: int, pause: float) -> None:
    """Complete `part` from one host; _UselessError if that fails."""
    best, tries, reason = -1, 0, "sends nothing"
    while True:
        have = part.stat().st_size if part.exists() else 0
        if have >= size:
            if _whole(part, md5=md5, size=size):
                return
            part.unlink()
            raise _UselessError(f"sends other bytes (MD5 {md5} expected)")
        if have > best:
            best, tries = have, 0
        if tries == TRIES:
            raise _UselessError(f"{reason}, {best} of {size} bytes came")
        if tries:
            time.sleep(pause * 2 ** (tries - 1))
        tries += 1
        try:
            _pull(url, part, size)
            reason = "breaks off"
        except HTTPError as error:
            error.close()
            reason = f"HTTP {error.code}"
            if error.code == 416:  # the partial file does not match the host's
                part.unlink(missing_ok=True)
            elif error.code not in PASSING:
                raise _UselessError(reason) from None
        except URLError as error:
            raise _UselessError(f"cannot be reached ({error.reason})") from None
        except (HTTPException, OSError) as error:
            reason = str(error) or type(error).__name__


def fetch(urls: Sequence[str], target: Path, *, md5: str, size: int, otherwise: str, pause: float = 1.0) -> Path:
    """Download `target` from the first of `urls` that has it, unless it exists. Returns `target`.

    Partial data is kept in `target` + `.part` and resumed from any host, also in a later run. A host that cannot be
    reached or refuses is given up at once, any other after four tries in a row without a new byte, with pauses of
    `pause`, 2 `pause` and 4 `pause` seconds.

    Raises
    ------
    InputError
        If no host has a file of `size` bytes with that `md5`. The message says what each host did, and `otherwise`,
        what the user can do.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part, reasons = target.with_name(f"{target.name}.part"), []
    with FileLock(target.with_name(f"{target.name}.lock")):  # two studies may want it at once
        if _whole(target, md5=md5, size=size):
            return target
        if part.exists() and part.stat().st_size >= size and not _whole(part, md5=md5, size=size):
            part.unlink()
        for url in urls:
            try:
                _fetch_from(url, part, md5=md5, size=size, pause=pause)
            except _UselessError as error:
                reasons.append(f"{urlsplit(url).hostname} {error}")
            else:
                part.replace(target)
                return target
    raise InputError(f"{target}: no host gave this file ({'; '.join(reasons)}): {otherwise}")
