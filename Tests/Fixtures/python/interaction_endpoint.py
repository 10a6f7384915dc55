"""An interactions endpoint by discord-interactions (which verifies by PyNaCl), against the local Discord.

DISCORD_URL is the local Discord's address. It checks that Discord refuses an address that is none, that does not verify,
or that answers PING wrongly; that it accepts one that does both right; and that a member's commands then come there, are
answered in the response or by the callback route, and over the gateway again once the address is taken back. Closes with
"done"."""
import http.server
import json
import os
import threading
import time
import urllib.error
import urllib.request

from discord_interactions import InteractionResponseType, InteractionType, verify_key

DISCORD = os.environ["DISCORD_URL"]
TOKEN = "playground.rainbow"


def call(method, path, body=None, token=TOKEN):
    request = urllib.request.Request(
        DISCORD + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", **({"Authorization": f"Bot {token}"} if token else {})},
        method=method,
    )
    try:
        with urllib.request.urlopen(request) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Verifies as Discord's own library does; `mode` makes it wrong in one way."""

    mode = "right"
    key = ""
    verdicts = []
    received = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = verify_key(
            body, self.headers["X-Signature-Ed25519"], self.headers["X-Signature-Timestamp"], Endpoint.key
        )
        Endpoint.verdicts.append(good)
        assert self.headers["Content-Type"] == "application/json", self.headers["Content-Type"]
        assert abs(int(self.headers["X-Signature-Timestamp"]) - time.time()) < 5
        interaction = json.loads(body)
        if not good and Endpoint.mode != "trusting":
            return self.answer(401, {"error": "Bad request signature"})
        if interaction["type"] == InteractionType.PING:
            pong = {"type": InteractionResponseType.PONG}
            answers = {
                "right": (200, pong), "trusting": (200, pong), "silent": (200, {}), "accepting": (202, None),
                "suspicious": (401, None),
            }
            return self.answer(*answers[Endpoint.mode])
        Endpoint.received.append(interaction)
        if interaction["data"].get("name") == "later":
            status, problem = call(
                "POST", f"/api/v10/interactions/{interaction['id']}/{interaction['token']}/callback",
                {"type": 4, "data": {"content": "by callback"}}, token=None,
            )
            assert status == 204, problem
            # Discord takes one answer: what stands in the response as well is passed over.
            return self.answer(200, {"type": 4, "data": {"content": "twice"}})
        self.answer(200, {"type": 4, "data": {"content": "in the response"}})

    def answer(self, status, body):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


def eventually(what, condition):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not in time: {what}")


def contents():
    _, messages = call("GET", "/control/transcript?channel=bot-commands")
    return [message["content"] for message in messages]


def command(line):
    status, created = call("POST", "/control/commands", {"channel": "bot-commands", "author": "bob", "command": line})
    assert status == 200, created
    return created["id"]


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/interactions"

    status, application = call("GET", "/api/v10/applications/@me")
    assert status == 200 and application["interactions_endpoint_url"] is None
    Endpoint.key = application["verify_key"]
    for name in ("now", "later"):
        status, created = call(
            "POST", f"/api/v10/applications/{application['id']}/commands", {"name": name, "description": "a test"}
        )
        assert status == 201, created

    def place(value):
        return call("PATCH", "/api/v10/applications/@me", {"interactions_endpoint_url": value})

    for bad in ("no address", "ftp://127.0.0.1/", "http://example.com/", "https://", "x" * 3000):
        status, problem = place(bad)
        assert status == 400 and problem["code"] == 50035, (bad, problem)
        assert problem["errors"]["interactions_endpoint_url"]["_errors"][0]["code"] == "URL_TYPE_INVALID_URL", problem
    nobody = "http://127.0.0.1:1/interactions"
    for mode, address in [("right", nobody), ("trusting", url), ("silent", url), ("accepting", url), ("suspicious", url)]:
        Endpoint.mode = mode
        status, problem = place(address)
        assert status == 400 and problem["code"] == 50035, (mode, problem)
        code = problem["errors"]["interactions_endpoint_url"]["_errors"][0]["code"]
        assert code == "APPLICATION_INTERACTIONS_ENDPOINT_URL_INVALID", problem
        _, application = call("GET", "/api/v10/applications/@me")
        assert application["interactions_endpoint_url"] is None

    Endpoint.mode = "right"
    Endpoint.verdicts.clear()
    status, application = place(url)
    assert status == 200 and application["interactions_endpoint_url"] == url, application
    assert Endpoint.verdicts == [True, False], Endpoint.verdicts

    now = command("/now")
    eventually("the answer in the response", lambda: "in the response" in contents())
    command("/later")
    eventually("the answer by the callback", lambda: "by callback" in contents())
    assert [i["data"]["name"] for i in Endpoint.received] == ["now", "later"], Endpoint.received
    assert Endpoint.received[0]["id"] == now and Endpoint.received[0]["member"]["user"]["username"] == "bob"
    assert all(Endpoint.verdicts[2:]), Endpoint.verdicts

    status, application = place(None)
    assert status == 200 and application["interactions_endpoint_url"] is None
    command("/now")
    time.sleep(0.3)
    assert len(Endpoint.received) == 2 and contents() == ["in the response", "by callback"], contents()
    print("done")


main()
