"""Chats with an OpenAI-compatible server by OpenAI's own SDK. With the argument `faults` it expects a rate limit, a
broken stream and an error inside a stream, in that order."""
import json
import os
import sys

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


def faults():
    try:
        client.chat.completions.create(model="ensemble-small", messages=[user("hello")])
        raise AssertionError("no rate limit")
    except openai.RateLimitError as error:
        assert error.response.headers["retry-after"] == "1"
        assert error.code == "rate_limit_exceeded", error.code

    text = ""
    try:
        for chunk in client.chat.completions.create(model="m", messages=[user("why boats?")], stream=True):
            text += chunk.choices[0].delta.content or ""
        raise AssertionError("the stream did not break")
    except Exception as error:
        assert not isinstance(error, AssertionError), error
    assert text, "nothing came before the break"

    try:
        for chunk in client.chat.completions.create(model="m", messages=[user("why boats?")], stream=True):
            pass
        raise AssertionError("no error inside the stream")
    except openai.APIError as error:
        assert "error while streaming" in str(error), error


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
