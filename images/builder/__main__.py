"""`python -m images.builder [NAME...]`: build what changed, check its size, save it under build/images."""

import argparse
import sys
from collections.abc import Sequence

from images.builder import catalog
from images.builder.build import bring
from images.builder.engines import BuildError


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m images.builder", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(catalog.IMAGES)}; all by default")
    parser.add_argument("--tag", help="default: Casava's version; of another tag the files are NAME-TAG.tar")
    args = parser.parse_args(arguments)
    unknown = sorted(set(args.names) - set(catalog.IMAGES))
    if unknown:
        parser.error(f"no image is called {', '.join(unknown)}: there are {', '.join(catalog.IMAGES)}")
    try:
        bring(args.names, args.tag)
    except BuildError as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
