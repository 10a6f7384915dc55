"""Chats with an Anthropic-compatible server by Anthropic's own SDK. With the argument `faults` it orders
faults at CONTROL_URL and expects what they do."""
import json
import os
import sys
import time
import urllib.request

import anthropic

client = anthropic.Anthropic(base_url=os.environ["MODEL_URL"], api_key="sk-test", max_retries=0)
SELENE = "You are Selene, wise and calm."
WEATHER = {
    "name": "get_weather",
    "description": "Current weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def user(text):
    return {"role": "user", "content": text}


def order(kind, **more):
    body = json.dumps({"target": "llm", "kind": kind, **more}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ["CONTROL_URL"] + "/control/faults", body)).read()


def ask(text="why boats?"):
    return client.messages.stream(model="m", max_tokens=1000, messages=[user(text)])


def faults():
    with ask() as stream:
        whole = "".join(stream.text_stream)
    for kind, status in [("401", 401), ("429", 429), ("500", 500), ("529", 529)]:
        order(kind)
        try:
            client.messages.create(model="m", max_tokens=100, messages=[user("hello")])
            raise AssertionError(f"no {kind}")
        except anthropic.APIStatusError as error:
            assert error.status_code == status, error.status_code
    order("429", ms=1000, count=2)
    started = time.monotonic()
    assert client.with_options(max_retries=3).messages.create(
        model="m", max_tokens=100, messages=[user("hello")]).content
    assert time.monotonic() - started >= 2

    for kind in ("broken-stream", "error-in-stream", "garbage"):
        order(kind)
        text = ""
        try:
            with ask() as stream:
                for piece in stream.text_stream:
                    text += piece
            raise AssertionError(f"no {kind}")
        except Exception as error:
            assert not isinstance(error, AssertionError), error
            assert kind != "error-in-stream" or "Overloaded" in str(error), error
        assert text and whole.startswith(text) and text != whole, (kind, text)

    # All of the text and no message_stop; then a stop, and no text.
    order("no-end")
    with ask() as stream:
        kinds = [event.type for event in stream]
    assert "message_stop" not in kinds and kinds.count("text") > 3, kinds
    order("empty")
    with ask() as stream:
        assert "".join(stream.text_stream) == "" and stream.get_final_message().stop_reason == "end_turn"


def chats():
    assert "ensemble-small" in [model.id for model in client.models.list()]
    whole = client.messages.create(
        model="ensemble-small", max_tokens=1000, system=SELENE, messages=[user("who are you?")])
    assert "Selene" in whole.content[0].text and whole.stop_reason == "end_turn", whole
    with client.messages.stream(
        model="ensemble-small", max_tokens=1000, system=SELENE, messages=[user("who are you?")]
    ) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(pieces) == whole.content[0].text == final.content[0].text
    assert len(pieces) > 3 and final.usage.output_tokens == len(pieces), (pieces, final.usage)

    count = client.messages.count_tokens(model="m", system=SELENE, messages=[user("who are you?")])
    assert count.input_tokens == whole.usage.input_tokens

    ask = [user("what is the weather in Kyiv?")]
    answer = client.messages.create(model="m", max_tokens=1000, tools=[WEATHER], messages=ask)
    assert answer.stop_reason == "tool_use", answer
    call = answer.content[0]
    assert call.name == "get_weather" and call.input == {"city": "Kyiv"}, call
    final = client.messages.create(
        model="m", max_tokens=1000, tools=[WEATHER],
        messages=ask + [
            {"role": "assistant", "content": answer.content},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees"}]},
        ],
    )
    assert "21 degrees" in final.content[0].text, final
    with client.messages.stream(model="m", max_tokens=1000, tools=[WEATHER], messages=ask) as stream:
        streamed = stream.get_final_message()
    assert streamed.content[0].input == {"city": "Kyiv"}, streamed

    short = client.messages.create(model="m", max_tokens=10, messages=[user("write a long story")])
    assert short.stop_reason == "max_tokens" and short.usage.output_tokens == 10, short

    for kind, request in [
        (anthropic.NotFoundError, {"model": "missing-model", "max_tokens": 5, "messages": [user("x")]}),
        (anthropic.BadRequestError, {"model": "m", "max_tokens": 5, "messages": []}),
        (anthropic.BadRequestError, {"model": "m", "max_tokens": 0, "messages": [user("x")]}),
    ]:
        try:
            client.messages.create(**request)
            raise AssertionError(f"accepted {request}")
        except kind:
            pass
    try:
        client.with_options(api_key="invalid").models.list()
        raise AssertionError("took an invalid key")
    except anthropic.AuthenticationError:
        pass


faults() if sys.argv[1:] == ["faults"] else chats()
print("done")
