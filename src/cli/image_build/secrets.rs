//! Secrets of a build: taken from the environment's variables, and looked for in what came out.

use crate::cli::Session;
use crate::cli::environment::Secrets;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::image::canonical::{self, Space, Unpacked};
use crate::port::BuildSecret;
use crate::release::DesiredImage;

/// Bytes that a secret may have: as many as an engine takes.
const LARGEST: usize = 500 << 10;

/// Why a build is not begun, or what it made is not kept.
#[derive(Debug, thiserror::Error)]
enum SecretError {
    /// Nobody said what it is.
    #[error("the steps of `{image}` are to see the secret `{name}`, and it is not given")]
    NotGiven { image: String, name: String },
    /// No engine takes it.
    #[error("the secret `{name}` has more than 500 KiB")]
    TooLarge { name: String },
    /// A step wrote it down.
    #[error("the secret `{name}` is in what the build of `{image}` made, in {place}")]
    Kept { image: String, name: String, place: String },
}

/// What the steps of an image are to see.
pub(super) fn given(session: &Session, image: &DesiredImage) -> Result<Vec<BuildSecret>, Failure> {
    let secret = |name: &String| match session.surroundings.secrets.get(name) {
        Some(value) if value.len() > LARGEST => {
            Err(Failure::new(ExitCode::Error, SecretError::TooLarge { name: name.clone() }))
        }
        Some(value) => Ok(BuildSecret { name: name.clone(), value: value.to_vec() }),
        None => {
            let error = SecretError::NotGiven { image: image.instance.to_string(), name: name.clone() };
            let hint = format!("set the variable {} to it, for this command only", Secrets::variable(name));
            Err(Failure::new(ExitCode::Error, error).hint(hint))
        }
    };
    image.recipe.execution.secrets.iter().map(secret).collect()
}

/// Refuses an image that has a secret in it: whoever pulls it could read it.
pub(super) fn check(
    image: &DesiredImage,
    secrets: &[BuildSecret],
    exported: &Unpacked,
    base: usize,
    space: &dyn Space,
) -> Result<(), Failure> {
    for BuildSecret { name, value } in secrets {
        if let Some(place) = canonical::find(exported, base, value.trim_ascii(), space)? {
            let (image, name) = (image.instance.to_string(), name.clone());
            let hint = "nothing of it is kept here; take the step out that writes it, clear the engine's build cache \
                        with `docker builder prune`, and replace the secret if others use that engine";
            return Err(Failure::new(ExitCode::Error, SecretError::Kept { image, name, place }).hint(hint));
        }
    }
    Ok(())
}
