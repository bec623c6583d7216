"""The spec: its fields and their rules, written once for the API server and for the operator. Pure."""

from casava_operator.spec.fields import Spec
from casava_operator.spec.parse import MAX_NAME, NAME_FIX, CasavaModel, parse, parse_file

__all__ = ["MAX_NAME", "NAME_FIX", "CasavaModel", "Spec", "parse", "parse_file"]
