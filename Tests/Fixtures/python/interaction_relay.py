"""Stands between the local Discord and an interactions endpoint, and loses connections: an interaction is passed on whole,
then both sides are closed before anything is answered.

Usage: interaction_relay.py ENDPOINT, with DISCORD_URL for the local Discord. It sets its own address as Rainbow's, uses
commands as a member, and checks that each is answered once. Closes with "done"."""
import collections
import http.server
import json
import os
import socket
import sys
import threading
import time
import urllib.parse
import urllib.request

DISCORD, ENDPOINT = os.environ["DISCORD_URL"], urllib.parse.urlsplit(sys.argv[1])
COMMANDS = 12


def call(method, path, body=None):
    request = urllib.request.Request(
        DISCORD + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": "Bot playground.rainbow"},
        method=method,
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


class Relay(http.server.BaseHTTPRequestHandler):
    dropped = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"POST {ENDPOINT.path} HTTP/1.1\r\nHost: {ENDPOINT.netloc}\r\nContent-Length: {len(body)}\r\n" + "".join(
            f"{name}: {self.headers[name]}\r\n" for name in ("X-Signature-Ed25519", "X-Signature-Timestamp")
        )
        upstream = socket.create_connection((ENDPOINT.hostname, ENDPOINT.port))
        upstream.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)
        if json.loads(body)["type"] == 1:
            answer = b""
            while part := upstream.recv(65536):
                answer += part
            self.wfile.write(answer)
        else:
            Relay.dropped += 1
        upstream.close()
        self.close_connection = True

    def log_message(self, *arguments):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    call("PATCH", "/api/v10/applications/@me", {"interactions_endpoint_url": f"http://127.0.0.1:{server.server_port}/"})
    ids = [
        call("POST", "/control/commands", {"channel": "bot-commands", "author": "bob", "command": "/ping"})["id"]
        for _ in range(COMMANDS)
    ]
    deadline = time.monotonic() + 30
    while True:
        messages = call("GET", "/control/transcript?channel=bot-commands")
        answers = collections.Counter((message.get("interaction") or {}).get("id") for message in messages)
        if all(answers[id] for id in ids):
            break
        assert time.monotonic() < deadline, (answers, ids)
        time.sleep(0.05)
    assert all(answers[id] == 1 for id in ids), answers
    assert Relay.dropped == COMMANDS, Relay.dropped
    print("done")


main()
