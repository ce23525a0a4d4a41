//! A connection over which `BuildKit` asks for secrets while it builds. They are in this process only: the
//! engine asks for each when a step needs it, and shows it to that step in memory.
//!
//! The client library opens a session of the same name for each build, which knows no secrets. The engine
//! takes one session of a name, the first.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard_buildkit_proto::health::health_check_response::ServingStatus;
use bollard_buildkit_proto::health::health_server::{Health, HealthServer};
use bollard_buildkit_proto::health::{
    HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
};
use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_server::{
    Secrets as SecretsService, SecretsServer,
};
use bollard_buildkit_proto::moby::buildkit::secrets::v1::{GetSecretRequest, GetSecretResponse};
use futures_util::stream::{self, Empty};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status};

use crate::port::{BuildSecret, BuilderError};

/// Bytes that the engine's answer may have.
const ANSWER: usize = 8 << 10;
/// Until the engine, which took the connection, knows it by its name.
const KNOWN: Duration = Duration::from_millis(100);
/// What the engine may ask for.
const METHOD: &str = "/moby.buildkit.secrets.v1.Secrets/GetSecret";

/// An open session, which ends when it is dropped.
pub(super) struct Session {
    names: Vec<String>,
    taken: Arc<Mutex<BTreeSet<String>>>,
    /// Ends with this.
    _server: JoinSet<()>,
}

impl Session {
    /// Opens the session `name` with the engine at `address`.
    pub(super) async fn open(
        address: &str,
        name: &str,
        secrets: &[BuildSecret],
    ) -> Result<Self, BuilderError> {
        let opened = match address.split_once("://") {
            Some(("unix", path)) => match UnixStream::connect(path).await {
                Ok(stream) => Self::over(stream, name, secrets).await,
                Err(error) => Err(error),
            },
            Some(("tcp" | "http", host)) => match TcpStream::connect(host.trim_end_matches('/')).await {
                Ok(stream) => Self::over(stream, name, secrets).await,
                Err(error) => Err(error),
            },
            _ => Err(io::ErrorKind::Unsupported.into()),
        };
        opened.map_err(|error| BuilderError::Gone { during: "opening a session", source: Box::new(error) })
    }

    async fn over<S>(mut stream: S, name: &str, secrets: &[BuildSecret]) -> io::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let request = format!(
            "POST /session HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\
             Content-Length: 0\r\nX-Docker-Expose-Session-Uuid: {name}\r\n\
             X-Docker-Expose-Session-Grpc-Method: {METHOD}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let answer = answer(&mut stream).await?;
        if !answer.starts_with("HTTP/1.1 101 ") {
            let first = answer.lines().next().unwrap_or_default();
            return Err(io::Error::other(format!("the engine answered `{first}`")));
        }
        let taken = Arc::new(Mutex::default());
        let values = secrets.iter().map(|secret| (secret.name.clone(), secret.value.clone())).collect();
        let service = Service { values, taken: Arc::clone(&taken) };
        let server = Server::builder()
            .add_service(HealthServer::new(Healthy))
            .add_service(SecretsServer::new(service))
            .serve_with_incoming(stream::iter([Ok::<_, io::Error>(stream)]));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // It ends when the engine does; the build says what that means.
            let _ = server.await;
        });
        tokio::time::sleep(KNOWN).await;
        let names = secrets.iter().map(|secret| secret.name.clone()).collect();
        Ok(Self { names, taken, _server: tasks })
    }

    /// A secret that the engine did not ask for: its step ran without it, or did not run.
    pub(super) fn not_taken(&self) -> Option<String> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        self.names.iter().find(|name| !taken.contains(*name)).cloned()
    }
}

/// The head of the engine's answer; what follows belongs to the session.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == ANSWER {
            return Err(io::ErrorKind::InvalidData.into());
        }
        answer.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

struct Service {
    values: BTreeMap<String, Vec<u8>>,
    taken: Arc<Mutex<BTreeSet<String>>>,
}

#[async_trait]
impl SecretsService for Service {
    async fn get_secret(
        &self,
        request: Request<GetSecretRequest>,
    ) -> Result<Response<GetSecretResponse>, Status> {
        let name = request.into_inner().id;
        let Some(value) = self.values.get(&name) else { return Err(Status::not_found("no such secret")) };
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        Ok(Response::new(GetSecretResponse { data: value.clone() }))
    }
}

/// The engine ends a session that does not say it is well.
struct Healthy;

#[async_trait]
impl Health for Healthy {
    type WatchStream = Empty<Result<HealthCheckResponse, Status>>;

    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() }))
    }

    async fn list(&self, _: Request<HealthListRequest>) -> Result<Response<HealthListResponse>, Status> {
        Err(Status::unimplemented("only `Check` is"))
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("only `Check` is"))
    }
}
