"""From what a client asks to what the engine is told: the model, the prompt, the contract."""

from dataclasses import dataclass

from casava_contract import json_object
from casava_sidecar.api.requests import Ask
from casava_sidecar.api.response_format import InlineSchema, JsonObject, NamedContract
from casava_sidecar.chat_template import RefusedByTemplateError
from casava_sidecar.contracts.bound import INLINE, OFF, Bound, bind
from casava_sidecar.contracts.inline import InlineContracts
from casava_sidecar.contracts.store import ContractStore
from casava_sidecar.engine.tensors import Guide
from casava_sidecar.engine.watch import EngineWatch, Model
from casava_sidecar.errors import ApiError, bad_request, unavailable
from casava_wire import http as names


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that is needed to generate and to judge. It stays as it is to the end of the request."""

    ask: Ask
    prompt: str
    bound: Bound | None

    @property
    def guide(self) -> Guide | None:
        return self.bound.guide if self.bound else None

    @property
    def headers(self) -> dict[str, str]:
        return self.bound.headers() if self.bound else {names.GUARANTEE: OFF}


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
        return Prepared(ask, self._prompt(ask, model), bound)

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

    def _prompt(self, ask: Ask, model: Model) -> str:
        if isinstance(ask.prompt, str):
            return ask.prompt
        if model.template is None:
            raise bad_request(
                "This model has no chat template, so it cannot chat: use /v1/completions.",
                "messages",
                "no_chat_template",
            )
        try:
            return model.template.render(ask.prompt)
        except RefusedByTemplateError as error:
            raise bad_request(
                f"The model's chat template refuses these messages: {error}", "messages", "invalid_value"
            ) from None

    async def _bind(self, ask: Ask, guides: tuple[str, ...]) -> Bound | None:
        asked = ask.response_format
        if isinstance(asked, NamedContract):
            contract = self._store.served.contracts.get(asked.name)
            if contract is None and not self._store.loaded:
                raise unavailable("The model's contracts cannot be served: /status says why.", "contracts_not_ready")
            if contract is None:
                raise self._unknown_contract(asked.name)
            return bind(asked.name, asked.name, contract, guides)
        if isinstance(asked, InlineSchema):
            return bind(asked.name, INLINE, await self._inline.get(asked.schema_text), guides)
        if isinstance(asked, JsonObject):
            return bind("json_object", "json_object", json_object(), guides)
        return None

    def _unknown_contract(self, name: str) -> ApiError:
        known = ", ".join(f"'{one}'" for one in list(self._store.served.contracts)[:20]) or "none"
        return bad_request(
            f"The model has no contract '{name}'. It has: {known}.", "response_format.name", "contract_not_found"
        )
