"""Casava evaluates rules itself: where it means the same as Google's evaluator, it must say the same.

Left out is what differs on purpose: numbers are exact decimals, so int and double may be mixed, and nothing overflows.
"""

from functools import cache
from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from casava_contract import Limits
from casava_contract.rules import Rule, RuleSet

_scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "ab", "é", "b"]))
_values = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(-3, 3),
        "s": st.sampled_from(["", "a", "ab", "é"]),
        "l": st.lists(_scalars, max_size=3),
        "o": st.dictionaries(st.sampled_from("nsab"), _scalars, max_size=3),
        "m": st.lists(st.dictionaries(st.sampled_from("ns"), _scalars, max_size=2), max_size=3),
    },
)
_leaves = st.sampled_from(
    [
        "1", "-2", "0", "'a'", "'ab'", "true", "false", "null", "[]", "[1, 'a']", "{'n': 1}", "self", "self.n",
        "self.s", "self.l", "self.o", "self.m", "self.o.n", "self.l[0]", "self.m[1].s", "self['n']", "i", "j", "i.n",
    ]
)  # fmt: skip
_TWO = ("&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "in")


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    macro = st.sampled_from(["all", "exists", "exists_one", "map", "filter"])
    return st.one_of(
        st.tuples(inner, st.sampled_from(_TWO), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
        st.tuples(st.sampled_from(["self.o", "self.m", "[1, 2]", "self.l"]), macro, st.sampled_from("ij"), inner).map(
            lambda t: f"{t[0]}.{t[1]}({t[2]}, {t[3]})"
        ),
        inner.map(lambda e: f"!({e})"),
        inner.map(lambda e: f"size({e})"),
        st.tuples(inner, st.sampled_from(["startsWith", "endsWith", "contains"]), inner).map(
            lambda t: f"({t[0]}).{t[1]}({t[2]})"
        ),
        st.tuples(st.sampled_from(["self", "self.o", "self.m[0]", "i"]), st.sampled_from("nsx")).map(
            lambda t: f"has({t[0]}.{t[1]})"
        ),
    )


_expressions = st.recursive(_leaves, _larger, max_leaves=8)


@cache
def _environment() -> Any:
    return cel.NewEnv(variables={"self": cel.Type.DYN, "i": cel.Type.DYN, "j": cel.Type.DYN})


def _reference(expression: str, value: Any) -> str:
    result = _environment().compile(expression, disable_check=True).eval(data={"self": value})
    return {True: "holds", False: "rule.violated"}[result.value()] if result.type().name() == "BOOL" else "rule.error"


def _ours(expression: str, value: Any) -> str:
    found = RuleSet.of([Rule(expression)], Limits()).check(value)
    return found[0].code if found else "holds"


@settings(max_examples=150, deadline=None)
@given(_expressions, _values)
def test_what_googles_evaluator_decides_is_decided_alike(expression: str, value: Any) -> None:
    whole = f"[0].all(i, [1].all(j, {expression}))"
    assert _ours(whole, value) == _reference(whole, value)


@pytest.mark.parametrize(
    "expression",
    [
        "false && 1 / 0 == 1", "1 / 0 == 1 && false", "true || self.x", "self.x || true", "7 / -2 == -3",
        "[1, 0].exists(i, 1 / i == 1)", "[0, 1].all(i, 1 / i == 2)", "[0, 1].all(i, 1 / i == 1)",
        "[0, 1].exists_one(i, 1 / i == 1)", "-7 % 2 == -1", "'a' < 'é' && 'é' < '🙂'", "{'a': 1}.all(k, k == 'a')",
        "1 == 1.0", "null == false", "[] == {}", "'🙂'.size() == 1", "1 in {'1': 1}", "int('7') == 7",
        "timestamp('2026-01-01T00:00:00Z') < timestamp('x')", "duration('1h30m') == duration('90m')",
        "'a' + 1 == 'a1'", "true < false", "false < true", "type(null) == null_type",
    ],
)  # fmt: skip
def test_corners_are_decided_alike(expression: str) -> None:
    assert _ours(expression, {}) == _reference(expression, {})
