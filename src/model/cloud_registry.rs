//! Registries of images that belong to a cloud account.

use crate::model::{AccountId, Region};

/// A registry of Amazon ECR: each account has one in each region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CloudRegistry {
    /// Whose it is.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
}

impl CloudRegistry {
    /// Reads the host of a repository: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`. Source: Amazon ECR user guide,
    /// "Private registries".
    pub fn of_host(host: &str) -> Option<Self> {
        let rest = host.strip_suffix(".cn").unwrap_or(host).strip_suffix(".amazonaws.com")?;
        let (account, rest) = rest.split_once(".dkr.")?;
        let region = rest.strip_prefix("ecr.").or_else(|| rest.strip_prefix("ecr-fips."))?;
        Some(Self { account: AccountId::new(account).ok()?, region: Region::new(region).ok()? })
    }

    /// The same of a repository's whole name.
    pub fn of_repository(repository: &str) -> Option<Self> {
        Self::of_host(repository.split('/').next()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_says_whose_a_registry_is() {
        let of =
            |host| CloudRegistry::of_host(host).map(|found| format!("{} {}", found.account, found.region));
        let found = Some("111122223333 eu-central-1".to_owned());
        assert_eq!(of("111122223333.dkr.ecr.eu-central-1.amazonaws.com"), found);
        assert_eq!(of("111122223333.dkr.ecr-fips.eu-central-1.amazonaws.com"), found);
        assert!(of("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn").is_some());
        for host in
            ["public.ecr.aws", "1111.dkr.ecr.eu-central-1.amazonaws.com", "registry.example", "a.dkr.b"]
        {
            assert_eq!(of(host), None, "{host}");
        }
    }
}
