//! Logins to the registries of accounts: what `aws ecr get-login-password` does.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::aws::connect::{Settings, configuration};
use crate::aws::error::Endpoint;
use crate::model::{CloudRegistry, Target};
use crate::port::{Login, LoginProvider, PortError, PortErrorKind};

const CALL: &str = "GetAuthorizationToken";

/// Logs in where an account and a region are those of a target, with that target's credentials and role.
/// Registries elsewhere are somebody else's: for them counts what `docker login` left.
#[derive(Debug)]
pub struct Logins {
    targets: Vec<Target>,
    settings: Settings,
}

impl Logins {
    /// Nothing is asked yet.
    pub fn new(targets: Vec<Target>, settings: Settings) -> Self {
        Self { targets, settings }
    }
}

#[async_trait]
impl LoginProvider for Logins {
    async fn login(&self, registry: &CloudRegistry) -> Result<Option<Login>, PortError> {
        let is_of = |target: &&Target| target.account == registry.account && target.region == registry.region;
        let Some(target) = self.targets.iter().find(is_of) else { return Ok(None) };
        let config = configuration(target, self.settings).await;
        let client = aws_sdk_ecr::Client::new(&config);
        let endpoint = Endpoint::new(config.endpoint_url(), target.region.as_str());
        let answer = client.get_authorization_token().send().await;
        let answer = answer.map_err(|error| endpoint.failure(CALL, registry.account.as_str(), error))?;
        let malformed = |message: &str| PortError::new(PortErrorKind::Malformed, CALL, message);
        let data = answer.authorization_data().first().ok_or_else(|| malformed("no token came"))?;
        let token = data.authorization_token().ok_or_else(|| malformed("no token came"))?;
        let (user, password) = read(token).ok_or_else(|| malformed("the token is none"))?;
        let ends = data.expires_at().and_then(|ends| Timestamp::from_second(ends.secs()).ok());
        Ok(Some(Login { user, password, ends: ends.unwrap_or_else(|| self.now()) }))
    }

    fn now(&self) -> Timestamp {
        (self.settings.clock)()
    }
}

/// `NAME:PASSWORD` in base 64.
fn read(token: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_name_and_a_password() {
        let token = STANDARD.encode("AWS:secret:with:colons");
        assert_eq!(read(&token), Some(("AWS".to_owned(), "secret:with:colons".to_owned())));
        for token in ["", "!", "QQ=="] {
            assert_eq!(read(token), None, "{token}");
        }
    }
}
