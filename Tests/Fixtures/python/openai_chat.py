"""Chats with an OpenAI-compatible server by OpenAI's own SDK. With the argument `faults` it orders faults at CONTROL_URL
and expects what they do."""
import json
import os
import sys
import time
import urllib.request

import openai

client = openai.OpenAI(base_url=os.environ["MODEL_URL"], api_key="sk-test", max_retries=0)
IRIS = {"role": "system", "content": "You are Iris, a reserved and sarcastic member of this server."}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
            "required": ["city"],
        },
    },
}


def user(text):
    return {"role": "user", "content": text}


def order(kind, **more):
    body = json.dumps({"target": "llm", "kind": kind, **more}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ["CONTROL_URL"] + "/control/faults", body)).read()


def streamed():
    """The text of a stream, the reason of its end, and when its pieces came."""
    text, reason, times = "", None, [time.monotonic()]
    for chunk in client.chat.completions.create(model="m", messages=[user("why boats?")], stream=True):
        if chunk.choices[0].delta.content:
            text += chunk.choices[0].delta.content
            times.append(time.monotonic())
        reason = chunk.choices[0].finish_reason or reason
    return text, reason, times


def faults():
    whole, reason, _ = streamed()
    assert whole and reason == "stop"
    for kind, error in [("401", openai.AuthenticationError), ("429", openai.RateLimitError),
                        ("500", openai.InternalServerError), ("529", openai.InternalServerError)]:
        order(kind, **({"ms": 2500} if kind == "429" else {}))
        try:
            client.chat.completions.create(model="ensemble-small", messages=[user("hello")])
            raise AssertionError(f"no {kind}")
        except error as found:
            assert kind != "429" or found.response.headers["retry-after"] == "3"
            assert kind != "429" or found.code == "rate_limit_exceeded", found.code

    # The SDK obeys Retry-After, and asks again.
    order("429", ms=1000, count=2)
    started = time.monotonic()
    patient = client.with_options(max_retries=3)
    assert patient.chat.completions.create(model="m", messages=[user("hello")]).choices[0].message.content
    assert time.monotonic() - started >= 2

    order("delay", ms=700)
    _, _, times = streamed()
    assert times[1] - times[0] >= 0.7 and times[-1] - times[1] < 0.7
    order("slow", ms=60)
    _, _, times = streamed()
    # In all: a reader that is held up finds several at once.
    assert len(times) > 4 and times[-1] - times[0] >= 0.05 * (len(times) - 1), times

    for kind in ("broken-stream", "error-in-stream", "garbage"):
        order(kind)
        text = ""
        try:
            for chunk in client.chat.completions.create(model="m", messages=[user("why boats?")], stream=True):
                text += chunk.choices[0].delta.content or ""
            raise AssertionError(f"no {kind}")
        except Exception as error:
            assert not isinstance(error, AssertionError), error
            assert kind != "error-in-stream" or "error while streaming" in str(error), error
        assert text and whole.startswith(text) and text != whole, text

    order("no-end")
    text, reason, _ = streamed()
    assert text == whole and reason is None, (text, reason)
    order("empty")
    assert streamed()[:2] == ("", "stop")
    order("empty")
    assert not client.chat.completions.create(model="m", messages=[user("hi")]).choices[0].message.content


def chats():
    models = [model.id for model in client.models.list()]
    assert "ensemble-small" in models, models
    assert client.models.retrieve("ensemble-small").owned_by == "ensemble"

    whole = client.chat.completions.create(model="ensemble-small", messages=[IRIS, user("who are you?")])
    assert "Iris" in whole.choices[0].message.content, whole
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0

    text, chunks, usage = "", 0, None
    stream = client.chat.completions.create(
        model="ensemble-small", messages=[IRIS, user("who are you?")], stream=True,
        stream_options={"include_usage": True},
    )
    for chunk in stream:
        if chunk.usage:
            usage = chunk.usage
        if chunk.choices and chunk.choices[0].delta.content:
            text += chunk.choices[0].delta.content
            chunks += 1
    assert text == whole.choices[0].message.content
    assert chunks > 3 and usage.completion_tokens == chunks, (chunks, usage)

    story = client.chat.completions.create(model="m", messages=[user("write a long story about a fox")])
    assert len(story.choices[0].message.content) > 2000 and "```" in story.choices[0].message.content
    short = client.chat.completions.create(model="m", messages=[user("write a long story")], max_completion_tokens=20)
    assert short.choices[0].finish_reason == "length" and short.usage.completion_tokens == 20

    ask = [user("what is the weather in Kyiv?")]
    answer = client.chat.completions.create(model="m", messages=ask, tools=[WEATHER])
    assert answer.choices[0].finish_reason == "tool_calls", answer
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather" and json.loads(call.function.arguments) == {"city": "Kyiv"}, call
    final = client.chat.completions.create(
        model="m",
        messages=ask + [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}],
        tools=[WEATHER],
    )
    assert "21 degrees" in final.choices[0].message.content, final

    with client.chat.completions.stream(model="m", messages=ask, tools=[WEATHER]) as events:
        for _ in events:
            pass
        streamed = events.get_final_completion()
    assert json.loads(streamed.choices[0].message.tool_calls[0].function.arguments) == {"city": "Kyiv"}, streamed

    answer = client.chat.completions.create(
        model="m", messages=[user("hello")], response_format={"type": "json_object"})
    assert json.loads(answer.choices[0].message.content)["answer"]

    for kind, request in [
        (openai.NotFoundError, {"model": "missing-model", "messages": [user("x")]}),
        (openai.BadRequestError, {"model": "m", "messages": []}),
        (openai.BadRequestError, {"model": "m", "messages": [{"role": "robot", "content": "x"}]}),
    ]:
        try:
            client.chat.completions.create(**request)
            raise AssertionError(f"accepted {request}")
        except kind:
            pass
    try:
        client.with_options(api_key="invalid").models.list()
        raise AssertionError("took an invalid key")
    except openai.AuthenticationError:
        pass


faults() if sys.argv[1:] == ["faults"] else chats()
print("done")
