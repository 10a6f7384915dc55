"""A peer of the bus in another language: made from protos/, pyzmq and nothing of ours.

Arguments: the protos folder, events-out, requests, and a role: `subscriber` prints the events it gets until it has seen
COUNT of them; `requester` asks QueryGuild and prints the reply; `worker` serves QueryGuild once; `publisher` publishes
on TOPIC at EVENTS_IN until STOP_FILE is there. It logs in as BUS_USER, or over TCP with KEY_FILE and SERVER_KEY_FILE."""
import json
import os
import random
import sys
import time

import zmq
import zmq.auth
from google.protobuf import json_format

import ensemble_protos

folder, events_out, requests, role = sys.argv[1:5]
message = ensemble_protos.load(folder)
Header, Envelope = message("ensemble.bus.v1.Header"), message("ensemble.bus.v1.Envelope")
EventBatch = message("ensemble.bus.v1.EventBatch")
context = zmq.Context()
# How long to wait for anything, in seconds.
PATIENCE = int(os.environ.get("PATIENCE", "20"))


def connect(kind, endpoint):
    socket = context.socket(kind)
    if "KEY_FILE" in os.environ:
        # Over TCP: our key pair and the bus's public key, from certificates as pyzmq writes them itself.
        socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(os.environ["KEY_FILE"])
        socket.curve_serverkey = zmq.auth.load_certificate(os.environ["SERVER_KEY_FILE"])[0]
    elif "BUS_USER" in os.environ:
        socket.plain_username = os.environ["BUS_USER"].encode()
        socket.plain_password = os.environ.get("BUS_SECRET", "none").encode()
    socket.linger = 500
    socket.rcvtimeo = socket.sndtimeo = 1000 * PATIENCE
    return socket, socket.connect(endpoint)


def subscriber(count):
    socket, _ = connect(zmq.SUB, events_out)
    socket.subscribe(b"discord.")
    socket.subscribe(b"ensemble.")
    # Subscribed last: its arrival proves that the others are known to the switchboard.
    nonce = f"bus.open.{random.getrandbits(63)}."
    socket.subscribe(nonce.encode())
    seen = 0
    while seen < count:
        try:
            topic, header, payload = socket.recv_multipart()
        except zmq.Again:
            print("nothing came")
            return
        if topic.decode() == nonce:
            print("open", flush=True)
            open(os.environ["OPEN_FILE"], "w").close()
            continue
        header = Header.FromString(header)
        if header.type == "ensemble.bus.v1.EventBatch":
            events = [(event.header, event.payload) for event in EventBatch.FromString(payload).events]
        else:
            events = [(header, payload)]
        for header, payload in events:
            report(topic.decode(), header, payload, len(events))
            seen += 1


def report(topic, header, payload, together):
    """Prints an event, and how many came in its message."""
    if header.content_type == "discord":
        body = json.loads(payload)
    else:
        body = json_format.MessageToDict(json_format.Parse(payload, message(header.type)()))
    print(json.dumps({
        "topic": topic, "type": header.type, "seq": header.seq, "prev": header.prev, "guild": header.guild,
        "bot": header.bot, "source": header.source, "body": body, "together": together,
    }), flush=True)


class Peer:
    """The caller's and worker's side of the request protocol, as envelope.proto describes it."""

    def __init__(self):
        self.socket, _ = connect(zmq.DEALER, requests)
        self.client = random.getrandbits(63) + 1
        self.pulsed = 0
        self.send(Envelope(verb="hello", client=self.client))
        assert self.receive("welcome")[0].epoch

    def send(self, envelope, *body):
        self.socket.send_multipart([envelope.SerializeToString(), *body])

    def pulse(self):
        self.pulsed = time.monotonic()
        try:
            self.socket.send(Envelope(verb="pulse").SerializeToString(), zmq.DONTWAIT)
        except zmq.Again:
            # There is no connection.
            pass

    def receive(self, verb):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if time.monotonic() - self.pulsed > 0.5:
                self.pulse()
            if self.socket.poll(200):
                first, *body = self.socket.recv_multipart()
                envelope = Envelope.FromString(first)
                if envelope.verb == verb:
                    return envelope, body
        print(f"no {verb} came")
        context.destroy(linger=0)
        raise SystemExit(3)


def requester():
    peer = Peer()
    name = "ensemble.gateway.v1.QueryGuild"
    header = Header(type=name, schema_version=1, source="python/1", key="python-key")
    payload = json_format.MessageToJson(message(name)(guild=2**63 + 5)).encode()
    peer.send(
        Envelope(verb="request", client=peer.client, number=1, address=name, is_repeatable=1, deadline_milliseconds=15_000),
        header.SerializeToString(), payload)
    reply, (header, payload) = peer.receive("reply")
    assert (reply.client, reply.number) == (peer.client, 1)
    facts = json_format.Parse(payload, message(Header.FromString(header).type)()) if not reply.code else None
    print(json.dumps({"code": reply.code, "name": facts.name if facts else "", "bots": list(facts.bots) if facts else []}))


def worker():
    peer = Peer()
    name = "ensemble.gateway.v1.QueryGuild"
    peer.send(Envelope(verb="serve", address=name, credit=1))
    request, (header, payload) = peer.receive("request")
    asked = json_format.Parse(payload, message(name)())
    answer = message("ensemble.gateway.v1.GuildFacts")(known=True, guild=asked.guild, name=f"asked by {request.user}")
    peer.send(
        Envelope(verb="reply", client=request.client, number=request.number, address=name, credit=1, received=1),
        Header(type="ensemble.gateway.v1.GuildFacts").SerializeToString(), json_format.MessageToJson(answer).encode())
    peer.send(Envelope(verb="bye"))
    print(json.dumps({"guild": asked.guild}))


def publisher():
    """Publishes on a topic, again and again, until it is told to stop by the end of its input."""
    socket, _ = connect(zmq.PUB, os.environ["EVENTS_IN"])
    socket.sndtimeo = 1000
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not os.path.exists(os.environ["STOP_FILE"]):
        header = Header(type=os.environ["TYPE"], content_type="json", source="python/1").SerializeToString()
        socket.send_multipart([os.environ["TOPIC"].encode(), header, os.environ["BODY"].encode()])
        time.sleep(0.02)


{"subscriber": lambda: subscriber(int(os.environ["COUNT"])), "requester": requester, "worker": worker, "publisher": publisher}[role]()
context.destroy()
