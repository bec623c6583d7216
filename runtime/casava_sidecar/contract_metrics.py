"""What Prometheus sees of contracts. No label holds anything that a client or a model can choose."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from casava_sidecar.contracts.bound import INLINE, Bound
from casava_sidecar.enforce.attempt import Attempt
from casava_sidecar.enforce.outcome import Outcome, Verdict
from casava_sidecar.enforce.pipeline import Pipeline
from casava_sidecar.enforce.templates import Templates

_FRACTIONS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)
_VALIDATE: Final = (1e-6, 2e-6, 4e-6, 8e-6, 1.6e-5, 3.2e-5, 6.4e-5, 1.28e-4, 5e-4, 2e-3, 1e-2)
_COMPILE: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
_TRIED: Final = 16
_TRIED_BYTES: Final = 16 * 1024
_NOT_PROMISED: Final = ("stream.", "limit.")  # what an engine cannot know of: the sidecar's own bounds


class ContractMetrics:
    """Counts attempts as they end, and requests as they end."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._templates = Templates()
        self._observed = 0  # answers on which a guide could have been tried
        self.verdicts = Counter(
            "casava_contract_verdicts",
            "Finished answers under a contract, by verdict and by what the engine guaranteed.",
            ["contract", "verdict", "engine"],
            registry=registry,
        )
        self.disagreements = Counter(
            "casava_contract_engine_disagreements",
            "Answers that the engine guaranteed in full and that validation refused. Each is a defect.",
            registry=registry,
        )
        self.violations = Counter(
            "casava_contract_violations",
            "Attempts that broke their contract, by the code of the first violation and where in the schema.",
            ["code", "pointer_template"],
            registry=registry,
        )
        self.first_violation = Histogram(
            "casava_contract_first_violation_fraction",
            "Where in an answer its first violation was found, of answers that came to an end of their own.",
            buckets=_FRACTIONS,
            registry=registry,
        )
        self.tokens_saved = Counter(
            "casava_contract_tokens_saved",
            "Tokens that answers cancelled at a violation might still have taken, up to their max_tokens.",
            registry=registry,
        )
        self.repair_edits = Counter(
            "casava_contract_repair_edits", "Edits of repairs.", ["class", "rule"], registry=registry
        )
        self.retries = Counter("casava_contract_retries", "Answers that were asked for again.", registry=registry)
        self.overconstraints = Counter(
            "casava_contract_overconstraints",
            "Valid answers of an engine that was only observed which its guide would not have let it write. "
            "One answer in 16 is tried.",
            registry=registry,
        )
        self.validate_seconds = Histogram(
            "casava_contract_validate_seconds",
            "To hold one piece of an answer against its contract. One piece in 64 is timed.",
            buckets=_VALIDATE,
            registry=registry,
        )
        self.compile_seconds = Histogram(
            "casava_contract_compile_seconds",
            "To compile one contract, lowering included.",
            buckets=_COMPILE,
            registry=registry,
        )
        self.released_then_invalid = Counter(
            "casava_contract_released_then_invalid_bytes",
            "Bytes that clients got of answers that were then ended by an error.",
            registry=registry,
        )

    def tries_guide(self, bound: Bound, outcome: Outcome, size: int) -> bool:
        """Whether the guide that ``bound`` withholds is to be tried on this answer of ``size`` bytes."""
        if bound.withheld is None or outcome.verdict is not Verdict.VALID or size > _TRIED_BYTES:
            return False
        self._observed += 1
        return self._observed % _TRIED == 1

    def attempted(self, pipeline: Pipeline, attempt: Attempt, *, ended: bool) -> None:
        """One attempt is over. ``ended``: by itself."""
        if not attempt.violation:
            return
        bound, first = pipeline.bound, attempt.violation[0]
        # The names in a schema of a request are the client's.
        place = INLINE if bound.label == INLINE else self._templates.label(first.schema_pointer)
        self.violations.labels(first.code, place).inc()
        if bound.engine == "full" and not first.code.startswith(_NOT_PROMISED):
            self.disagreements.inc()
        if ended:
            self.first_violation.observe(min(first.offset / max(attempt.size, 1), 1))
        elif pipeline.sampling.max_tokens is not None:
            self.tokens_saved.inc(max(pipeline.sampling.max_tokens - attempt.tokens, 0))

    def ended(self, bound: Bound, outcome: Outcome) -> None:
        """One request is over."""
        self.verdicts.labels(bound.label, str(outcome.verdict), bound.engine).inc()
        self.retries.inc(outcome.attempts - 1)
        for edit in outcome.edits:
            self.repair_edits.labels(str(edit.cls), str(edit.rule)).inc()
        if outcome.verdict is Verdict.INVALID and outcome.error is not None:
            self.released_then_invalid.inc(outcome.released)
