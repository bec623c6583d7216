"""Write the generated files below the folder given as first argument, the current one by default."""

import sys
from pathlib import Path

from casava_operator.crd.files import generated


def main(root: Path) -> None:
    for path, content in generated().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
