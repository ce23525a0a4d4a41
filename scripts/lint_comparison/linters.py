"""Runs both linters over a directory of templates: errors by file, and how long each took."""

import json
import subprocess
import time
from collections import defaultdict

REGION = "us-east-1"


def both(programs, directory):
    """What each finds in the same files, one process of each over all of them, one after the other."""
    files = sorted(str(path) for path in directory.rglob("*") if path.is_file())
    theirs, their_seconds = cfn_lint(programs[1], files)
    ours, our_seconds = rekindle(programs[0], directory)
    return files, theirs, ours, (their_seconds, our_seconds)


def cfn_lint(program, files):
    before = time.perf_counter()
    matches = _matches(program, files)
    seconds = time.perf_counter() - before
    errors = defaultdict(list)
    for match in matches:
        if match["Rule"]["Id"].startswith("E"):
            lines = (match["Location"]["Start"]["LineNumber"], match["Location"]["End"]["LineNumber"])
            errors[match["Filename"]].append((match["Rule"]["Id"], lines))
    return errors, seconds


def _matches(program, files):
    """What cfn-lint finds. Where it gives no answer over all files, smaller runs say over which one."""
    run = subprocess.run(
        [program, "--regions", REGION, "--format", "json", "--template", *files],
        capture_output=True, text=True, check=False,
    )
    try:
        return json.loads(run.stdout)
    except json.JSONDecodeError:
        if len(files) == 1:
            lines = {"Start": {"LineNumber": 0}, "End": {"LineNumber": 0}}
            return [{"Filename": files[0], "Rule": {"Id": "E0002"}, "Location": lines}]
        half = len(files) // 2
        return _matches(program, files[:half]) + _matches(program, files[half:])


def rekindle(program, directory):
    before = time.perf_counter()
    run = subprocess.run(
        [program, "check", "--template", str(directory), "--region", REGION, "--output", "json"],
        capture_output=True, text=True, check=False,
    )
    seconds = time.perf_counter() - before
    if run.returncode not in (0, 1) or not run.stdout:
        raise SystemExit(f"rekindle: {run.stderr}")
    errors = defaultdict(list)
    for found in json.loads(run.stdout)["diagnostics"]:
        if found["severity"] == "error":
            errors[found["place"]["file"]].append((found["code"], found["message"], found["place"]["line"]))
    return errors, seconds
