"""Makes the base image: see scripts/base-image."""

import os
import sys
from pathlib import Path

import image
import packages
import registry

NAME, TAG = "debian-base", "12"


def main(arguments):
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        sys.exit("usage: scripts/base-image [HOST:PORT]")
    work = Path(os.environ.get("CARGO_TARGET_DIR", "target")).resolve() / "base-image"
    debs = packages.fetch(Path(__file__).with_name("packages"), work / "packages")
    layout = image.make(debs, work, NAME, TAG)
    print(f"{layout.manifest.name}  {work / 'layout'}")
    if arguments:
        registry.push(layout, arguments[0], NAME, TAG)
        print(f"pushed as {arguments[0]}/{NAME}:{TAG}")


if __name__ == "__main__":
    main(sys.argv[1:])
