//! Where a fact holds.

use std::fmt;
use std::str::FromStr;

use crate::model::environment::Target;
use crate::model::{AccountId, NameError, Region};

/// Where a fact holds, widest first. Written `global`, `REGION` or `ACCOUNT/REGION`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// In one region of every account.
    Region(Region),
    /// In one region of one account.
    Account(AccountId, Region),
}

impl Scope {
    /// Whether a fact of this scope holds at `target`.
    pub fn holds_at(&self, target: &Target) -> bool {
        match self {
            Self::Global => true,
            Self::Region(region) => *region == target.region,
            Self::Account(account, region) => *account == target.account && *region == target.region,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => formatter.write_str("global"),
            Self::Region(region) => write!(formatter, "{region}"),
            Self::Account(account, region) => write!(formatter, "{account}/{region}"),
        }
    }
}

impl FromStr for Scope {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('/') {
            _ if text == "global" => Ok(Self::Global),
            Some((account, region)) => Ok(Self::Account(AccountId::new(account)?, Region::new(region)?)),
            None => Ok(Self::Region(Region::new(text)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_as_they_are_written() {
        for text in ["global", "eu-central-1", "111122223333/eu-central-1"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for text in ["", "everywhere", "1/eu-central-1", "111122223333/"] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
    }
}
