import pytest

from casava_sidecar.chat_template import ChatTemplate, InvalidTemplateError, RefusedByTemplateError

LLAMA = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' }}{{ message['content'] | trim }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
USER = [{"role": "user", "content": " Hi "}]


def template(source: str, *, strip_bos: bool = False) -> ChatTemplate:
    return ChatTemplate(source, bos_token="<s>", eos_token="</s>", strip_bos=strip_bos)


def test_messages_become_a_prompt_up_to_the_assistants_turn() -> None:
    assert template(LLAMA).render(USER) == "<s><|user|>Hi</s><|assistant|>"


def test_bos_of_the_template_is_stripped_when_the_tokenizer_adds_its_own() -> None:
    assert template(LLAMA, strip_bos=True).render(USER) == "<|user|>Hi</s><|assistant|>"


def test_bos_is_stripped_once_and_only_at_the_beginning() -> None:
    assert template("{{ bos_token * 2 }}a{{ bos_token }}", strip_bos=True).render(USER) == "<s>a<s>"


def test_a_prompt_without_bos_is_left_alone() -> None:
    assert template("{{ messages[0].content }}", strip_bos=True).render(USER) == " Hi "


def test_what_published_templates_use_is_there() -> None:
    source = (
        "{%- set ns = namespace(n=0) -%}{%- for m in messages -%}{%- set ns.n = ns.n + 1 -%}"
        "{%- if m.role == 'skip' -%}{%- continue -%}{%- endif -%}"
        "{% generation %}{{ m | tojson }}{% endgeneration %}{%- break -%}{%- endfor -%}"
        "{{ ns.n }}{{ strftime_now('%Y') | length }}{{ range(3) | list | length }}{{ 'a\nb' | indent(2) }}"
    )
    rendered = template(source).render([{"role": "user", "content": "<ü>"}])
    assert rendered == '{"role": "user", "content": "<ü>"}143a\n  b'


def test_blocks_leave_no_lines_behind() -> None:
    assert template("{% if true %}\n  {% if true %}\nx\n{% endif %}\n{% endif %}\n").render(USER) == "x\n"


def test_a_template_may_refuse_messages_in_its_own_words() -> None:
    source = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('No system!') }}{% endif %}{% endfor %}"
    )
    with pytest.raises(RefusedByTemplateError, match="No system!"):
        template(source).render([{"role": "system", "content": "x"}])


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}",
        "{{ messages | no_such_filter }}",
        "{{ raise_exception('never') }}",
        "{{ undefined.member }}",
        "x" * (256 * 1024 + 1),
    ],
)
def test_a_template_that_cannot_render_one_message_is_found_when_it_is_loaded(source: str) -> None:
    with pytest.raises(InvalidTemplateError):
        template(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ messages.append(1) }}",
        "{% set x = messages[0].update({'role': 'x'}) %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 99999999 }}",
        "{{ ('x' * 999999) * 999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'x'.ljust(999999999) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'a' | indent(999999999) }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set s = 'x' * 999999 %}{% for i in range(99) %}{{ s }}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{{ lipsum(999999) }}",
    ],
)
def test_a_hostile_template_is_refused_before_it_harms(source: str) -> None:
    with pytest.raises(InvalidTemplateError):
        template(source)
