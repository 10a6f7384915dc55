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
from google.protobuf import json_format

import ensemble_protos
from bus_client import PATIENCE, Peer, connect

folder, events_out, requests, role = sys.argv[1:5]
message = ensemble_protos.load(folder)
Header, Envelope = message("ensemble.bus.v1.Header"), message("ensemble.bus.v1.Envelope")
EventBatch = message("ensemble.bus.v1.EventBatch")
context = zmq.Context()


def subscriber(count):
    socket = connect(context, zmq.SUB, events_out)
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


def requester():
    peer = Peer(context, message, requests)
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
    peer = Peer(context, message, requests)
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
    socket = connect(context, zmq.PUB, os.environ["EVENTS_IN"])
    socket.sndtimeo = 1000
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not os.path.exists(os.environ["STOP_FILE"]):
        header = Header(type=os.environ["TYPE"], content_type="json", source="python/1").SerializeToString()
        socket.send_multipart([os.environ["TOPIC"].encode(), header, os.environ["BODY"].encode()])
        time.sleep(0.02)


{"subscriber": lambda: subscriber(int(os.environ["COUNT"])), "requester": requester, "worker": worker, "publisher": publisher}[role]()
context.destroy()
