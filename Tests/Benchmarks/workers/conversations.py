"""Members who ask bots in the playground, and what becomes of it: counted from what members see, never from tables."""

import datetime
import json
import random
import sys
import time
import urllib.request

from measure import get

BOTS = ["Rainbow", "Iris", "Aurora", "Selene"]
MEMBERS = ["alice", "bob", "carol", "dave"]
# In each channel a bot answers one question after the other, and Discord takes four messages of it in five seconds.
CHANNELS = 20


class Conversations:
    def __init__(self, base):
        self.base = base
        self.questions = {}
        self.random = random.Random(7)
        guild = json.loads(get(f"{base}/control/world"))["guild"]["id"]
        self.channels = [self.make_channel(guild, f"worker-{n}") for n in range(CHANNELS)]

    def make_channel(self, guild, name):
        request = urllib.request.Request(
            f"{self.base}/api/v10/guilds/{guild}/channels", data=json.dumps({"name": name, "type": 0}).encode(),
            headers={"content-type": "application/json", "authorization": "Bot playground.rainbow"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read())["id"]

    def ask(self, count):
        """So many questions more, to all bots in all channels in turns; each for an answer of its own length."""
        for _ in range(count):
            number = len(self.questions)
            bot = BOTS[number % len(BOTS)]
            words = " ".join(self.random.choices(["one", "two", "three", "four"], k=self.random.randint(8, 24)))
            ending = f"end{number}"
            created = json.loads(get(f"{self.base}/control/messages", {
                "channel": self.channels[number // len(BOTS) % len(self.channels)],
                "author": MEMBERS[number % len(MEMBERS)], "content": f"@{bot} say exactly: {words} {ending}"}))
            self.questions[created["id"]] = ending

    def answers(self):
        """By question, the messages that answer it."""
        found = {}
        for channel in self.channels:
            for message in json.loads(get(f"{self.base}/control/transcript?channel={channel}&limit=2000")):
                if message["bot"] and message["replyTo"] in self.questions:
                    found.setdefault(message["replyTo"], []).append(message)
        return found

    def whole(self, answers):
        """When each question's answer was complete, in seconds since 1970."""
        return {
            question: moment(message["editedAt"] or message["createdAt"])
            for question, messages in answers.items() for message in messages
            if message["content"].endswith(self.questions[question])
        }

    def settle(self, seconds):
        """Waits until each question has its answer, and a little for a second one: how many are without, how many have
        another one, and when each was complete."""
        deadline = time.monotonic() + seconds
        while len(self.whole(self.answers())) < len(self.questions) and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(3)
        answers = self.answers()
        times = self.whole(answers)
        for question, messages in answers.items():
            if len(messages) > 1 or question not in times:
                sys.stderr.write(f"{question}: {[message['content'] for message in messages]}\n")
        return len(self.questions) - len(times), sum(len(messages) - 1 for messages in answers.values()), times


def moment(text):
    return datetime.datetime.fromisoformat(text).timestamp()
