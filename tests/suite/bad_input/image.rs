//! Image units, their Dockerfiles and their contexts.

use super::{assert_told, told};
use crate::support::project::{MANIFEST, Project};

/// A project of one image unit with one file in its context directory; everything about it is right.
fn site() -> Project {
    let project = Project::empty();
    project.write("rekindle.yaml", MANIFEST);
    project.write("stacks/site.yaml", "kind: image\ntemplate: site@1.0.0\ncontext: content\n");
    project.write("templates/site/1.0.0/interface.yaml", "kind: image\n");
    project.write("templates/site/1.0.0/Dockerfile", "FROM scratch\nCOPY index.html /\n");
    project.write("content/index.html", "<h1>");
    project.run(&["lock"]).expect_code(0);
    project
}

/// [`site`] with another Dockerfile.
fn with_dockerfile(text: &str) -> Project {
    let project = site();
    project.write("templates/site/1.0.0/Dockerfile", text);
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    project.run(&["lock"]).expect_code(0);
    project
}

#[test]
fn an_instruction_that_needs_an_engine() {
    let project = with_dockerfile("FROM scratch\n\nRUN make install\n");
    assert_told!(told(&project, &["build", "demo", "--builder", "none"]), @"
    exit code 1
    error: the Dockerfile of `site` runs programs, and `--builder none` allows no engine
    hint: leave `--builder` away, or take `RUN` out of the Dockerfile
    ");
}

#[test]
fn an_option_that_an_engine_must_not_be_given() {
    let project = with_dockerfile("FROM scratch\nRUN --mount=type=ssh make\n");
    assert_told!(told(&project, &["build", "demo"]), @"
    exit code 1
    error[not-yet]: a mount of the type `ssh` is not supported yet
     --> templates/site/1.0.0/Dockerfile:2:5
      |
    2 | RUN --mount=type=ssh make
      |     ^^^^^^^^^^^^^^^^
      = hint: `--mount` of the types `bind`, `cache`, `tmpfs` and `secret` is, and `--network=none`, which every step has anyhow

    1 error
    ");
}

#[test]
fn a_drop_rule_that_means_nothing() {
    let project = with_dockerfile("FROM scratch\nCOPY index.html /\n");
    let unit = project.read("stacks/site.yaml");
    project.write("stacks/site.yaml", format!("{unit}drop: [var/log]\n"));
    assert_told!(told(&project, &["build", "demo"]), @"
    exit code 1
    error[invalid-drop]: no step of `templates/site/1.0.0/Dockerfile` writes what `drop` names
     --> stacks/site.yaml:4:7
      |
    4 | drop: [var/log]
      |       ^
      = hint: take `drop` out of the unit: it is for what programs write, and none runs here

    1 error
    ");
}

#[test]
fn a_build_argument_that_nothing_takes_and_a_rule_that_is_no_pattern() {
    let project = with_dockerfile("FROM scratch\nARG VERSION\nRUN make\n");
    let unit = project.read("stacks/site.yaml");
    project.write("stacks/site.yaml", format!("{unit}args:\n  VERSION: '1'\n  VERSOIN: '2'\n"));
    let argument = told(&project, &["build", "demo"]);
    project.write("stacks/site.yaml", format!("{unit}drop: [var/log, 'srv/[a']\n"));
    assert_told!(argument + &told(&project, &["build", "demo"]), @"
    exit code 1
    error[unknown-argument]: the unit gives a build argument `VERSOIN`, and no `ARG` takes it
     --> stacks/site.yaml:6:3
      |
    6 |   VERSOIN: '2'
      |   ^^^^^^^
      = hint: write `ARG VERSOIN` where it is needed, or take it out of `args`

    1 error
    exit code 1
    error[invalid-drop]: the drop rule `srv/[a` is no pattern: unclosed character class; missing ']'
     --> stacks/site.yaml:4:17
      |
    4 | drop: [var/log, 'srv/[a']
      |                 ^^^^^^^^
      = hint: write a path of the image, with `*`, `?` and `[a-z]` where several are meant

    1 error
    ");
}

#[test]
fn a_file_that_is_not_there() {
    assert_told!(told(&with_dockerfile("FROM scratch\nCOPY indx.html /\n"), &["build", "demo"]), @"
    exit code 1
    error[unknown-file]: there is no `indx.html`
     --> templates/site/1.0.0/Dockerfile:2:6
      |
    2 | COPY indx.html /
      |      ^^^^^^^^^
      = hint: did you mean `index.html`?

    1 error
    ");
}

#[test]
fn an_instruction_that_nobody_knows() {
    assert_told!(told(&with_dockerfile("FROM scratch\nCOPPY index.html /\n"), &["build", "demo"]), @"
    exit code 1
    error[dockerfile-syntax]: unknown instruction 'COPPY'
     --> templates/site/1.0.0/Dockerfile:2:1
      |
    2 | COPPY index.html /
      | ^^^^^^^^^^^^^^^^^^
      = hint: see the Dockerfile reference: https://docs.docker.com/reference/dockerfile/

    1 error
    ");
}

#[test]
fn a_base_image_that_nobody_locked() {
    let project = site();
    project.write("templates/site/1.0.0/Dockerfile", "FROM debian:12\n");
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    assert_told!(told(&project, &["build", "demo", "-q"]), @"
    exit code 1
    error[unlocked-base]: the base image `debian:12` for linux/amd64 is not in `rekindle.lock`
     --> templates/site/1.0.0/Dockerfile:1:6
      |
    1 | FROM debian:12
      |      ^^^^^^^^^
      = hint: `rekindle lock` asks its registry which image that is, and writes down its digest

    1 error
    ");
}

#[test]
fn no_dockerfile() {
    let project = site();
    let folder = project.path().join("templates/site/1.0.0");
    std::fs::rename(folder.join("Dockerfile"), folder.join("dockerfile")).unwrap();
    std::fs::remove_file(project.path().join("rekindle.lock")).unwrap();
    assert_told!(told(&project, &["build", "demo", "-q"]), @"
    exit code 1
    error[no-template]: `templates/site/1.0.0` has no Dockerfile
     --> templates/site/1.0.0
      = hint: it needs `Dockerfile` or `Dockerfile.tera`

    1 error
    ");
}

#[test]
fn keys_of_an_image_that_are_not_supported_yet() {
    let project = site();
    project.write(
        "stacks/site.yaml",
        "kind: image\ntemplate: site@1.0.0\ncontext: ../content\nplatform: windows/amd64\nnetwork: host\nsecrets: [Token, a_b, a-b]\n\
         repository: registry.example/site:latest\n",
    );
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[not-yet]: `network` is reserved and not supported yet
     --> stacks/site.yaml:5:10
      |
    5 | network: host
      |          ^^^^
      = hint: remove it; a later version will give it its meaning

    error[invalid-value]: `../content` names no directory inside the project
     --> stacks/site.yaml:3:10
      |
    3 | context: ../content
      |          ^^^^^^^^^^
      = hint: name one relative to `rekindle.yaml`, below it and without `.` and `..`: `site/public`

    error[not-yet]: `platform: windows/amd64` is reserved and not supported yet
     --> stacks/site.yaml:4:11
      |
    4 | platform: windows/amd64
      |           ^^^^^^^^^^^^^
      = hint: remove it; a later version will give it its meaning

    error[invalid-value]: `Token` is no name of a secret
     --> stacks/site.yaml:6:11
      |
    6 | secrets: [Token, a_b, a-b]
      |           ^^^^^
      = hint: write lower-case letters, digits, `-` and `_`: `npm_token` is given as REKINDLE_SECRET_NPM_TOKEN

    error[invalid-value]: `a-b` is the variable of another one too
     --> stacks/site.yaml:6:23
      |
    6 | secrets: [Token, a_b, a-b]
      |                       ^^^
      = hint: write lower-case letters, digits, `-` and `_`: `npm_token` is given as REKINDLE_SECRET_NPM_TOKEN

    error[invalid-value]: `registry.example/site:latest` is not a valid repository: write HOST/PATH in lower case without tag or digest, for example `registry.example/web`
     --> stacks/site.yaml:7:13
      |
    7 | repository: registry.example/site:latest
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    6 errors
    ");
}

#[test]
fn a_template_of_another_kind() {
    let project = site();
    project.write("stacks/site.yaml", "kind: stack\nclass: stateless\ntemplate: site@1.0.0\n");
    assert_told!(told(&project, &["check"]), @"
    exit code 1
    --- standard output
    error[wrong-kind]: the template `site@1.0.0` is of kind `image`, the unit of kind `stack`
     --> stacks/site.yaml:3:11
      |
    3 | template: site@1.0.0
      |           ^^^^^^^^^^
      = hint: write `kind: image` here, or `kind: stack` in `templates/site/1.0.0/interface.yaml`

    1 error
    ");
}

#[test]
fn an_image_that_was_not_built() {
    let project = site();
    project.write(
        "stacks/site.yaml",
        "kind: image\ntemplate: site@1.0.0\ncontext: content\nrepository: registry.example/site\n",
    );
    project.write(
        "stacks/web.yaml",
        "kind: stack\nclass: stateless\ntemplate: web@1.0.0\nparameters: {Image: !image site}\n",
    );
    project.write("templates/web/1.0.0/template.yaml", "Parameters: {Image: {Type: String}}\nResources:\n  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Image}}\n");
    project.run(&["lock"]).expect_code(0);
    assert_told!(told(&project, &["plan", "demo"]), @"
    exit code 1
    error[unbuilt-image]: the image `site` was not built from its present source
     --> stacks/web.yaml:4:21
      |
    4 | parameters: {Image: !image site}
      |                     ^^^^^^^^^^^
      = hint: `rekindle build demo` builds it and writes its digest into `rekindle.lock`

    1 error
    ");
}

#[test]
fn an_image_without_a_repository() {
    let project = site();
    project.write("stacks/web.yaml", "kind: stack\nclass: stateless\ntemplate: site@1.0.0\nafter: [site]\nparameters: {Image: !image site, Other: !output site.Uri, Self: !image web}\n");
    project.write("templates/web/1.0.0/template.yaml", "Resources: {}\n");
    project.edit("stacks/web.yaml", "site@1.0.0", "web@1.0.0");
    assert_told!(told(&project, &["check", "demo"]), @"
    exit code 1
    --- standard output
    error[missing-repository]: the image `site` says no repository to pull it from
     --> stacks/web.yaml:5:21
      |
    5 | parameters: {Image: !image site, Other: !output site.Uri, Self: !image web}
      |                     ^^^^^^^^^^^
      = hint: write `repository: HOST/PATH` or `repository: !output UNIT.NAME` in `stacks/site.yaml`

    error[wrong-kind]: the unit `site` is an image: it has no outputs, and nothing waits for it
     --> stacks/web.yaml:5:41
      |
    5 | parameters: {Image: !image site, Other: !output site.Uri, Self: !image web}
      |                                         ^^^^^^^^^^^^^^^^
      = hint: `!image site` gives its reference to a stack's parameter

    error[wrong-kind]: the unit `web` is a stack and no image
     --> stacks/web.yaml:5:65
      |
    5 | parameters: {Image: !image site, Other: !output site.Uri, Self: !image web}
      |                                                                 ^^^^^^^^^^
      = hint: `!output web.NAME` gives one of its outputs

    error[wrong-kind]: the unit `site` is an image: it has no outputs, and nothing waits for it
     --> stacks/web.yaml:4:9
      |
    4 | after: [site]
      |         ^^^^
      = hint: `!image site` gives its reference to a stack's parameter

    warning[draft-template]: the template `web@1.0.0` is a draft: `rekindle.lock` does not have it
     --> stacks/web.yaml:3:11
      |
    3 | template: web@1.0.0
      |           ^^^^^^^^^
      = hint: `rekindle lock` publishes drafts; from then on they never change

    4 errors, 1 warning
    ");
}

#[test]
fn a_context_that_is_not_there() {
    let project = site();
    std::fs::remove_dir_all(project.path().join("content")).unwrap();
    assert_told!(told(&project, &["build", "demo"]), @"
    exit code 1
    error[no-context]: there is no directory `content` in the project
     --> stacks/site.yaml:3:10
      |
    3 | context: content
      |          ^^^^^^^
      = hint: make it, or correct the path: it is relative to `rekindle.yaml`

    1 error
    ");
}

#[test]
fn a_link_that_leads_out_of_the_context() {
    let project = site();
    std::os::unix::fs::symlink("../../secret", project.path().join("content/key")).unwrap();
    assert_told!(told(&project, &["build", "demo"]), @"
    exit code 1
    error: the symbolic link `content/key` leads out of the context, to `../../secret`
    hint: copy what it points to into the context, or leave it out with `.dockerignore`
    ");
}

#[test]
fn a_lock_that_says_another_digest() {
    let project = site();
    let built = project.run(&["build", "demo", "--output", "json"]).expect_code(0).json();
    let manifest = built["images"][0]["manifest"].as_str().unwrap();
    project.edit("rekindle.lock", manifest, &format!("sha256:{}", "0".repeat(64)));
    assert_told!(told(&project, &["build", "demo"]), @"
    exit code 3
    error: the image `site` came out otherwise than `rekindle.lock` says: sha256:fbaeb73e649debf80f0233dfdb2be80be487365bfd93f64caf946bcc709a9ead now, sha256:0000000000000000000000000000000000000000000000000000000000000000 there
    hint: somebody edited the lock, or the two versions of rekindle differ; take the entry out of the lock to accept what came out now
    ");
}
