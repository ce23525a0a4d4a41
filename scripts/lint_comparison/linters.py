"""Runs both linters over a directory of templates: errors by file, and how long it took."""

import json
import subprocess
import time
from collections import defaultdict

REGION = "us-east-1"
BATCH = 500


def cfn_lint(program, directory):
    files = sorted(str(path) for path in directory.rglob("*") if path.is_file())
    errors, seconds = defaultdict(set), 0.0
    for start in range(0, len(files), BATCH):
        before = time.perf_counter()
        matches = _matches(program, files[start : start + BATCH])
        seconds += time.perf_counter() - before
        for match in matches:
            if match["Rule"]["Id"].startswith("E"):
                errors[match["Filename"]].add(match["Rule"]["Id"])
    return errors, seconds


def _matches(program, files):
    """What cfn-lint finds. Where it gives no answer over a batch, smaller ones say over which file."""
    run = subprocess.run(
        [program, "--regions", REGION, "--format", "json", "--template", *files],
        capture_output=True, text=True, check=False,
    )
    try:
        return json.loads(run.stdout)
    except json.JSONDecodeError:
        if len(files) == 1:
            return [{"Filename": files[0], "Rule": {"Id": "E0002"}}]
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
    errors = defaultdict(set)
    for found in json.loads(run.stdout)["diagnostics"]:
        if found["severity"] == "error":
            errors[found["place"]["file"]].add((found["code"], found["message"]))
    return errors, seconds
