"""Where things are kept: what can be made again in the cache, what a running cluster needs in the state."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """The folder of everything that can be built again: `${XDG_CACHE_HOME:-~/.cache}/casava`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "casava"


def state_dir() -> Path:
    """The folder that holds one folder per local cluster: `${XDG_STATE_HOME:-~/.local/state}/casava/clusters`."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "casava" / "clusters"
