"""The .deb files of a list, each compared with its digest."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

# Where a version stays for ever once it was in the archive.
ARCHIVE = "https://snapshot.debian.org/archive/debian/20260801T000000Z/"


class Package:
    def __init__(self, line):
        self.digest, self.version, self.path = line.split()
        self.file = Path(self.path).name

    def is_in(self, directory):
        file = directory / self.file
        return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == self.digest


def read(listing):
    lines = listing.read_text().splitlines()
    return [Package(line) for line in lines if line and not line.startswith("#")]


def fetch(listing, directory):
    """Gives the files of the listed packages, which are in `directory` afterwards."""
    wanted = read(listing)
    directory.mkdir(parents=True, exist_ok=True)
    missing = [package for package in wanted if not package.is_in(directory)]
    if missing:
        print(f"fetching {len(missing)} packages", file=sys.stderr)
        by_apt(missing, directory)
    for package in missing:
        if not package.is_in(directory):
            from_archive(package, directory)
    return [directory / package.file for package in wanted]


def by_apt(packages, directory):
    """As many as apt has; its lists are brought up to date where that helps."""
    for attempt in range(2):
        left = [package for package in packages if not package.is_in(directory)]
        if not left:
            return
        if attempt:
            # Without the right to do so the lists stay as they are.
            quietly(["apt-get", "update", "-qq"], directory)
        if not download(left, directory):
            for package in left:
                download([package], directory)


def download(packages, directory):
    # A directory of its own: apt names files in its own way.
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        versions = [package.version for package in packages]
        done = quietly(["apt-get", "download", "-qq", *versions], scratch)
        found = {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in Path(scratch).glob("*.deb")}
        for package in packages:
            if package.digest in found:
                shutil.move(found[package.digest], directory / package.file)
    return done


def quietly(command, directory):
    try:
        return subprocess.run(command, cwd=directory, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def from_archive(package, directory):
    url = ARCHIVE + package.path
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            content = answer.read()
    except OSError as error:
        sys.exit(f"base-image: apt has no {package.version}, and {url} cannot be fetched: {error}")
    if hashlib.sha256(content).hexdigest() != package.digest:
        sys.exit(f"base-image: {url} is not {package.digest}: ask the archive's owner")
    (directory / package.file).write_bytes(content)
