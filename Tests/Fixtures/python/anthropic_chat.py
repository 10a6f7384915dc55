"""Chats with an Anthropic-compatible server by Anthropic's own SDK. With the argument `faults` it expects an overload
and an error inside a stream, in that order."""
import os
import sys

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


def faults():
    try:
        client.messages.create(model="m", max_tokens=100, messages=[user("hello")])
        raise AssertionError("no overload")
    except anthropic.APIStatusError as error:
        assert error.status_code == 529, error.status_code
    text = ""
    try:
        with client.messages.stream(model="m", max_tokens=1000, messages=[user("why boats?")]) as stream:
            for piece in stream.text_stream:
                text += piece
        raise AssertionError("no error inside the stream")
    except anthropic.APIStatusError as error:
        assert "Overloaded" in str(error), error
    assert text


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
