"""Prompts with tools: by a template that knows them, and by one that does not."""

import json
from typing import Any

import casava_contract
from casava_contract import Contract, Limits
from casava_contract.tools import ToolCalls, compile_tools
from casava_sidecar import tool_prompt
from casava_sidecar.chat_template import ChatTemplate

PLAIN = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}<assistant>"
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('No system!') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Take turns!') }}{% endif %}"
    "<{{ m.role }}>{{ m.content }}\n{% endfor %}<assistant>"
)
# As Qwen and Hermes write theirs.
KNOWS = (
    "{% if tools %}<system>Tools:\n{% for t in tools %}{{ t | tojson }}\n{% endfor %}"
    'Call with <tool_call>{"name": ..., "arguments": ...}</tool_call>\n{% endif %}'
    "{% for m in messages %}{% if m.tool_calls %}{% for c in m.tool_calls %}"
    '<assistant><tool_call>\n{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n'
    "</tool_call>\n{% endfor %}{% else %}<{{ m.role }}>{{ m.content }}\n{% endif %}{% endfor %}<assistant>"
)
# As Llama 3 and Mistral: with tools, but in forms of their own.
OTHERWISE = KNOWS.replace("<tool_call>", "[TOOL_CALLS]").replace("</tool_call>", "")
# As Qwen3-Coder and GLM: between the same marks, but not as JSON.
INSIDE = KNOWS.replace(
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}',
    "<function={{ c.function.name }}>{{ c.function.arguments | tojson }}</function>",
)
HALF = KNOWS.replace("{% for t in tools %}{{ t | tojson }}\n{% endfor %}", "")

MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "content": "Is it warm?"},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "weather", "arguments": {"city": "Bern"}}},
            {"id": "b", "type": "function", "function": {"name": "weather", "arguments": {"city": "Ürikon"}}},
        ],
    },
    {"role": "tool", "content": "22", "tool_call_id": "a", "name": "weather"},
    {"role": "tool", "content": "23", "tool_call_id": "b", "name": "weather"},
]


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, bos_token="", eos_token="", strip_bos=False)


def tools(**members: Any) -> ToolCalls:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}, "t": {"maximum": 1.25}}}
    declared = [
        {"type": "function", "function": {"name": "weather", "description": "How warm.", "parameters": parameters}},
        {"type": "function", "function": {"name": "time"}},
    ]

    def compile_schema(text: str, limits: Limits) -> Contract:
        return casava_contract.compile(text, limits=limits)

    return compile_tools(json.dumps({"tools": declared, **members}), compile_schema=compile_schema)


def test_a_template_knows_tools_if_it_writes_all_that_is_needed_of_them() -> None:
    assert template(KNOWS).knows_tools
    assert not any(template(source).knows_tools for source in (PLAIN, NO_SYSTEM, OTHERWISE, INSIDE, HALF))
    assert template(PLAIN).takes_system
    assert not template(NO_SYSTEM).takes_system


def test_a_template_that_knows_tools_is_given_them_and_the_conversation_as_it_is() -> None:
    prompt = tool_prompt.render(template(KNOWS), MESSAGES, tools())
    assert prompt.startswith("<system>Tools:\n")
    assert '"name": "weather", "description": "How warm."' in prompt
    assert '"maximum": 1.25' in prompt
    assert '<tool_call>\n{"name": "weather", "arguments": {"city": "Ürikon"}}\n</tool_call>' in prompt
    assert prompt.endswith("<tool>22\n<tool>23\n<assistant>")


def test_without_tools_nothing_is_said_of_them() -> None:
    asked = [{"role": "user", "content": "Hello"}]
    for source in (KNOWS, PLAIN):
        assert tool_prompt.render(template(source), asked, None) == "<user>Hello\n<assistant>"
        assert tool_prompt.render(template(source), asked, tools(tool_choice="none")) == "<user>Hello\n<assistant>"


def test_to_another_template_tools_are_described_in_words() -> None:
    prompt = tool_prompt.render(template(PLAIN), [{"role": "user", "content": "Hello"}], tools())
    system, user = prompt.removesuffix("<assistant>").split("<user>")
    assert user == "Hello\n"
    assert system.startswith("<system>You may call functions")
    lines = system.split("<tools>\n")[1].split("\n</tools>")[0].splitlines()
    assert [json.loads(line)["function"]["name"] for line in lines] == ["weather", "time"]
    assert '<tool_call>\n{"name": ' in system
    assert "once for each call" in system


def test_the_words_say_what_the_choice_is() -> None:
    hello = [{"role": "user", "content": "Hello"}]
    named = {"type": "function", "function": {"name": "time"}}
    forced = tool_prompt.render(template(PLAIN), hello, tools(tool_choice=named))
    assert "Answer with a call of time" in forced
    assert '"weather"' not in forced
    assert "once for each call" not in forced
    required = tool_prompt.render(template(PLAIN), hello, tools(tool_choice="required"))
    assert "Answer with a call of one of the functions" in required


def test_a_system_message_of_the_conversation_stays() -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    prompt = tool_prompt.render(template(PLAIN), messages, tools())
    assert prompt.count("<system>") == 1
    assert "</tool_call>\n\nBe brief.\n<user>Hello" in prompt


def test_calls_and_results_are_told_in_turns_to_a_template_without_tools_and_without_system() -> None:
    for calls in (tools(), None):
        prompt = tool_prompt.render(template(NO_SYSTEM), MESSAGES, calls)
        assert (
            '<assistant><tool_call>\n{"name": "weather", "arguments": {"city": "Bern"}}\n</tool_call>\n'
            '<tool_call>\n{"name": "weather", "arguments": {"city": "Ürikon"}}\n</tool_call>\n'
            "<user><tool_response>\n22\n</tool_response>\n<tool_response>\n23\n</tool_response>\n<assistant>"
        ) in prompt
    more = [*MESSAGES, {"role": "user", "content": "So?"}]
    assert "</tool_response>\n\nSo?\n<assistant>" in tool_prompt.render(template(NO_SYSTEM), more, None)
    assert "<user>You may call functions" in tool_prompt.render(template(NO_SYSTEM), MESSAGES, tools())
