"""Labels and annotations on the objects that Casava makes. Selectors hold NAME and MODEL alone: both never change."""

from typing import Final

GROUP: Final = "casava.dev"
VERSION: Final = "v1alpha1"
KIND: Final = "CasavaModel"
PLURAL: Final = "casavamodels"
CONTRACT_KIND: Final = "OutputContract"
CONTRACT_PLURAL: Final = "outputcontracts"
API_VERSION: Final = f"{GROUP}/{VERSION}"

FIELD_MANAGER: Final = "casava-operator"

NAME: Final = "app.kubernetes.io/name"
NAME_VALUE: Final = "casava-model"
INSTANCE: Final = "app.kubernetes.io/instance"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGED_BY_VALUE: Final = "casava"
COMPONENT: Final = "app.kubernetes.io/component"

MODEL: Final = f"{GROUP}/model"  # on every child and pod: the CasavaModel's name

# On the Deployment. The first changes only with an edit of the spec, the second with whatever the operator generates:
# they tell a user's edit, rolled at once, from an operator upgrade, rolled model by model.
SPEC_HASH: Final = f"{GROUP}/spec-hash"
TEMPLATE_HASH: Final = f"{GROUP}/template-hash"

ENGINE_CONTAINER: Final = "engine"
SIDECAR_CONTAINER: Final = "sidecar"
