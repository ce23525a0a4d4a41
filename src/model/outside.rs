//! What stacks need and no stack of theirs makes: secrets, entries of Parameter Store, images. And how
//! much of something an account takes.

use std::fmt;

/// One thing that has to be there before a stack is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outside {
    /// A secret of Secrets Manager, by name or ARN.
    Secret {
        /// Name or ARN.
        name: String,
        /// The version that is asked for by its stage; `AWSCURRENT` where nothing is said.
        stage: Option<String>,
        /// The version that is asked for by its id.
        version: Option<String>,
    },
    /// An entry of Parameter Store.
    Parameter {
        /// Its name.
        name: String,
        /// The version that is asked for; without it the newest.
        version: Option<u64>,
    },
    /// A machine image, by its id.
    MachineImage(String),
    /// A repository of Amazon ECR, by its name.
    Repository(String),
}

/// Things that one call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutsideKind {
    /// Secrets.
    Secret,
    /// Entries of Parameter Store.
    Parameter,
    /// Machine images.
    MachineImage,
    /// Repositories.
    Repository,
}

impl Outside {
    /// What it is.
    pub fn kind(&self) -> OutsideKind {
        match self {
            Self::Secret { .. } => OutsideKind::Secret,
            Self::Parameter { .. } => OutsideKind::Parameter,
            Self::MachineImage(_) => OutsideKind::MachineImage,
            Self::Repository(_) => OutsideKind::Repository,
        }
    }

    /// How it is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Secret { name, .. } | Self::Parameter { name, .. } => name,
            Self::MachineImage(name) | Self::Repository(name) => name,
        }
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.kind().one(), self.name())
    }
}

impl OutsideKind {
    /// One of it.
    pub fn one(self) -> &'static str {
        match self {
            Self::Secret => "the secret",
            Self::Parameter => "the entry of Parameter Store",
            Self::MachineImage => "the machine image",
            Self::Repository => "the repository",
        }
    }

    /// Several of it.
    pub fn several(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::Parameter => "entries of Parameter Store",
            Self::MachineImage => "machine images",
            Self::Repository => "repositories",
        }
    }

    /// How many one call asks for. Sources: the API references of DescribeSecret and ListImages (one),
    /// DescribeParameters (values of one filter), and DescribeImages (values of one filter).
    pub fn at_once(self) -> usize {
        match self {
            Self::Secret | Self::Repository => 1,
            Self::Parameter => 50,
            Self::MachineImage => 200,
        }
    }

    /// The permissions that the question takes.
    pub fn permissions(self) -> &'static str {
        match self {
            Self::Secret => "secretsmanager:DescribeSecret",
            Self::Parameter => "ssm:DescribeParameters, and ssm:GetParameters for names below `/aws/`",
            Self::MachineImage => "ec2:DescribeImages",
            Self::Repository => "ecr:ListImages",
        }
    }
}

/// Whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    There,
    /// It is not, or not so that it can be used; and why, as the rest of a sentence about it.
    Missing(String),
    /// Who was asked does not know: the embedded engine, of what none of its stacks made.
    Unknown,
}

/// What an account takes only so many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuotaKind {
    /// Stacks, nested ones included.
    Stacks,
    /// Elastic IP addresses.
    ElasticAddresses,
}

impl QuotaKind {
    /// Several of it.
    pub fn several(self) -> &'static str {
        match self {
            Self::Stacks => "stacks",
            Self::ElasticAddresses => "elastic IP addresses",
        }
    }

    /// The permissions that the question takes.
    pub fn permissions(self) -> &'static str {
        match self {
            Self::Stacks => "cloudformation:DescribeAccountLimits and cloudformation:DescribeStacks",
            Self::ElasticAddresses => "ec2:DescribeAccountAttributes and ec2:DescribeAddresses",
        }
    }
}

/// How many an account takes in a region, and how many are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The most.
    pub most: u64,
    /// Those that are there; `None` of stacks, which whoever asks counts.
    pub used: Option<u64>,
}
