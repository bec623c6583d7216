"""What an object asks of the names of its members, as of any text: what can be told before a name has ended."""

import re
from typing import Final

from casava_contract.schema.dialect import Draft
from casava_contract.validator import leaves
from casava_contract.validator.containers import ObjectPlan, reason
from casava_contract.validator.scalars import StringPlan

_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$#&~/-]")
_MOST_NAMES: Final = 200  # beside patterns, in one expression


def naming(plan: ObjectPlan, draft: Draft) -> StringPlan | None:
    """The plan of its names, where it says more than which names there may be; kept in the object's plan."""
    if not plan.naming_known:
        asked = plan.name_plan
        nodes = asked.nodes if isinstance(asked, StringPlan) and asked.options is None else ()
        made = StringPlan(nodes, (), (), draft, trivial=False)
        for keyword, node, patterns, names in plan.patterned():
            regex = _any_of(patterns, names)
            if regex is not None:
                why = reason([node], keyword, "no allowed name begins so", expected=tuple(patterns[:10]))
                made.automata.append((regex, why._replace(earliest=False)))
        made.watched = made.watched or bool(made.automata)
        plan.naming = made if made.watched else None
        plan.naming_known = True  # last: other threads hold answers against the same plan
    return plan.naming if isinstance(plan.naming, StringPlan) else None


def _any_of(patterns: list[str], names: list[str]) -> str | None:
    """The texts that one of the patterns is found in, and the names; None where that is not certain."""
    found = [leaves.regex_of(pattern) for pattern in patterns]
    if len(names) > _MOST_NAMES or None in found:
        return None
    spelled = [_SPECIAL.sub(lambda one: f"\\{one[0]}", name) for name in names]
    return "|".join(f"(?:{one})" for one in [*found, *spelled])
