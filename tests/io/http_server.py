"""A server of the files below a folder for tests of reading by HTTP, on the loopback interface.

    http_server.py FOLDER

Its port appears in FOLDER/port; it ends when its standard input does. The first part of a path says how it serves:
    /plain/…       whole files; ranges are taken no notice of
    /range/…       ranges too
    /slow/…        as /range, after a twentieth of a second
    /moved/…       to /range
    /flaky/…       each file comes at the fifth try, after 503, 429, half of it, and a broken connection
    /cut/…         never more than half of a file
    /stall/…       begins a file and never ends it
    /other/…       other bytes than those asked for
    /forbidden/… /failing/… /busy/…     403, 500, and 429 with Retry-After
    /count         how many requests of files there were, and bytes sent, since the last /count
"""

import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

FOLDER = sys.argv[1]
LOCK = threading.Lock()
TRIES = {}
COUNTS = {"requests": 0, "bytes": 0}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, code, body=b"", length=None, **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        with LOCK:  # before whoever asked can go on
            COUNTS["bytes"] += len(body)
        self.wfile.write(body)
        if length is not None and length != len(body):
            self.close_connection = True

    def send_range(self, content, shift=0):
        size = len(content)
        first, last = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"]).groups()
        begin = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
        if begin >= size:
            return self.answer(416, Content_Range=f"bytes */{size}")
        begin, end = begin + shift, end + shift
        self.answer(206, content[begin:end], Content_Range=f"bytes {begin}-{end - 1}/{size}")

    def do_GET(self):
        if self.path == "/count":
            with LOCK:
                text = f"{COUNTS['requests']} {COUNTS['bytes']}\n".encode()
                COUNTS.update(requests=0, bytes=-len(text))
            return self.answer(200, text)
        _, way, name = self.path.split("/", 2)
        with LOCK:
            COUNTS["requests"] += 1
            TRIES[self.path] = TRIES.get(self.path, 0) + 1
            tries = TRIES[self.path]
        simple = {"forbidden": 403, "failing": 500, "busy": 429}
        if way in simple:
            return self.answer(simple[way], b"a page for people", Retry_After="0")
        if way == "moved":
            return self.answer(302, Location=f"/range/{name}")
        path = os.path.join(FOLDER, unquote(name))
        if not os.path.isfile(path):
            return self.answer(404, b"no such file")
        with open(path, "rb") as file:
            content = file.read()
        if way == "slow":
            time.sleep(0.05)
        if way == "flaky" and tries < 5:
            if tries == 1:
                return self.answer(503, b"busy")
            if tries == 2:
                return self.answer(429, b"slower", Retry_After="0")
            if tries == 3:
                return self.answer(200, content[:len(content) // 2], len(content))
            self.close_connection = True
            return self.connection.close()
        if way == "cut":
            return self.answer(200, content[:len(content) // 2], len(content))
        if way == "stall":
            self.answer(200, content[:1], len(content) + 1)
            self.wfile.flush()
            return time.sleep(60)
        if way != "plain" and "Range" in self.headers:
            return self.send_range(content, way == "other")
        self.answer(200, content)

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ValueError, OSError):
            pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(os.path.join(FOLDER, "port.partial"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(FOLDER, "port.partial"), os.path.join(FOLDER, "port"))
sys.stdin.read()
os._exit(0)
