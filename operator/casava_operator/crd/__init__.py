"""The CustomResourceDefinition and its reference page, generated: ``python -m casava_operator.crd`` writes them."""

from casava_operator.crd.definition import crd
from casava_operator.crd.files import FILES, generated

__all__ = ["FILES", "crd", "generated"]
