"""Writes templates, runs both linters, prints what each found."""

import argparse
import json
import os
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import corpus
import fixtures
import linters
import mistakes

CLEAN = Path("tests/templates/clean")
# Of mistakes that make a template large, this many are planted.
MOST_LARGE = 1

# What cfn-lint lets pass and CloudFormation refuses, or reads otherwise than it is written.
EXPLAINED = {
    "the template has no resources": "CloudFormation: at least one Resources member must be defined",
    "takes no function": "policies take functions only with `AWS::LanguageExtensions`",
    "YAML anchors and aliases are not read": "CloudFormation's YAML has no aliases",
    "has a leading zero": "YAML 1.1 may read it as an octal number; CloudFormation gets another text",
}
# What takes more than the template: a macro's Python code, or files beside it.
NEEDS_MORE = {"E3043"}


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


def plant(bases, target, most):
    """One mistake each into clean templates, every kind into as many as it fits, up to a limit."""
    counts = Counter()
    for number, (name, template) in enumerate(bases):
        for kind, changed in mistakes.planted(template):
            if counts[kind] < (min(MOST_LARGE, most) if "too-many" in kind else most):
                counts[kind] += 1
                write(target / kind, f"{number:04}-{name}", changed)
    return counts


def explanation(message):
    return next((why for part, why in EXPLAINED.items() if part in message), None)


class Alarms:
    """What rekindle finds in templates that cfn-lint calls clean."""

    def __init__(self):
        self.false, self.explained = {}, Counter()

    def table_row(self, name, files, theirs, ours, seconds):
        clean = [file for file in files if file not in theirs]
        false, explained = [], []
        for file in clean:
            unexplained = [found for found in ours.get(file, []) if not explanation(found[1])]
            if unexplained:
                false.append(file)
                self.false[file] = unexplained
            elif file in ours:
                explained.append(file)
                self.explained.update({explanation(found[1]) for found in ours[file]})
        times = f"{seconds[0]:.1f} s | {seconds[1]:.2f} s | {seconds[0] / seconds[1]:.0f}"
        print(f"| {name} | {len(files)} | {len(clean)} | {len(false)} | {len(explained)} | {times} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rekindle")
    parser.add_argument("--types", type=int, default=8, help="take every Nth type for the generated templates")
    parser.add_argument("--most", type=int, default=3, help="plant a mistake of each kind into so many templates")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        compare(arguments.keep or Path(scratch), arguments)


def compare(root, arguments):
    programs = (arguments.rekindle, ".venv/bin/cfn-lint")
    for number, (name, template) in enumerate(corpus.generated()):
        if number // 2 % arguments.types == 0:
            write(root / "types", name, template)
    corpus.render_shipped(arguments.rekindle, root / "shipped")
    fixtures.fetch(root / "fixtures")
    print("Templates that cfn-lint calls clean, and what rekindle says of them:\n")
    print("| templates | all | clean for cfn-lint | false alarms | explained alarms | cfn-lint | rekindle | times faster |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    alarms, runs, total = Alarms(), {}, [0.0, 0.0]
    sets = [("generated, two for each resource type", "types"), ("written by hand", CLEAN)]
    sets += [("the shipped project's renders", "shipped"), ("cfn-lint's own tests", "fixtures")]
    for name, directory in sets:
        if (root / directory).is_dir() or directory == CLEAN:
            path = directory if directory == CLEAN else root / directory
            runs[directory] = linters.both(programs, path)
            alarms.table_row(name, *runs[directory])
    bases = [(path.stem, load(path)) for path in sorted(CLEAN.iterdir())]
    bases += [(path.stem, json.loads(path.read_text())) for path in sorted((root / "shipped").rglob("*.json"))]
    # Every eleventh of the clean generated ones, so that all services have a part.
    clean = [path for path in sorted((root / "types").iterdir()) if str(path) not in runs["types"][1]]
    bases += [(path.stem, json.loads(path.read_text())) for path in clean[::11]]
    counts = plant(bases, root / "mistakes", arguments.most)
    runs["mistakes"] = linters.both(programs, root / "mistakes")
    by_kind(counts, runs["mistakes"], root / "mistakes")
    if "fixtures" in runs:
        by_code(runs["fixtures"], root / "fixtures")
    for *_, seconds in runs.values():
        total = [total[0] + seconds[0], total[1] + seconds[1]]
    files = sum(len(run[0]) for run in runs.values())
    print(f"\n{files} templates, {os.cpu_count()} processors: cfn-lint {total[0]:.1f} s, rekindle {total[1]:.2f} s, {total[0] / total[1]:.0f} times faster.")
    print(f"False alarms: {len(alarms.false)}.")
    for why, count in sorted(alarms.explained.items()):
        print(f"Explained, in {count} templates: {why}.")
    for file, errors in sorted(alarms.false.items()):
        for code, message, line in errors:
            print(f"  {Path(file).name}:{line} [{code}] {message}")


def is_same_place(theirs, ours):
    """Whether a finding of ours begins within one of theirs, or the other way round."""
    return any(start <= line <= end for _, (start, end) in theirs for *_, line in ours)


def by_kind(counts, run, directory):
    _, theirs, ours, seconds = run
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
        same = sum(is_same_place(theirs[file], ours[file]) for file in both)
        total.update(files=len(files), cfn=len(cfn), own=len(own), both=len(both), only=len(own - cfn), same=same)
    share = f"{100 * total['both'] / max(total['cfn'], 1):.1f} %"
    print(f"| **all** | {total['files']} | {total['cfn']} | {total['own']} | **{share}** | {total['only']} |")
    print(f"\nOf the {total['both']} that both find, {total['same']} at the same lines.")


def needs_macro(path):
    text = Path(path).read_text(errors="replace")
    return "Serverless-2016" in text or "Fn::Transform" in text


def by_code(run, directory):
    """Of cfn-lint's own tests that it refuses: which of its codes has an answer here."""
    _, theirs, ours, _ = run
    codes, missed = Counter(), defaultdict(list)
    whole = [0, 0]
    for file, found in theirs.items():
        own = {code for code, _ in found} - NEEDS_MORE
        whole[0] += 1
        whole[1] += file in ours
        if not own or needs_macro(file):
            continue
        for code in own:
            codes[code] += 1
            if file not in ours:
                missed[code].append(str(Path(file).relative_to(directory)))
    pairs, lost = sum(codes.values()), sum(map(len, missed.values()))
    print(f"\nOf cfn-lint's own tests it refuses {whole[0]}, rekindle {whole[1]} of those. Without macros and nested templates:")
    print(f"{pairs} pairs of template and code, {pairs - lost} with a finding of rekindle ({100 * (pairs - lost) / max(pairs, 1):.1f} %), {len(codes)} codes, {len(codes) - len(missed)} of them always.")
    for code, files in sorted(missed.items()):
        print(f"  {code}: {', '.join(files)}")


if __name__ == "__main__":
    main()
