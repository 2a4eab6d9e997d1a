"""A bucket that speaks S3's protocol, small and strict: it checks the signature of every request."""

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

ACCESS, SECRET, REGION = "an-access-key", "a-secret-key", "cn-north-9"


class Bucket:
    """What the peer holds, and how it shall behave."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.asked: list[tuple[str, str]] = []
        self.is_broken = False
        self.url = ""


def is_signed(handler: BaseHTTPRequestHandler, secret: str) -> bool:
    """AWS Signature Version 4 over method, path, signed headers and the content's hash."""
    scheme, _, rest = handler.headers.get("Authorization", "").partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme != "AWS4-HMAC-SHA256":
        return False
    access, day, *scope = parts["Credential"].split("/")
    names = parts["SignedHeaders"].split(";")
    split = urlsplit(handler.path)
    canonical = "\n".join(
        [
            handler.command,
            split.path,
            "&".join(f"{name}={value}" for name, value in parse_qsl(split.query, keep_blank_values=True)),
            *(f"{name}:{handler.headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            handler.headers["x-amz-content-sha256"],
        ]
    )
    text = "\n".join(
        [
            scheme,
            handler.headers["x-amz-date"],
            "/".join([day, *scope]),
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = f"AWS4{secret}".encode()
    for step in (day, *scope):
        key = hmac.digest(key, step.encode(), "sha256")
    own = hmac.new(key, text.encode(), "sha256").hexdigest()
    return access == ACCESS and scope == [REGION, "s3", "aws4_request"] and own == parts["Signature"]


@contextmanager
def opened() -> Iterator[Bucket]:
    """The peer on a port of its own."""
    bucket = Bucket()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            bucket.asked.append((self.command, self.path))
            if bucket.is_broken:
                return self._answer(500)
            if not is_signed(self, SECRET):
                return self._answer(403)
            if self.command == "PUT":
                if self.headers["x-amz-content-sha256"] not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
                    return self._answer(400)
                bucket.objects[self.path] = (body, self.headers["Content-Type"])
                return self._answer(200)
            if self.command == "POST" and self.path.endswith("?delete"):
                keys = re.findall(r"<Key>([^<]+)</Key>", body.decode())
                for key in keys:
                    bucket.objects.pop(f"{self.path.removesuffix('?delete')}/{key}", None)
                gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
                return self._answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode(), "application/xml")
            if self.path not in bucket.objects:
                return self._answer(404)
            return self._answer(200, *bucket.objects[self.path])

        do_GET = do_PUT = do_POST = do_HEAD = _do

        def _answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", kind)
            self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
            self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    bucket.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
