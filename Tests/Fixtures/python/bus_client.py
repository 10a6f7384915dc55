"""The bus's request protocol in another language, as envelope.proto describes it: from protos/, pyzmq and nothing of ours.

Peers log in as BUS_USER, or over TCP with KEY_FILE and SERVER_KEY_FILE."""
import os
import random
import time

import zmq
import zmq.auth

# How long to wait for anything, in seconds.
PATIENCE = int(os.environ.get("PATIENCE", "20"))


def connect(context, kind, endpoint):
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
    socket.connect(endpoint)
    return socket


class Peer:
    """The caller's and worker's side of the request protocol."""

    def __init__(self, context, message, endpoint):
        self.context = context
        self.envelope = message("ensemble.bus.v1.Envelope")
        self.socket = connect(context, zmq.DEALER, endpoint)
        self.client = random.getrandbits(63) + 1
        self.pulsed = 0
        self.send(self.envelope(verb="hello", client=self.client))
        assert self.receive("welcome")[0].epoch

    def send(self, envelope, *body):
        self.socket.send_multipart([envelope.SerializeToString(), *body])

    def pulse(self):
        self.pulsed = time.monotonic()
        try:
            self.socket.send(self.envelope(verb="pulse").SerializeToString(), zmq.DONTWAIT)
        except zmq.Again:
            # There is no connection.
            pass

    def next(self, milliseconds):
        """What comes next, as envelope and the frames after it; None when nothing does in that time. Gives a sign of life
        when one is due: call it at least twice a second."""
        if time.monotonic() - self.pulsed > 0.5:
            self.pulse()
        if not self.socket.poll(milliseconds):
            return None
        first, *body = self.socket.recv_multipart()
        return self.envelope.FromString(first), body

    def receive(self, verb):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.next(200)
            if found and found[0].verb == verb:
                return found
        print(f"no {verb} came")
        self.context.destroy(linger=0)
        raise SystemExit(3)
