"""Pushes an image to a registry over plain HTTP: one on this machine, without a password."""

import sys
import urllib.error
import urllib.parse
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def push(layout, host, name, tag):
    address = f"http://{host}/v2/{name}/"
    try:
        for blob in layout.parts:
            put_blob(address, blob)
        request(address + f"manifests/{tag}", "PUT", layout.manifest.read_bytes(), MANIFEST)
    except OSError as error:
        sys.exit(f"base-image: the registry at {host} does not take the image: {error}")


def put_blob(address, blob):
    try:
        request(address + f"blobs/sha256:{blob.name}", "HEAD")
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        place = request(address + "blobs/uploads/", "POST", b"").headers["Location"]
        place = urllib.parse.urljoin(address, place)
        separator = "&" if "?" in place else "?"
        request(f"{place}{separator}digest=sha256:{blob.name}", "PUT", blob.read_bytes(), "application/octet-stream")


def request(url, method, body=None, media_type=None):
    headers = {"Content-Type": media_type} if media_type else {}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=300) as answer:
        answer.read()
        return answer
