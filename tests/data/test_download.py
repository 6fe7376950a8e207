import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from lesion.data.download import cache, fetch
from lesion.errors import InputError

CONTENT = np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8).tobytes()
MD5 = hashlib.md5(CONTENT).hexdigest()


@dataclass
class Host:
    """How each path of the server behaves, and what was asked of it."""

    port: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def count(self, path: str) -> int:
        return sum(asked == f"/{path}" for asked, _ in self.asked)


class Handler(BaseHTTPRequestHandler):
    """`/ranges` and `/plain` send all, the first by parts too; `cut` in a path breaks off after 100,000 bytes."""

    host: Host

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.host.asked.append((self.path, wanted))
        content = CONTENT
        if self.path == "/404":
            return self.send_error(404)
        if self.path == "/busy" or (self.path == "/busy-once" and self.host.count("busy-once") == 1):
            return self.send_error(503)
        if self.path == "/other":
            content = bytes(len(CONTENT))
        elif self.path == "/page":
            content = b"<html>moved</html>"
        start = int(wanted[6:-1]) if wanted and "plain" not in self.path else 0
        if start >= len(content) or (self.path == "/416" and wanted):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.path != "/no-length":
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = len(content)
        if "cut" in self.path and not ("once" in self.path and self.host.count(self.path[1:]) > 1):
            end = start + 100_000
        if self.path != "/empty":
            self.wfile.write(content[start:end])
        return None


@pytest.fixture
def host() -> Iterator[Host]:
    """A server of this machine, in a thread."""
    made = Host()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"host": made}))
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def get(host: Host, target: Path, *where: str) -> Path:
    return fetch([host.url(path) for path in where], target, md5=MD5, size=len(CONTENT), otherwise="ask", pause=0.001)


def part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


@pytest.mark.parametrize("where", ["ranges", "plain", "no-length"])
def test_a_file_is_fetched_once(host: Host, tmp_path: Path, where: str) -> None:
    target = tmp_path / "of" / "cache" / "file.gz"
    for _ in range(2):
        assert get(host, target, where) == target
    assert target.read_bytes() == CONTENT
    assert host.asked == [(f"/{where}", None)]
    assert not part(target).exists()


def test_a_broken_download_goes_on_where_it_broke(host: Host, tmp_path: Path) -> None:
    assert get(host, tmp_path / "f", "cut").read_bytes() == CONTENT
    assert [wanted for _, wanted in host.asked] == [None, "bytes=100000-", "bytes=200000-"]


def test_what_has_come_from_one_host_is_completed_by_another_even_in_a_later_run(host: Host, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        get(host, tmp_path / "f", "plain-cut")
    assert part(tmp_path / "f").read_bytes() == CONTENT[:100_000]
    assert get(host, tmp_path / "f", "404", "ranges").read_bytes() == CONTENT
    assert host.asked[-1] == ("/ranges", "bytes=100000-")


def test_a_host_that_does_not_resume_starts_again(host: Host, tmp_path: Path) -> None:
    assert get(host, tmp_path / "f", "plain-cut-once").read_bytes() == CONTENT
    assert len(host.asked) == 2


def test_a_host_without_new_bytes_is_given_up_after_four_tries(host: Host, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1 breaks off, 0 of 300000 bytes came\): ask$"):
        get(host, tmp_path / "f", "empty")
    assert host.count("empty") == 4


def test_a_busy_host_is_tried_again(host: Host, tmp_path: Path) -> None:
    assert get(host, tmp_path / "f", "busy-once").read_bytes() == CONTENT
    with pytest.raises(InputError, match="HTTP 503"):
        get(host, tmp_path / "g", "busy")
    assert host.count("busy") == 4


def test_pauses_double(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("lesion.data.download.time.sleep", pauses.append)
    with pytest.raises(InputError):
        fetch([host.url("busy")], tmp_path / "f", md5=MD5, size=len(CONTENT), otherwise="ask", pause=3)
    assert pauses == [3, 6, 12]


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("404", "HTTP 404"),
        ("other", f"sends other bytes (MD5 {MD5} expected)"),
        ("page", "offers 18 bytes, 300000 expected"),
    ],
)
def test_a_host_that_has_not_the_file_is_asked_once(host: Host, tmp_path: Path, where: str, reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"f: no host gave this file (127.0.0.1 {reason}): ask")):
        get(host, tmp_path / "f", where)
    assert host.count(where) == 1
    assert not (tmp_path / "f").exists()
    assert not part(tmp_path / "f").exists()
    assert get(host, tmp_path / "f", where, "ranges").read_bytes() == CONTENT


def test_a_host_that_is_not_there_is_passed_over(host: Host, tmp_path: Path) -> None:
    urls = ["http://127.0.0.1:9/f", host.url("ranges")]
    fetched = fetch(urls, tmp_path / "f", md5=MD5, size=len(CONTENT), otherwise="ask", pause=100)
    assert fetched.read_bytes() == CONTENT
    with pytest.raises(InputError, match=r"127\.0\.0\.1 cannot be reached \(.+\)\): ask$"):
        fetch(urls[:1], tmp_path / "g", md5=MD5, size=len(CONTENT), otherwise="ask", pause=100)


@pytest.mark.parametrize("left", [CONTENT[:100], bytes(400_000), bytes(300_000), CONTENT])
def test_what_an_earlier_run_left_is_used_or_replaced(host: Host, tmp_path: Path, left: bytes) -> None:
    part(tmp_path / "f").write_bytes(left)
    assert get(host, tmp_path / "f", "ranges").read_bytes() == CONTENT
    assert len(host.asked) == (left != CONTENT)


def test_what_does_not_begin_the_file_is_fetched_anew_from_the_next_host(host: Host, tmp_path: Path) -> None:
    part(tmp_path / "f").write_bytes(bytes(100))
    assert get(host, tmp_path / "f", "ranges", "plain").read_bytes() == CONTENT


def test_a_host_that_refuses_to_resume_is_asked_for_all(host: Host, tmp_path: Path) -> None:
    part(tmp_path / "f").write_bytes(CONTENT[:100])
    assert get(host, tmp_path / "f", "416").read_bytes() == CONTENT


def test_a_damaged_file_is_replaced(host: Host, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(CONTENT[:-1] + b"?")
    assert get(host, tmp_path / "f", "ranges").read_bytes() == CONTENT


def test_two_at_once_fetch_it_once(host: Host, tmp_path: Path) -> None:
    both = [threading.Thread(target=get, args=(host, tmp_path / "f", "ranges")) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert host.count("ranges") == 1


def test_the_cache_lies_where_the_system_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache() == tmp_path / "lesion"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache() == tmp_path / ".cache" / "lesion"
