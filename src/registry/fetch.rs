//! Files from plain web servers.

use std::io::Write;

use futures_util::FutureExt as _;
use futures_util::stream::StreamExt as _;

use crate::model::Digest;
use crate::port::RegistryError;
use crate::registry::Registries;
use crate::registry::download::{Answer, Chunk, Download};
use crate::registry::failure::Asked;

impl Registries {
    pub(super) async fn fetch_file(
        &self,
        url: &str,
        digest: Digest,
        out: &mut (dyn Write + Send),
    ) -> Result<(), RegistryError> {
        let wrong = |message: String| RegistryError::Name { kind: "address", text: url.to_owned(), message };
        let address = reqwest::Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        let Some(host) = address.host_str() else { return Err(wrong("it names no server".to_owned())) };
        let asked =
            Asked { host: host.to_owned(), what: format!("`{}`", address.path()), with_credentials: false };
        let open = |offset: u64| {
            let mut request = self.files.get(address.clone());
            if offset > 0 {
                request = request.header("Range", format!("bytes={offset}-"));
            }
            let asked = &asked;
            async move {
                let response = request.send().await.map_err(|error| asked.request(error))?;
                let status = response.status();
                if !status.is_success() {
                    return Err(asked.status(status.as_u16(), status.to_string()));
                }
                let is_from_offset = offset > 0 && status.as_u16() == 206;
                let bytes = response.bytes_stream().map(|chunk| match chunk {
                    Ok(chunk) => Ok(Box::new(chunk) as Chunk),
                    Err(error) => Err(error.without_url().into()),
                });
                Ok(Answer { is_from_offset, bytes: bytes.boxed() })
            }
            .boxed()
        };
        let download = Download { asked: &asked, digest, size: None, patience: self.patience };
        download.run(&open, out).await
    }
}
