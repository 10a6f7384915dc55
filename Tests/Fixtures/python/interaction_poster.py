"""Posts interactions as Discord does, signed by PyNaCl, to an interactions endpoint of ours.

Usage: interaction_poster.py matrix SEED APPLICATION URL - every way in which a request can be wrong is refused; closes with
"done".
       interaction_poster.py command SEED APPLICATION ID URL... - posts /ping with that id to each URL in turn, each time
signed anew, and prints the statuses."""
import http.client
import json
import sys
import time
import urllib.parse

from nacl.signing import SigningKey


def interaction(application, number, kind=2):
    body = {"id": str(number), "application_id": application, "type": kind, "token": f"python-{number}", "version": 1}
    if kind == 2:
        body |= {
            "data": {"id": "1", "name": "ping", "type": 1}, "channel_id": "1", "locale": "ko",
            "user": {"id": "5", "username": "하늘", "discriminator": "0"},
        }
    return json.dumps(body, ensure_ascii=False).encode()


def snowflake():
    return (time.time_ns() // 1_000_000 - 1_420_070_400_000) << 22


def sign(key, body, timestamp=None):
    timestamp = str(int(time.time())) if timestamp is None else timestamp
    return [
        ("X-Signature-Ed25519", key.sign(timestamp.encode() + body).signature.hex()),
        ("X-Signature-Timestamp", timestamp),
    ]


def post(url, body, headers, path=None, method="POST"):
    split = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(split.hostname, split.port, timeout=15)
    connection.putrequest(method, path or split.path)
    for name, value in headers:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    try:
        connection.send(body)
    except (BrokenPipeError, ConnectionResetError):
        pass  # It has answered before it read all.
    response = connection.getresponse()
    answer = response.status, response.getheader("Content-Type", ""), response.read()
    connection.close()
    return answer


def matrix(seed, application, url):
    key = SigningKey(bytes.fromhex(seed))
    other = SigningKey.generate()
    ping = interaction(application, snowflake(), 1)
    status, kind, body = post(url, ping, sign(key, ping))
    assert status == 200 and kind.startswith("application/json") and json.loads(body) == {"type": 1}, (status, body)

    good = sign(key, ping)
    (_, signature), (_, timestamp) = good
    now = int(time.time())
    wrong = {
        "no headers": [],
        "no signature": good[1:],
        "no timestamp": good[:1],
        "two signatures": good[:1] + good,
        "two timestamps": good + good[1:],
        "empty signature": [("X-Signature-Ed25519", ""), good[1]],
        "a long signature": [("X-Signature-Ed25519", signature * 100), good[1]],
        "a signature in other digits": [("X-Signature-Ed25519", "zz" * 64), good[1]],
        "a cut signature": [("X-Signature-Ed25519", signature[:-2]), good[1]],
        "zeros": [("X-Signature-Ed25519", "00" * 64), good[1]],
        "another timestamp": [good[0], ("X-Signature-Timestamp", str(int(timestamp) - 1))],
        "a timestamp that is no number": sign(key, ping, "now"),
        "an empty timestamp": sign(key, ping, ""),
        "a long timestamp": sign(key, ping, timestamp * 50),
        "too old": sign(key, ping, str(now - 60)),
        "too far in the future": sign(key, ping, str(now + 60)),
        "another key": sign(other, ping),
        "signed without the timestamp": [("X-Signature-Ed25519", key.sign(ping).signature.hex()), good[1]],
    }
    for name, headers in wrong.items():
        status, _, body = post(url, ping, headers)
        assert status == 401 and body == b"", (name, status, body)
    status, _, _ = post(url, ping + b" ", good)
    assert status == 401, ("a changed body", status)
    status, _, _ = post(url, b"", good)
    assert status == 401, ("no body", status)

    for text in (b"", b"{}", b"[]", b'{"type":2}', b"\xff\xfe"):
        status, _, _ = post(url, text, sign(key, text))
        assert status == 400, ("no interaction", text, status)
    # Of a type that there is not: nothing can be handed over.
    odd = interaction(application, snowflake(), 77)
    status, _, _ = post(url, odd, sign(key, odd))
    assert status == 400, ("an unknown type", status)
    long = b" " * ((1 << 20) + 1)
    status, _, _ = post(url, long, sign(key, long))
    assert status == 413, ("a long body", status)

    base = urllib.parse.urlsplit(url).path.rsplit("/", 1)[0]
    for bot in ("nobody", "Rainbow", "%2e%2e", "a" * 40):
        status, _, _ = post(url, ping, good, f"{base}/{bot}")
        assert status == 404, (bot, status)
    for method in ("GET", "PUT", "DELETE"):
        status, _, _ = post(url, ping, good, method=method)
        assert status in (404, 405), (method, status)
    print("done")


def command(seed, application, number, *urls):
    key = SigningKey(bytes.fromhex(seed))
    body = interaction(application, number)
    print(*[post(url, body, sign(key, body))[0] for url in urls])


{"matrix": matrix, "command": command}[sys.argv[1]](*sys.argv[2:])
