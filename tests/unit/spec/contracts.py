"""OutputContracts for tests: one that is right, and ways of getting one wrong, each with the field and the fix."""

from typing import Any

from tests.unit.spec.specs import Spec, Wrong

EVERYTHING: Spec = {
    "type": "json_schema",
    "schema": '{"type": "object", "properties": {"total": {"type": "number"}}}',
    "rules": [{"rule": "self.total >= 0.0", "message": "the total is negative"}],
    "mode": "validated",
    "onViolation": ["repair", "retry", "pass"],
    "repair": {"coercing": True, "lossy": ["enum_snap"], "maxEdits": 8},
    "retry": {"maxAttempts": 3, "tokenBudget": 4000},
    "release": "element",
}


def contract(contract: str = "invoice", version: Any = 3, *, name: str = "", **spec: Any) -> dict[str, Any]:
    """An OutputContract; without ``schema`` any JSON object will do."""
    return {
        "apiVersion": "casava.dev/v1alpha1",
        "kind": "OutputContract",
        "metadata": {"name": name or f"{contract}-v{version}"},
        "spec": {"contract": contract, "version": version, "schema": '{"type": "object"}', **spec},
    }


WRONG = (
    Wrong("another name", {}, "", "such as invoice-v3", name="invoice-3"),
    Wrong("no version", {"version": None}, "spec.version", ""),
    Wrong("version zero", {"version": 0}, "spec.version", "1"),
    Wrong("a contract in capitals", {"contract": "Invoice"}, "spec.contract", "lower-case", name="invoice-v3"),
    Wrong("a schema as an object", {"schema": {}}, "spec.schema", "string"),
    Wrong("a schema of 65 KiB", {"schema": "x" * 66_560}, "spec.schema", ""),
    Wrong("64 KiB of two-byte letters", {"schema": "\u00e4" * 40_000}, "spec.schema", "larger than 64 KiB"),
    Wrong("a kind that nobody knows", {"type": "xml"}, "spec.type", "json_schema"),
    Wrong("tool calls", {"type": "tool_calls"}, "spec.type", "json_schema"),
    Wrong("an unknown mode", {"mode": "best-effort"}, "spec.mode", "strict"),
    Wrong("strict with rules", {"mode": "strict", "rules": [{"rule": "true"}]}, "spec.mode", "use mode validated"),
    Wrong(
        "strict with repair", {"mode": "strict", "onViolation": ["repair", "abort"]}, "spec.mode", "use mode validated"
    ),
    Wrong("a step twice", {"onViolation": ["retry", "retry"]}, "spec.onViolation", "each is tried once"),
    Wrong("a step after abort", {"onViolation": ["abort", "retry"]}, "spec.onViolation", "as the last step"),
    Wrong("abort and pass", {"onViolation": ["abort", "pass"]}, "spec.onViolation", "as the last step"),
    Wrong("no step", {"onViolation": []}, "spec.onViolation", "1"),
    Wrong("an unknown edit", {"repair": {"lossy": ["guess"]}}, "spec.repair.lossy[0]", "enum_snap"),
    Wrong("six attempts", {"retry": {"maxAttempts": 6}}, "spec.retry.maxAttempts", "5"),
)
