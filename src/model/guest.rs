//! Guests of a network: what stands in it, or refers to it, beside what its stack made.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Networks that are about to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks {
    /// Ids of VPCs.
    pub vpcs: BTreeSet<String>,
    /// Ids of security groups.
    pub groups: BTreeSet<String>,
}

impl Networks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vpcs.is_empty() && self.groups.is_empty()
    }

    /// Whether it is one of them.
    pub fn holds(&self, id: &str) -> bool {
        self.vpcs.contains(id) || self.groups.contains(id)
    }
}

/// What a guest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuestKind {
    /// A network interface.
    NetworkInterface,
    /// A subnet.
    Subnet,
    /// A security group.
    SecurityGroup,
    /// An endpoint of a service.
    VpcEndpoint,
}

impl fmt::Display for GuestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NetworkInterface => "network interface",
            Self::Subnet => "subnet",
            Self::SecurityGroup => "security group",
            Self::VpcEndpoint => "VPC endpoint",
        })
    }
}

/// Something because of which a network does not go as long as it is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Guest {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: GuestKind,
    /// What it is said to be: its description or its name. May be empty.
    pub about: String,
    /// Ids of the networks it stands in or refers to.
    pub networks: BTreeSet<String>,
    /// Ids and names of what it belongs to, as far as it tells: instances, load balancers, clusters,
    /// security groups.
    pub belongs_to: BTreeSet<String>,
    /// Of a network interface: a service made it for something that is gone, and nothing uses it any
    /// more. It may be deleted if it is ours.
    #[serde(default)]
    pub is_left_over: bool,
}

impl Guest {
    /// Whether it belongs to one of these resources (physical ids), and so goes with them. The end of
    /// an ARN counts: an interface of a load balancer says `app/NAME/ID`.
    pub fn is_of(&self, resources: &BTreeSet<String>) -> bool {
        let names = |resource: &str, name: &str| {
            resource == name || resource.strip_suffix(name).is_some_and(|before| before.ends_with(['/', ':']))
        };
        resources.contains(&self.id)
            || self.belongs_to.iter().any(|name| {
                resources.contains(name) || resources.iter().any(|resource| names(resource, name))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_belongs_to_what_it_names() {
        let of = |belongs_to: &str, resource: &str| {
            let guest = Guest {
                id: "eni-1".to_owned(),
                kind: GuestKind::NetworkInterface,
                about: String::new(),
                networks: BTreeSet::new(),
                belongs_to: belongs_to.split_whitespace().map(str::to_owned).collect(),
                is_left_over: false,
            };
            guest.is_of(&[resource.to_owned()].into())
        };
        let balancer =
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188";
        assert!(of("ELB app/web/50dc6c495c0c9188", balancer));
        assert!(of("i-0abc", "i-0abc"));
        assert!(of("", "eni-1"), "it is the resource itself");
        assert!(!of("ELB app/web/other", balancer));
        assert!(!of("88", balancer), "a part of a name is no name");
        assert!(!of("i-0ab", "i-0abc"));
    }
}
