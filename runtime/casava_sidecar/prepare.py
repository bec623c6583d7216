"""From what a client asks to what the engine is told: the model, the prompt, the contract."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from casava_contract import Contract, json_object
from casava_contract.tools import ToolCalls
from casava_sidecar import beside, tool_prompt
from casava_sidecar.api.calls import Calls
from casava_sidecar.api.messages import Message
from casava_sidecar.api.requests import Ask
from casava_sidecar.api.response_format import Inline, JsonObject, NamedContract, ResponseFormat
from casava_sidecar.api.responses import Head, Usage, completion_body
from casava_sidecar.api.sse import Frames
from casava_sidecar.api.wishes import MEMBER, Wishes
from casava_sidecar.chat_template import RefusedByTemplateError
from casava_sidecar.contracts.bound import INLINE, OFF, Bound, bind
from casava_sidecar.contracts.inline import InlineContracts, Wanted
from casava_sidecar.contracts.store import ContractStore, Named
from casava_sidecar.engine.tensors import Guide
from casava_sidecar.engine.watch import EngineWatch, Model
from casava_sidecar.errors import ApiError, bad_request, unavailable
from casava_wire import http as names
from casava_wire.config import ContractPolicy

Render = Callable[[Sequence[Message]], str]

_POLICY: Final = ContractPolicy()
_REFUSAL: Final = f"{MEMBER}.refusal"


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that is needed to generate and to judge. It stays as it is to the end of the request."""

    ask: Ask
    prompt: str
    bound: Bound | None
    render: Render | None = None  # the chat template, for a chat
    calls: ToolCalls | None = None  # the bound contract, where tools may be called

    @property
    def guide(self) -> Guide | None:
        return self.bound.guide if self.bound else None

    @property
    def headers(self) -> dict[str, str]:
        return self.bound.headers() if self.bound else {names.GUARANTEE: OFF}

    def again(self, feedback: str) -> str:
        """The prompt of a retry: the conversation with ``feedback`` behind it.

        A prompt without a conversation, and one whose template does not take the feedback, is asked again as it was.
        """
        if self.render is None or isinstance(self.ask.prompt, str):
            return self.prompt
        try:
            return self.render(_told(self.ask.prompt, feedback))
        except RefusedByTemplateError:
            return self.prompt

    def frames(self, head: Head) -> Frames:
        return Frames(head, include_usage=self.ask.include_usage, calls=self._reader())

    def body(
        self,
        head: Head,
        text: str,
        finish_reason: str,
        usage: Usage,
        *,
        refusal: str | None = None,
        member: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return completion_body(head, text, finish_reason, usage, refusal=refusal, member=member, calls=self._reader())

    def _reader(self) -> Calls | None:
        form = self.calls.form if self.calls is not None else None
        return Calls(form) if form is not None else None


def _told(messages: Sequence[Message], feedback: str) -> list[Message]:
    # Many templates want the roles to take turns, so that a second message of the user in a row would be refused.
    *before, last = messages
    if last["role"] == "user":
        return [*before, {**last, "content": f"{last['content']}\n\n{feedback}"}]
    return [*messages, {"role": "user", "content": feedback}]


def _prompt(ask: Ask, render: Render | None) -> str:
    if isinstance(ask.prompt, str):
        return ask.prompt
    if render is None:
        raise bad_request(
            "This model has no chat template, so it cannot chat: use /v1/completions.", "messages", "no_chat_template"
        )
    try:
        return render(ask.prompt)
    except RefusedByTemplateError as error:
        raise bad_request(
            f"The model's chat template refuses these messages: {error}", "messages", "invalid_value"
        ) from None


class Preparer:
    """Looks up what a request refers to."""

    def __init__(self, model_name: str, watch: EngineWatch, store: ContractStore, inline: InlineContracts) -> None:
        self._model_name = model_name
        self._watch = watch
        self._store = store
        self._inline = inline

    async def prepare(self, ask: Ask) -> Prepared:
        """Raises ApiError: 404 for another model, 400 or 422 for the contract, 503 while the engine is not ready."""
        self.check_model(ask.model)
        model = self.ready_model()
        bound = await self._bind(ask, model.info.guides)
        calls = bound.contract if bound is not None and isinstance(bound.contract, ToolCalls) else None
        render = partial(tool_prompt.render, model.template, tools=calls) if model.template is not None else None
        prompt = await beside.run(ask.size > beside.LONG, _prompt, ask, render)
        return Prepared(ask, prompt, bound, render if ask.is_chat else None, calls)

    def check_model(self, name: str) -> None:
        """Raises ApiError 404."""
        if name != self._model_name:
            raise ApiError(
                404,
                f"The model '{name[:100]}' is not served here. This endpoint serves '{self._model_name}'.",
                param="model",
                code="model_not_found",
            )

    def ready_model(self) -> Model:
        """Raises ApiError 503."""
        if self._watch.obstacle is not None or self._watch.model is None:
            reason = self._watch.obstacle.message if self._watch.obstacle else ""
            raise unavailable(f"The engine is not ready. {reason}".strip(), "engine_not_ready", retry_after=2)
        return self._watch.model

    async def _bind(self, ask: Ask, guides: tuple[str, ...]) -> Bound | None:
        asked, wishes = ask.response_format, ask.wishes
        named = self._named(asked.name) if isinstance(asked, NamedContract) else None
        if named is not None and wishes is not None:
            wishes.check_free(named.label)
        plain = named.contract if named is not None else await self._plain(asked, wishes)
        policy = named.policy if named is not None else _POLICY
        if ask.tools is not None:
            if wishes is not None and wishes.refusal:
                raise bad_request(f"With tools the model refuses in words: leave '{_REFUSAL}' out.", _REFUSAL)
            calls = await self._inline.get(Wanted("tool_calls", ask.tools.text, "tools", plain=plain))
            if isinstance(calls, ToolCalls) and calls.form is not None:
                return _bound(_Subject("tools", INLINE, calls, policy), guides, wishes)
        if named is not None:
            return _bound(_Subject(named.label, named.label, named.contract, policy), guides, wishes)
        if plain is not None:
            name = asked.name if isinstance(asked, Inline) else "json_object"
            return _bound(_Subject(name, INLINE, plain, policy), guides, wishes)
        if wishes is not None:
            raise bad_request(f"'{MEMBER}' needs a contract: send 'response_format' or 'tools' too.", MEMBER)
        return None

    async def _plain(self, asked: ResponseFormat, wishes: Wishes | None) -> Contract | None:
        """The contract of an answer in text, None where it is free."""
        refusal = wishes is not None and wishes.refusal
        if refusal and not (isinstance(asked, Inline) and asked.kind == "json_schema"):
            raise bad_request(f"'{_REFUSAL}' needs a 'response_format' of type 'json_schema'.", _REFUSAL)
        if isinstance(asked, Inline):
            return await self._inline.get(Wanted(asked.kind, asked.text, asked.param, refusal))
        return json_object() if isinstance(asked, JsonObject) else None

    def _named(self, name: str) -> Named:
        named = self._store.served.find(name)
        if named is not None:
            return named
        if not self._store.loaded:
            raise unavailable("The model's contracts cannot be served: /status says why.", "contracts_not_ready")
        known = ", ".join(f"'{one}'" for one in self._store.served.known[:20]) or "none"
        raise bad_request(
            f"The model has no contract '{name}'. It has: {known}.", "response_format.name", "contract_not_found"
        )


@dataclass(frozen=True, slots=True)
class _Subject:
    name: str
    label: str
    contract: Contract
    policy: ContractPolicy


def _bound(subject: _Subject, guides: tuple[str, ...], wishes: Wishes | None) -> Bound:
    wished = Wishes() if wishes is None else wishes
    return bind(
        subject.name,
        subject.label,
        subject.contract,
        guides,
        policy=wished.over(subject.policy),
        events=wished.events,
        refusable=wished.refusal,
        param="response_format" if wished.mode is None else f"{MEMBER}.mode",
    )
