//! A Docker engine on another machine, as the variables of Docker's own command name it: over TLS, each side with
//! a certificate.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::docker::{UNIT, project};
use crate::support::dockerd;
use crate::support::project::Run;

/// An authority, a certificate of a server on this machine, and one of a client.
const CERTIFICATES: &str = "set -e\n\
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca-key.pem -out ca.pem\n\
    make() {\n\
      openssl req -newkey rsa:2048 -nodes -subj \"/CN=$1\" -keyout \"$2\" -out request.pem\n\
      echo \"$4\" > extensions\n\
      openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile extensions -out \"$3\"\n\
    }\n\
    make localhost server-key.pem server.pem subjectAltName=IP:127.0.0.1\n\
    make client key.pem cert.pem extendedKeyUsage=clientAuth\n";

fn certificates() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let made = Command::new("sh").args(["-c", CERTIFICATES]).current_dir(directory.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    directory
}

#[test]
fn an_engine_is_reached_over_tls() {
    if dockerd::shared().is_none() {
        return;
    }
    let (ours, others) = (certificates(), certificates());
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = |option: &str, name: &str| format!("--{option}={}", ours.path().join(name).display());
    let _engine = dockerd::start_with(&[
        format!("--host=tcp://{address}"),
        "--tlsverify".to_owned(),
        file("tlscacert", "ca.pem"),
        file("tlscert", "server.pem"),
        file("tlskey", "server-key.pem"),
    ]);
    let project = project("FROM scratch\nARG VERSION\nCOPY busybox /bin/sh\nRUN echo x > /x\n");
    let build = |certificates: &Path| {
        let mut command = project.command(&["build", "demo"]);
        command.env("DOCKER_HOST", format!("tcp://{address}")).env("DOCKER_TLS_VERIFY", "1");
        Run::from(command.env("DOCKER_CERT_PATH", certificates).output().unwrap())
    };
    // Whoever trusts somebody else does not talk to it.
    let refused = build(others.path()).expect_code(1);
    assert!(refused.stderr.contains("no Docker engine answers at tcp://"), "{}", refused.stderr);
    build(ours.path()).expect_code(0);

    project.write("stacks/site.yaml", format!("{UNIT}secrets: [token]\n"));
    let text =
        "FROM scratch\nARG VERSION\nCOPY busybox /bin/sh\nRUN --mount=type=secret,id=token echo x > /x\n";
    project.write("templates/site/1.0.0/Dockerfile", text);
    let mut command = project.command(&["build", "demo", "--quiet"]);
    command.env("DOCKER_HOST", format!("tcp://{address}")).env("DOCKER_TLS_VERIFY", "1");
    command.env("DOCKER_CERT_PATH", ours.path()).env("REKINDLE_SECRET_TOKEN", "a secret of tests");
    insta::assert_snapshot!(Run::from(command.output().unwrap()).expect_code(1).stderr, @"
    error: the secret `token` is sent only to a Docker engine on this machine, and without TLS
    hint: reach the engine through a socket on this machine, for example by `ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST`, and name it in DOCKER_HOST
    ");
}
