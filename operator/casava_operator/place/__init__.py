"""place: which GPU, how many, and whether any node has it.

What a pod is given depends on the spec alone; which nodes exist changes only the condition.
"""

from casava_operator.place.fleet import Fleet, FleetNode, fleet_of
from casava_operator.place.place import Placement, place, previous_entry

__all__ = ["Fleet", "FleetNode", "Placement", "fleet_of", "place", "previous_entry"]
