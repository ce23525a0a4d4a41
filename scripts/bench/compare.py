"""Times rekindle, Sceptre and a bare client on the same stacks, in one run, on one ministack.

Prints a table and the ratios that matter; exits 1 when one is over its bound.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3
from botocore.config import Config

import projects

ROOT = pathlib.Path(__file__).resolve().parents[2]
THREADS = 16


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stacks", type=int, default=200)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--rekindle", default=str(ROOT / "target/release/rekindle"))
    arguments.add_argument("--without-sceptre", action="store_true")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, server() as endpoint:
        bench = Bench(endpoint, pathlib.Path(folder), options)
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            bench.round()
        return bench.report()


@contextlib.contextmanager
def server():
    """A counting ministack on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [ROOT / ".venv/bin/python", ROOT / "scripts/bench/server.py", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{endpoint}/_ministack/health").close()
                break
            if process.poll() is not None:
                raise SystemExit("ministack ended: run scripts/install-test-tools")
            time.sleep(0.05)
        yield endpoint
    finally:
        process.terminate()
        process.wait()


class Bench:
    """What is measured, and what came out."""

    def __init__(self, endpoint, folder, options):
        self.endpoint, self.folder, self.options = endpoint, folder, options
        self.seconds: dict[str, list[float]] = {}
        self.calls: dict[str, dict[str, int]] = {}
        self.environment = os.environ | {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": projects.REGION,
            "AWS_REGION": projects.REGION,
        }
        projects.write_rekindle(folder / "rekindle", options.stacks)
        projects.write_sceptre(folder / "sceptre", options.stacks)
        self.rekindle("lock")
        pool = Config(max_pool_connections=THREADS, retries={"max_attempts": 1})
        self.client = boto3.client(
            "cloudformation",
            endpoint_url=endpoint,
            region_name=projects.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=pool,
        )

    def round(self):
        """Every contestant once, each on an empty account."""
        self.reset()
        self.time("rekindle deploy, first", lambda: self.rekindle("deploy", "sandbox", "--yes"))
        self.time("rekindle deploy, no change", lambda: self.rekindle("deploy", "sandbox", "--yes"))
        creates = self.creates()
        self.time("bare paged DescribeStacks", self.pages)
        teardown = ["teardown", "sandbox", "--yes", "--confirm", "sandbox"]
        self.time("rekindle teardown", lambda: self.rekindle(*teardown))
        self.reset()
        self.time("bare concurrent creates", lambda: self.create_all(creates))
        self.time("bare deletes, resources read", lambda: self.delete_all(creates, True))
        self.reset()
        self.create_all(creates)
        self.time("bare concurrent deletes", lambda: self.delete_all(creates, False))
        if not self.options.without_sceptre:
            self.reset()
            self.time("sceptre launch, first", self.sceptre)
            self.time("sceptre launch, no change", self.sceptre)

    def time(self, name, work):
        """Measures and counts one piece of work."""
        self.post("/_bench/reset")
        start = time.perf_counter()
        work()
        self.seconds.setdefault(name, []).append(time.perf_counter() - start)
        with urllib.request.urlopen(f"{self.endpoint}/_bench/calls") as answer:
            self.calls[name] = json.load(answer)

    def rekindle(self, *arguments):
        self.run([self.options.rekindle, "-C", str(self.folder / "rekindle"), *arguments])

    def sceptre(self):
        program = str(ROOT / ".venv-bench/bin/sceptre")
        self.run([program, "--dir", str(self.folder / "sceptre"), "launch", "--yes", "."])

    def run(self, command):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def pages(self):
        pages = self.client.get_paginator("describe_stacks").paginate()
        found = sum(len(page["Stacks"]) for page in pages)
        if found != self.options.stacks:
            raise SystemExit(f"{found} stacks stand where {self.options.stacks} should")

    def creates(self):
        """The arguments of the creates that made what stands now."""
        pages = self.client.get_paginator("describe_stacks").paginate()
        return [self.create_of(stack) for page in pages for stack in page["Stacks"]]

    def create_of(self, stack):
        body = self.client.get_template(StackName=stack["StackName"])["TemplateBody"]
        return {
            "StackName": stack["StackName"],
            # boto3 parses JSON templates.
            "TemplateBody": body if isinstance(body, str) else json.dumps(body),
            "Parameters": stack.get("Parameters", []),
            "Tags": stack["Tags"],
        }

    def create_all(self, creates):
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(lambda create: self.client.create_stack(**create), creates))

    def delete_all(self, creates, reads):
        """Deletes every stack; with the reads, each is known before and accounted for afterwards."""
        pages = self.client.get_paginator("describe_stacks").paginate()
        stacks = [stack["StackId"] for page in pages for stack in page["Stacks"]]
        if len(stacks) != len(creates):
            raise SystemExit(f"{len(stacks)} stacks stand where {len(creates)} should")

        def read(stack):
            self.client.get_template(StackName=stack)
            self.client.list_stack_resources(StackName=stack)

        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            if reads:
                list(threads.map(read, stacks))
            list(threads.map(lambda stack: self.client.delete_stack(StackName=stack), stacks))
            if reads:
                list(threads.map(lambda stack: self.client.describe_stack_events(StackName=stack), stacks))

    def reset(self):
        self.post("/_ministack/reset")

    def post(self, path):
        urllib.request.urlopen(urllib.request.Request(self.endpoint + path, method="POST")).close()

    def report(self):
        """Prints what was measured; 1 when a bound is broken."""
        median = {name: statistics.median(seconds) for name, seconds in self.seconds.items()}
        print(f"{self.options.stacks} stacks, median of {self.options.rounds} rounds\n")
        print(f"{'':30} {'seconds':>8}  calls")
        for name, seconds in median.items():
            calls = ", ".join(f"{action} {count}" for action, count in sorted(self.calls[name].items()))
            print(f"{name:30} {seconds:8.3f}  {calls}")
        ratios = [
            ("rekindle deploy, first", "bare concurrent creates", 2.0),
            ("rekindle deploy, no change", "bare paged DescribeStacks", 2.0),
            ("rekindle teardown", "bare deletes, resources read", 2.0),
            ("rekindle teardown", "bare concurrent deletes", None),
            ("rekindle deploy, first", "sceptre launch, first", 1.0),
            ("rekindle deploy, no change", "sceptre launch, no change", 1.0),
        ]
        print()
        broken = self.too_many_calls()
        for ours, other, bound in ratios:
            if other in median:
                ratio = median[ours] / median[other]
                if bound is None:
                    print(f"{ours} / {other}: {ratio:.2f} (no bound)")
                    continue
                broken |= ratio > bound
                verdict = "holds" if ratio <= bound else "BROKEN"
                print(f"{ours} / {other}: {ratio:.2f} (at most {bound}: {verdict})")
        return int(broken)

    def too_many_calls(self):
        """A deploy without changes may make three calls beside the pages; STS is not counted."""
        calls = dict(self.calls["rekindle deploy, no change"])
        calls.pop("GetCallerIdentity", None)
        pages = self.calls["bare paged DescribeStacks"]["DescribeStacks"]
        made, bound = sum(calls.values()), pages + 3
        verdict = "holds" if made <= bound else "BROKEN"
        print(f"CloudFormation calls without a change: {made} (at most {bound}: {verdict})")
        return made > bound


if __name__ == "__main__":
    sys.exit(main())
