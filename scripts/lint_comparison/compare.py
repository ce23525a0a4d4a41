"""Writes templates, runs both linters, prints what each found."""

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import corpus
import linters
import mistakes

CLEAN = Path("tests/templates/clean")
# How many templates of one kind of mistake are planted at most; of those that are large, fewer.
MOST = 25
MOST_LARGE = 2


def write(directory, name, template):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.json").write_text(json.dumps(template, indent=1))


def load(path):
    """A template of the project's own as JSON, through cfn-lint's reader."""
    from cfnlint.decode import decode

    template, problems = decode(str(path))
    if problems:
        raise SystemExit(f"{path}: {problems}")
    return json.loads(json.dumps(template, default=str))


def plant(bases, target):
    """One mistake each into clean templates, every kind into as many as it fits, up to a limit."""
    counts = Counter()
    for number, (name, template) in enumerate(bases):
        for kind, changed in mistakes.planted(template):
            most = MOST_LARGE if "too-many" in kind else MOST
            if counts[kind] < most:
                counts[kind] += 1
                write(target / kind, f"{number:04}-{name}", changed)
    return counts


def alarms(name, directory, programs):
    theirs, their_seconds = linters.cfn_lint(programs[1], directory)
    ours, our_seconds = linters.rekindle(programs[0], directory)
    files = sorted(str(path) for path in directory.rglob("*") if path.is_file())
    clean = [file for file in files if file not in theirs]
    false = {file: ours[file] for file in clean if file in ours}
    print(f"| {name} | {len(files)} | {len(clean)} | {len(false)} | {their_seconds:.1f} s | {our_seconds:.2f} s | {their_seconds / our_seconds:.0f} |")
    return false, theirs, ours


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rekindle")
    parser.add_argument("--types", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        compare(arguments.keep or Path(scratch), arguments)


def compare(root, arguments):
    programs = (arguments.rekindle, ".venv/bin/cfn-lint")
    for number, (name, template) in enumerate(corpus.generated()):
        if number // 2 % arguments.types == 0:
            write(root / "types", name, template)
    shipped = root / "shipped"
    corpus.render_shipped(arguments.rekindle, shipped)
    print("Templates that cfn-lint calls clean:\n")
    print("| templates | all | clean for cfn-lint | false alarms | cfn-lint | rekindle | times faster |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    false, found = {}, {}
    false_types, theirs, ours = alarms("generated, two for each resource type", root / "types", programs)
    false |= false_types
    for name, directory in (("written by hand", CLEAN), ("the shipped project's renders", shipped)):
        more, _, _ = alarms(name, directory, programs)
        false |= more
    by_rule(theirs, ours)
    clean = [path for path in sorted((root / "types").iterdir()) if str(path) not in theirs]
    bases = [(path.stem, load(path)) for path in sorted(CLEAN.iterdir())]
    bases += [(path.stem, json.loads(path.read_text())) for path in sorted(shipped.rglob("*.json"))]
    # Every eleventh of the clean generated ones, so that all services have a part.
    bases += [(path.stem, json.loads(path.read_text())) for path in clean[::11]]
    counts = plant(bases, root / "mistakes")
    theirs, their_seconds = linters.cfn_lint(programs[1], root / "mistakes")
    ours, our_seconds = linters.rekindle(programs[0], root / "mistakes")
    by_kind(counts, theirs, ours, root / "mistakes")
    print(f"\ncfn-lint took {their_seconds:.1f} s, rekindle {our_seconds:.2f} s: {their_seconds / our_seconds:.0f} times faster.")
    if false:
        print("\nFalse alarms:")
        for file, errors in sorted(false.items()):
            for code, message in sorted(errors):
                print(f"  {Path(file).name}: [{code}] {message}")


def by_rule(theirs, ours):
    """Of the generated templates that cfn-lint refuses: which of its rules has an answer here."""
    print("\nGenerated templates that cfn-lint refuses, by its rule:\n")
    print("| rule | templates | rekindle refuses |")
    print("|---|---:|---:|")
    rules = defaultdict(list)
    for file, found in theirs.items():
        for rule in found:
            rules[rule].append(file in ours)
    for rule, answers in sorted(rules.items()):
        print(f"| {rule} | {len(answers)} | {sum(answers)} |")


def by_kind(counts, theirs, ours, directory):
    print("\nOne mistake planted into each template:\n")
    print("| mistake | templates | cfn-lint finds | rekindle finds | of cfn-lint's | only rekindle |")
    print("|---|---:|---:|---:|---:|---:|")
    total = Counter()
    for kind in sorted(counts):
        files = {str(path) for path in (directory / kind).iterdir()}
        cfn, own = files & theirs.keys(), files & ours.keys()
        both = cfn & own
        share = f"{100 * len(both) / len(cfn):.0f} %" if cfn else "-"
        print(f"| {kind.replace('-', ' ')} | {len(files)} | {len(cfn)} | {len(own)} | {share} | {len(own - cfn)} |")
        total.update(files=len(files), cfn=len(cfn), own=len(own), both=len(both), only=len(own - cfn))
    share = f"{100 * total['both'] / max(total['cfn'], 1):.1f} %"
    print(f"| **all** | {total['files']} | {total['cfn']} | {total['own']} | **{share}** | {total['only']} |")


if __name__ == "__main__":
    main()
