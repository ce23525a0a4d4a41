"""cfn-lint's own test templates, from its source package; they are downloaded, never kept in the project."""

import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path

ENDS = {".json", ".yaml", ".yml", ".template"}


def fetch(target):
    """Puts them into `target`, or says why there are none."""
    version = metadata.version("cfn-lint")
    store = Path(sys.prefix) / "lint-comparison"
    archive = store / f"cfn_lint-{version}.tar.gz"
    if not archive.is_file():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        run = subprocess.run([*command, "--dest", str(store), f"cfn-lint=={version}"], check=False)
        if run.returncode:
            print("cfn-lint's source package cannot be downloaded: its test templates are left out", file=sys.stderr)
            return
    with tarfile.open(archive) as package:
        for member in package:
            parts = Path(member.name).parts
            if member.isfile() and parts[1:4] == ("test", "fixtures", "templates") and Path(member.name).suffix in ENDS:
                file = target.joinpath(*parts[4:])
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(package.extractfile(member).read())
