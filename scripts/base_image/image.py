"""A Debian root of given packages as an OCI image that comes out the same every time."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# Of this machine or of the day of the build, or of no use in a container. With all that is below.
LEFT_OUT = {
    "dev",
    "etc/apt",
    "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
    "etc/group-",
    "etc/gshadow-",
    "etc/hostname",
    "etc/machine-id",
    "etc/passwd-",
    "etc/resolv.conf",
    "etc/shadow-",
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt",
    "var/cache/debconf",
    "var/cache/ldconfig",
    "var/lib/apt",
    "var/lib/dpkg/status-old",
    "var/log/alternatives.log",
    "var/log/apt",
    "var/log/bootstrap.log",
    "var/log/dpkg.log",
}

RELEASE = "bookworm"

# The layout of directories that Debian has since its release 12.
MERGED = 'cd "$1" && mkdir -p usr/bin usr/lib usr/lib64 usr/sbin && ln -s usr/* .'

CONFIG = {"Cmd": ["bash"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}


class Layout:
    """An OCI image layout with one image."""

    def __init__(self, directory):
        self.directory = directory
        self.blobs = directory / "blobs/sha256"
        shutil.rmtree(directory, ignore_errors=True)
        self.blobs.mkdir(parents=True)
        self.manifest = None
        self.parts = []

    def take(self, file, media_type):
        digest = hashlib.sha256()
        with open(file, "rb") as source:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
        name = digest.hexdigest()
        size = file.stat().st_size
        shutil.move(file, self.blobs / name)
        self.parts.append(self.blobs / name)
        return {"mediaType": media_type, "digest": f"sha256:{name}", "size": size}

    def document(self, value, media_type):
        file = self.directory / "document"
        file.write_text(json.dumps(value, sort_keys=True, separators=(",", ":")))
        return self.take(file, media_type)


def make(debs, work, name, tag):
    layout = Layout(work / "layout")
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        scratch = Path(scratch)
        # apt reads the packages as another user.
        scratch.chmod(0o755)
        root, layer = scratch / "root.tar", scratch / "layer.tar"
        bootstrap(debs, scratch / "repository", root)
        canonical(root, layer)
        layer = layout.take(layer, "application/vnd.oci.image.layer.v1.tar")
    config = {
        "architecture": "amd64",
        "config": CONFIG,
        "created": "1970-01-01T00:00:00Z",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
    }
    config = layout.document(config, "application/vnd.oci.image.config.v1+json")
    media_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [layer]}
    manifest = layout.document(manifest, media_type)
    layout.manifest = layout.parts.pop()
    manifest["annotations"] = {"org.opencontainers.image.ref.name": f"{name}:{tag}"}
    index = {"schemaVersion": 2, "manifests": [manifest]}
    (layout.directory / "index.json").write_text(json.dumps(index))
    (layout.directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return layout


def bootstrap(debs, repository, out):
    """Has mmdebstrap install the packages, which it finds in a repository of nothing else."""
    repository.mkdir()
    entries = []
    for deb in debs:
        shutil.copy(deb, repository)
        fields = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        entries.append(f"{fields.strip()}\nFilename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n")
    index = "\n".join(entries).encode()
    (repository / "Packages").write_bytes(index)
    # Without the names of a release apt takes no package for an essential one of it.
    release = f"Suite: {RELEASE}\nCodename: {RELEASE}\nArchitectures: amd64\nSHA256:\n"
    release += f" {hashlib.sha256(index).hexdigest()} {len(index)} Packages\n"
    (repository / "Release").write_text(release)
    print("putting the base image together with mmdebstrap", file=sys.stderr)
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=essential",
        # Nothing of it outlives a crash.
        "--dpkgopt=force-unsafe-io",
        f"--setup-hook={MERGED}",
        RELEASE,
        str(out),
        f"deb [trusted=yes] copy:{repository} ./",
    ]
    environment = {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "SOURCE_DATE_EPOCH": "0", "LC_ALL": "C"}
    try:
        subprocess.run(command, check=True, env=environment, stdout=sys.stderr)
    except FileNotFoundError:
        sys.exit("base-image: mmdebstrap is not installed: run scripts/install-test-tools")
    except subprocess.CalledProcessError as error:
        sys.exit(f"base-image: mmdebstrap failed with {error.returncode}")


def canonical(root, out):
    """Writes what matters of an archive in one order and form, without times."""
    with tarfile.open(root) as source, tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as target:
        members = {member.name.removeprefix("./").rstrip("/"): member for member in source}
        kept = {path: member for path, member in members.items() if is_kept(path)}
        for path in sorted(kept):
            member = kept[path]
            content = source.extractfile(member) if member.isreg() else None
            member.name, member.mtime, member.uname, member.gname = path, 0, "", ""
            if member.islnk():
                member.linkname = member.linkname.removeprefix("./")
            member.pax_headers = {}
            target.addfile(member, content)


def is_kept(path):
    parts = path.split("/")
    return path not in ("", ".") and not any("/".join(parts[:end]) in LEFT_OUT for end in range(1, len(parts) + 1))
