"""The CustomResourceDefinitions and their reference pages, generated: ``python -m casava_operator.crd`` writes them."""

from casava_operator.crd.definition import contract_crd, crd
from casava_operator.crd.files import FILES, generated

__all__ = ["FILES", "contract_crd", "crd", "generated"]
