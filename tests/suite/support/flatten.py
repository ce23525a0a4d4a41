"""Prints the file system of an image, one JSON object a line, in the order of paths: what is at each path, without
times. Reads layers by the OCI image specification's rules alone, with Python's own reader of archives.

    flatten.py LAYER.tar...        the lowest first
"""

import hashlib
import json
import os
import sys
import tarfile


DIRECTORY = tarfile.DIRTYPE.decode()


def shown(name):
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def below(path, directory):
    return directory == "" or path.startswith(directory + "/")


def apply(tree, layer):
    """Puts a layer on the tree: what it takes away of lower layers first, then what it brings."""
    with tarfile.open(layer, errors="surrogateescape") as archive:
        members = [(member.name.removeprefix("./").strip("/"), member) for member in archive]
        for name, _ in members:
            directory, _, last = name.rpartition("/")
            if last == ".wh..wh..opq":
                remove(tree, directory, keeps_itself=True)
            elif last.startswith(".wh."):
                remove(tree, "/".join(part for part in (directory, last[4:]) if part))
        for name, member in members:
            if name and not name.rpartition("/")[2].startswith(".wh."):
                put(tree, name, member, archive)


def remove(tree, path, keeps_itself=False):
    if path == "" or tree.get(path, {}).get("kind") == DIRECTORY:
        for known in [known for known in tree if below(known, path)]:
            del tree[known]
    if not keeps_itself:
        tree.pop(path, None)


def put(tree, name, member, archive):
    if not member.isdir():
        remove(tree, name)
    if member.islnk():
        tree[name] = tree[member.linkname.removeprefix("./").strip("/")]
        return
    # The last of several entries counts, and a directory keeps what is in it.
    attributes = {
        shown(key): os.fsencode(value).hex()
        for key, value in member.pax_headers.items()
        if key.startswith("SCHILY.xattr.")
    }
    node = {
        "kind": member.type.decode(),
        # Engines write the kind into the mode as well.
        "mode": oct(member.mode & 0o7777),
        "owner": [member.uid, member.gid],
        "attributes": attributes,
    }
    if member.isfile():
        digest = hashlib.sha256()
        content = archive.extractfile(member)
        while part := content.read(1 << 20):
            digest.update(part)
        node |= {"kind": "file", "size": member.size, "sha256": digest.hexdigest()}
    elif member.issym():
        node["target"] = shown(member.linkname)
    elif member.isdev():
        node["device"] = [member.devmajor, member.devminor]
    tree[name] = node


tree = {}
for layer in sys.argv[1:]:
    apply(tree, layer)
names = {}
for path, node in sorted(tree.items()):
    names.setdefault(id(node), []).append(shown(path))
for path, node in sorted(tree.items()):
    shared = names[id(node)]
    print(json.dumps({"path": shown(path), **node, "links": shared if len(shared) > 1 else []}, sort_keys=True))
