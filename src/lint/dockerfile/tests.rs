//! For each rule what breaks it and what does not; acceptances; and that nothing makes it fall over.

use std::collections::{BTreeMap, BTreeSet};

use super::Judge;

struct Given {
    is_unit: bool,
    texts: BTreeMap<String, Vec<u8>>,
    names: Option<BTreeSet<String>>,
}

impl Given {
    fn unit(files: &[(&str, &str)]) -> Self {
        let texts: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        Self { is_unit: true, names: Some(texts.keys().cloned().collect()), texts }
    }

    fn alone() -> Self {
        Self { is_unit: false, texts: BTreeMap::new(), names: None }
    }

    /// One line for each finding: place, code, what is marked, message.
    fn lint(&self, text: &str) -> String {
        let arguments = BTreeMap::new();
        let judge = Judge {
            file: "Dockerfile",
            text,
            is_unit: self.is_unit,
            texts: &self.texts,
            names: self.names.as_ref(),
            arguments: &arguments,
        };
        let shown = judge.lint().into_iter().map(|found| {
            let place = found.place.unwrap();
            let marked: String =
                place.excerpt.chars().skip(place.column - 1 - place.skipped).take(place.width).collect();
            format!("{}:{} {} [{marked}] {}\n", place.line, place.column, found.code, found.message)
        });
        shown.collect()
    }

    fn codes(&self, text: &str) -> Vec<String> {
        let lines = self.lint(text);
        lines.lines().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect()
    }
}

/// What a `RUN` of a unit without files beside it breaks.
fn run(command: &str) -> Vec<String> {
    Given::unit(&[]).codes(&format!("FROM debian:12.1\nRUN {command}\n"))
}

#[test]
fn images_are_named_by_version_and_alone_by_digest() {
    let text = "ARG V=latest\nFROM debian\nFROM debian:$V AS a\nFROM a\nFROM debian:12\nCOPY --from=nginx:1 x /\n\
                COPY --from=a x /\nCOPY --from=0 x /\nFROM debian:12@sha256:00\nFROM scratch\nFROM ${OTHER}\n";
    insta::assert_snapshot!(Given::unit(&[]).lint(text), @"
    2:6 latest-tag [debian] `debian` names no version, which means `latest`: whatever was pushed last
    3:6 latest-tag [debian:$V] `debian:latest` is whatever was pushed last
    ");
    insta::assert_snapshot!(Given::alone().lint(text), @"
    2:6 latest-tag [debian] `debian` names no version, which means `latest`: whatever was pushed last
    2:6 unpinned-base [debian] `debian` can be another image tomorrow
    3:6 latest-tag [debian:$V] `debian:latest` is whatever was pushed last
    3:6 unpinned-base [debian:$V] `debian:latest` can be another image tomorrow
    5:6 unpinned-base [debian:12] `debian:12` can be another image tomorrow
    6:13 unpinned-base [nginx:1] `nginx:1` can be another image tomorrow
    ");
}

#[test]
fn packages_come_from_a_snapshot_or_have_versions() {
    for command in [
        "apt-get update && apt-get install -y curl=7.1",
        "apt-get -y -o Acquire::Retries=3 update",
        "set -eux; if true; then apt-get upgrade; fi",
        "sudo -E DEBIAN_FRONTEND=noninteractive apt -qq dist-upgrade",
        "[\"apt-get\", \"update\"]",
        "[\"sh\", \"-c\", \"apt-get update\"]",
        "bash -exc 'apt-get update'",
        "<<EOF\napt-get \\\n  update\nEOF",
        "(cd /x && /usr/bin/apt-get update) >/dev/null 2>&1",
        "echo $(apt-get update)",
        "apk upgrade",
        "apk add --no-cache -t .build curl",
        "apk add curl~=8",
        "dnf -y update",
        "yum install -y nginx",
        "zypper -n up",
    ] {
        assert_eq!(run(command), ["unpinned-packages"], "{command}");
    }
    for command in [
        "apt-get install -y ./a.deb && apt-get clean && rm -rf /var/lib/apt/lists",
        "echo apt-get update",
        "echo 'a; apt-get update'",
        "a \\\n  # apt-get update\n  b",
        "a # apt-get update",
        "<<EOF\n# apt-get update\ncat > x <<'END'\napt-get update\nEND\nEOF",
        "<<EOF\n#!/usr/bin/env python3\napt-get update\nEOF",
        "echo 'deb http://snapshot.debian.org/archive/debian/20240101T000000Z bookworm main' > /etc/apt/sources.list \\\n && apt-get update",
        "echo 'deb [trusted=yes] file:/packages ./' > /etc/apt/sources.list && apt-get update",
        "apt-get update --snapshot 20240101T000000Z",
        "apk add --no-cache -t .build curl=8.1-r0 $MORE ./a.apk",
        "apk add --no-network curl",
        "dpkg -i /packages/*.deb",
        "dnf install -y nginx-1.24.0 ./x.rpm",
        "apt-get update-ca",
    ] {
        assert_eq!(run(command), [""; 0], "{command}");
    }
}

#[test]
fn a_snapshot_counts_from_where_it_is_named_and_not_in_a_comment() {
    let given = Given::unit(&[]);
    let snapshot = "RUN echo 'deb http://snapshot.debian.org/x y' > /etc/apt/sources.list\n";
    assert_eq!(given.codes(&format!("FROM a:1\nRUN apt-get update\n{snapshot}")), ["unpinned-packages"]);
    assert_eq!(given.codes(&format!("FROM a:1\n{snapshot}RUN apt-get update\n")), [""; 0]);
    assert_eq!(
        given.codes("FROM a:1\n# snapshot.debian.org would do\nRUN apt-get update\n"),
        ["unpinned-packages"]
    );
    let sources =
        Given::unit(&[("debian.sources", "URIs: http://snapshot.debian.org/archive/debian/2024/\n")]);
    assert_eq!(sources.codes("FROM a:1\nCOPY debian.sources /etc/apt/\nRUN apt-get update\n"), [""; 0]);
}

#[test]
fn scripts_from_the_network_are_not_run_unseen() {
    for command in [
        "curl -fsSL https://x.example/install | sh",
        "wget -qO- https://x.example/i | tee log | sudo -E bash -s -- --yes",
        "curl -fsSL \\\n    # the installer\n    https://x.example/i \\\n  | bash -",
        "bash -c \"$(curl -fsSL https://x.example/i)\"",
        "bash <(curl -s https://x.example/i)",
        "eval \"`curl https://x.example/i`\"",
        "curl https://x.example/get.py | python3 -",
        "(curl https://x.example/i) | sh",
        "sh -c 'curl https://x.example/i | sh'",
        "set -o pipefail && curl https://x.example/$V/i | VERSION=1 sh",
    ] {
        assert_eq!(run(command), ["piped-script"], "{command}");
    }
    for command in [
        "curl http://localhost:8080/health | sh -c 'grep ok'",
        "cat script | sh",
        "curl --version | sh",
        "echo 'curl https://x.example | sh'",
        "curl -I https://x.example/",
        "bash script.sh && echo done",
    ] {
        assert_eq!(run(command), [""; 0], "{command}");
    }
}

#[test]
fn downloads_are_compared_with_a_digest() {
    let checked = "curl -fo a https://x.example/a && echo \"$SUM  a\" | sha256sum -c -";
    assert_eq!(run(checked), [""; 0]);
    assert_eq!(run("curl -fo a https://x.example/a\nRUN sha256sum -c sums"), [""; 0]);
    assert_eq!(run("sha256sum -c sums\nRUN curl -fo a https://x.example/a"), ["unverified-download"]);
    assert_eq!(run("curl -f https://x.example/a | tar xz"), ["unverified-download"]);
    assert_eq!(run("curl -f https://x.example/a | bash script.sh"), ["unverified-download"]);
    let added = |source: &str| Given::unit(&[]).codes(&format!("FROM a:1\nADD {source} /x\n"));
    assert_eq!(added("https://x.example/a"), ["unverified-download"]);
    assert_eq!(added("https://git.example/a.git#main"), ["unverified-download"]);
    assert_eq!(added("git@git.example:a.git"), ["unverified-download"]);
    assert_eq!(added("--checksum=sha256:00 https://x.example/a"), [""; 0]);
    assert_eq!(added(&format!("https://git.example/a.git#{}", "0f".repeat(20))), [""; 0]);
    assert_eq!(added("a.tar"), [""; 0]);
}

#[test]
fn package_managers_of_languages_have_lock_files_or_versions() {
    for command in [
        "npm install",
        "npm i -g yarn",
        "npm install left-pad@^1.0.0",
        "npm update",
        "cd /x && npm install --omit=dev",
        "yarn",
        "yarn install",
        "yarn global add serve",
        "pnpm install",
        "pip install flask",
        "pip3 install -U pip",
        "python3 -m pip install --no-cache-dir 'flask>=2'",
        "uv pip install flask",
        "uv sync",
        "bundle install",
        "bundle",
        "gem install rails",
        "gem update",
        "cargo install ripgrep",
        "cargo install --locked ripgrep",
        "cargo install --locked --git https://x.example/y",
        "go install x.example/y@latest",
        "go install x.example/y@main",
        "go get -u ./...",
        "composer install",
        "composer update",
        "npm ci",
        "PIP_NO_CACHE_DIR=1 pip install flask==2.*",
    ] {
        assert_eq!(run(command), ["unlocked-dependencies"], "{command}");
    }
    for command in [
        "npm install -g yarn@1.22.19",
        "npm install ./a.tgz",
        "npm run build",
        "yarn install --frozen-lockfile",
        "yarn build",
        "yarn --version",
        "command -v yarn",
        "pip install flask==2.0.1",
        "pip install --require-hashes -r requirements.txt",
        "pip install --no-index --find-links=/wheels flask",
        "pip install .",
        "pip install -r other.txt",
        "pip list",
        "pip install /wheels/*.whl",
        "gem install rails:7.0.1",
        "gem install rails -v 7.0.1",
        "gem install /x.gem",
        "cargo install --locked ripgrep@14.1.0",
        "cargo build",
        "cargo install --locked --path .",
        "go install ./...",
        "go install x.example/y@v1.2.3",
        "go build ./...",
        "go install x.example/y@v0.0.0-20240101000000-0123456789ab",
        "pip install -c constraints.txt flask",
        "python3 -m http.server",
        "CI=true pnpm install",
        "uv sync --locked",
        "pip install --upgrade pip==24.0",
    ] {
        assert_eq!(run(command), [""; 0], "{command}");
    }
}

#[test]
fn lock_files_and_requirements_are_looked_for_in_the_context() {
    let text = "FROM a:1\nCOPY . /x\nRUN bundle install && npm ci\nRUN pip install -r requirements.txt\n";
    let locked = Given::unit(&[("app/Gemfile.lock", ""), ("package-lock.json", "{}")]);
    assert_eq!(locked.codes(text), [""; 0]);
    assert_eq!(Given::alone().codes("FROM scratch\nCOPY . /x\nRUN bundle install\n"), [""; 0]);
    assert_eq!(
        Given::alone().codes("FROM scratch\nCOPY Gemfile.rb x.rb /x/\nRUN bundle install\n"),
        ["unlocked-dependencies"]
    );
    let requirements = |file: &str| {
        let files = [("Gemfile.lock", ""), ("package-lock.json", ""), ("requirements.txt", file)];
        Given::unit(&files).lint(text)
    };
    insta::assert_snapshot!(requirements("# x\n-i https://x\na==1.0 # why\nb == 2.0 ; python_version > '3'\nc[d]>=3 ; x\n"), @"
    4:20 unlocked-dependencies [requirements.txt] `requirements.txt` names `c[d]>=3` without an exact version
    ");
    assert_eq!(requirements("a==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n./b\n"), "");
}

#[test]
fn other_shells_and_escapes_are_not_read() {
    let given = Given::unit(&[]);
    assert_eq!(given.codes("FROM a:1\nSHELL [\"powershell\"]\nRUN apt-get update\n"), [""; 0]);
    assert_eq!(given.codes("# escape=`\nFROM a:1\nRUN apt-get update\n"), [""; 0]);
    let again = "FROM a:1\nSHELL [\"/bin/bash\", \"-c\"]\nRUN apt-get update\n";
    assert_eq!(given.codes(again), ["unpinned-packages"]);
}

#[test]
fn places_are_those_of_the_words() {
    let text = "FROM a:1\nRUN set -e; \\\n    # a comment: ä\n    echo ä && apt-get -y update \\\n && npm install \\\n\
                \n      left-pad\nRUN <<EOF\n\tpip install 'flask'\nEOF\nRUN [\"gem\", \"install\", \"x\"]\n";
    insta::assert_snapshot!(Given::unit(&[]).lint(text), @"
    4:15 unpinned-packages [apt-get -y update] `apt-get update`: what the archive has that day is taken
    7:7 unlocked-dependencies [left-pad] `npm` installs `left-pad` without an exact version
    9:14 unlocked-dependencies ['flask'] `pip` installs `flask` without an exact version
    11:25 unlocked-dependencies [x] `gem` installs `x` without an exact version
    ");
}

#[test]
fn findings_are_accepted_with_a_reason() {
    let text = "\
# RekindleAccept latest-tag: nobody pulls it
FROM a
# RekindleAccept unpinned-packages: our mirror is a snapshot
# for now
RUN apt-get update
RUN apt-get update \\
    # RekindleAccept unlocked-dependencies: a throw-away tool
    && npm install x
RUN <<EOF
# RekindleAccept unlocked-dependencies: likewise
npm install x
EOF
# RekindleAccept unpinned-packages:
RUN apt-get update
# RekindleAccept unpinned-package: x
# RekindleAccept piped-script: nothing here pipes
RUN true
# RekindleAccept quota: at the end
";
    insta::assert_snapshot!(Given::unit(&[]).lint(text), @"
    6:5 unpinned-packages [apt-get update] `apt-get update`: what the archive has that day is taken
    13:1 acceptance [# RekindleAccept unpinned-packages:] `unpinned-packages` is accepted without a reason
    14:5 unpinned-packages [apt-get update] `apt-get update`: what the archive has that day is taken
    15:1 acceptance [# RekindleAccept unpinned-package: x] there is no rule `unpinned-package`
    16:1 acceptance [# RekindleAccept piped-script: nothing here pipes] nothing here needs `piped-script` to be accepted
    18:1 acceptance [# RekindleAccept quota: at the end] nothing here needs `quota` to be accepted
    ");
}

#[test]
fn of_very_many_findings_some_are_told() {
    let text = format!("FROM a:1\n{}", "RUN apt-get update\n".repeat(20_000));
    let told = Given::unit(&[]).codes(&text);
    assert_eq!((told.len(), told.last().unwrap().as_str()), (201, "more-findings"));
}

proptest::proptest! {
    #[test]
    fn whatever_stands_there_is_read(pieces in proptest::collection::vec(proptest::sample::select(&[
        "RUN ", "apt-get", " update", "\n", "\\\n", "'", "\"", "$(", ")", "`", "<<EOF\n", "EOF\n", "|", "sh", "curl ",
        "https://x.example/ä", "<(", "FROM a\n", "# RekindleAccept ", "quota: x", "#", "sh -c ", "pip install ", "-", "=",
        "[\"a\"]", "ADD ", " /x\n", "${", "((",
    ][..]), 0..30)) {
        let text = format!("FROM a\n{}", pieces.concat());
        Given::unit(&[]).lint(&text);
        Given::alone().lint(&text);
    }
}
