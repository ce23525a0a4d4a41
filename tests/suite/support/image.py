"""Makes the image of tests/suite/images.rs by itself, from the rules in docs/images.md alone, and
prints its manifest's digest. Argument: the directory that is copied to /srv/www."""

import hashlib
import json
import os
import sys

EPOCH = "1970-01-01T00:00:00Z"


def header(name, kind, mode, user, group, size, target):
    block = bytearray(512)

    def put(offset, value):
        block[offset:offset + len(value)] = value

    put(0, name[:100])
    put(100, b"%07o\0" % mode)
    put(108, b"%07o\0" % (user if user <= 0o7777777 else 0))
    put(116, b"%07o\0" % (group if group <= 0o7777777 else 0))
    put(124, b"%011o\0" % size)
    put(136, b"%011o\0" % 0)
    put(156, kind)
    put(157, target[:100])
    put(257, b"ustar\x0000")
    put(148, b" " * 8)
    put(148, b"%07o\0" % sum(block))
    return bytes(block)


def record(key, value):
    rest = len(key) + len(value) + 3
    length = rest + 1
    while length != rest + len(str(length)):
        length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def padded(content):
    return content + b"\0" * (-len(content) % 512)


def entry(name, kind, mode, user, group, content=b"", target=b""):
    records = b""
    if len(name) > 100:
        records += record(b"path", name)
    for key, number in ((b"uid", user), (b"gid", group)):
        if number > 0o7777777:
            records += record(key, b"%d" % number)
    before = header(b"pax", b"x", 0o644, 0, 0, len(records), b"") + padded(records) if records else b""
    return before + header(name, kind, mode, user, group, len(content), target) + padded(content)


def described(kind, content):
    return {
        "mediaType": "application/vnd.oci.image." + kind,
        "digest": digest(content),
        "size": len(content),
    }


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def canonical(document):
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def tree(top):
    """Every entry of the image by the parts of its path."""
    entries = {("etc",): (b"5", 0o755, 0, 0, b"", b""), ("srv",): (b"5", 0o755, 10, 3000000, b"", b"")}
    entries[("etc", "note.txt")] = (b"0", 0o444, 0, 0, b"a note\n", b"")
    entries[("srv", "www")] = (b"5", 0o755, 10, 3000000, b"", b"")
    for directory, directories, files in os.walk(top):
        for name in directories + files:
            path = os.path.join(directory, name)
            parts = ("srv", "www", *os.path.relpath(path, top).split("/"))
            if os.path.islink(path):
                entries[parts] = (b"2", 0o777, 10, 3000000, b"", os.readlink(path).encode())
            elif os.path.isdir(path):
                entries[parts] = (b"5", 0o755, 10, 3000000, b"", b"")
            else:
                mode = 0o755 if os.stat(path).st_mode & 0o100 else 0o644
                with open(path, "rb") as file:
                    entries[parts] = (b"0", mode, 10, 3000000, file.read(), b"")
    return entries


def main():
    layer = b""
    for parts, (kind, mode, user, group, content, target) in sorted(tree(sys.argv[1]).items()):
        name = "/".join(parts).encode() + (b"/" if kind == b"5" else b"")
        layer += entry(name, kind, mode, user, group, content, target)
    layer += b"\0" * 1024
    configuration = canonical({
        "architecture": "amd64",
        "os": "linux",
        "created": EPOCH,
        "config": {
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"],
            "Cmd": ["/srv/www/run"],
            "WorkingDir": "/srv",
        },
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
    })
    manifest = canonical({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described("config.v1+json", configuration),
        "layers": [described("layer.v1.tar", layer)],
    })
    print(digest(manifest))


main()
