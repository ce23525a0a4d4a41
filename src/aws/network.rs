//! Who stands in networks or refers to them, asked of EC2. May not judge whose it is.

use std::collections::BTreeSet;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::error::SdkError;
use aws_sdk_ec2::types::{
    Filter, NetworkInterface, NetworkInterfaceStatus, SecurityGroup, Subnet, Tag, VpcEndpoint,
};

use crate::aws::error::Endpoint;
use crate::model::{Guest, GuestKind, Networks};
use crate::port::{PortError, PortErrorKind};

/// Values that one filter takes. Source: *Amazon EC2 API Reference, DescribeNetworkInterfaces, Filters*.
const MOST_VALUES: usize = 200;

/// Each goes with its VPC, and cannot be deleted before.
const DEFAULT_GROUP: &str = "default";

/// How interfaces are described that their service leaves behind when what they were for is gone. Source:
/// *AWS Lambda developer guide, Giving Lambda functions access to resources in an Amazon VPC*.
const LEFT_BEHIND: [&str; 1] = ["AWS Lambda VPC ENI"];

/// The networks of one account and region.
#[derive(Debug)]
pub struct NetworkGuests {
    client: Client,
}

/// Reads all pages of a list by each of some filters, and makes a guest of each entry.
macro_rules! listed {
    ($self:expr, $endpoint:expr, $call:expr, $method:ident, $filters:expr, $guest:expr) => {{
        let mut guests: Vec<Guest> = Vec::new();
        for (name, values) in $filters {
            for filter in of_values(name, values) {
                let mut entries = $self.client.$method().filters(filter).into_paginator().items().send();
                while let Some(entry) = entries.next().await {
                    let entry =
                        entry.map_err(|error: SdkError<_, _>| $endpoint.failure($call, name, error))?;
                    guests.extend($guest(&entry));
                }
            }
        }
        guests
    }};
}

impl NetworkGuests {
    /// Networks as this client sees them.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// See [`crate::port::CloudFormation::delete_interface`].
    pub async fn delete_interface(&self, interface: &str, endpoint: &Endpoint) -> Result<(), PortError> {
        let answer = self.client.delete_network_interface().network_interface_id(interface).send().await;
        match answer.map_err(|error| endpoint.failure("DeleteNetworkInterface", interface, error)) {
            Err(error) if error.kind == PortErrorKind::NotFound => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// See [`crate::port::CloudFormation::guests`].
    pub async fn guests(&self, networks: &Networks, endpoint: &Endpoint) -> Result<Vec<Guest>, PortError> {
        let in_vpcs = ("vpc-id", &networks.vpcs);
        let of_groups = |filter: &'static str| (filter, &networks.groups);
        let naming = ["ip-permission.group-id", "egress.ip-permission.group-id"].map(of_groups);
        let interface = |found: &NetworkInterface| interface(found, networks);
        let group = |found: &SecurityGroup| group(found, networks);

        let filters = [in_vpcs, of_groups("group-id")];
        let call = "DescribeNetworkInterfaces";
        let mut guests = listed!(self, endpoint, call, describe_network_interfaces, filters, interface);
        guests.extend(listed!(self, endpoint, "DescribeSubnets", describe_subnets, [in_vpcs], subnet));
        let call = "DescribeVpcEndpoints";
        guests.extend(listed!(self, endpoint, call, describe_vpc_endpoints, [in_vpcs], vpc_endpoint));
        let (call, filters) = ("DescribeSecurityGroups", [[in_vpcs].as_slice(), &naming].concat());
        guests.extend(listed!(self, endpoint, call, describe_security_groups, filters, group));
        guests.sort();
        guests.dedup();
        Ok(guests)
    }
}

/// The filter of that name for these values, in as many parts as it takes.
fn of_values(name: &str, values: &BTreeSet<String>) -> Vec<Filter> {
    let values: Vec<String> = values.iter().cloned().collect();
    let filter = |part: &[String]| Filter::builder().name(name).set_values(Some(part.to_vec())).build();
    values.chunks(MOST_VALUES).map(filter).collect()
}

/// What stands beside a guest's id.
fn guest(
    id: Option<&str>,
    kind: GuestKind,
    about: &str,
    networks: impl IntoIterator<Item = String>,
    belongs_to: impl IntoIterator<Item = String>,
) -> Option<Guest> {
    Some(Guest {
        id: id?.to_owned(),
        kind,
        about: about.to_owned(),
        networks: networks.into_iter().collect(),
        belongs_to: belongs_to.into_iter().collect(),
        is_left_over: false,
    })
}

/// An interface goes with what it is attached to. One that a service or an instance holds also goes
/// with the resources whose security groups it has: nothing else tells whose a function's, a database's
/// or a scaled instance's is. One that nobody holds is nobody's, whatever groups it has.
fn interface(found: &NetworkInterface, networks: &Networks) -> Option<Guest> {
    let groups: BTreeSet<String> =
        found.groups().iter().filter_map(|group| group.group_id().map(str::to_owned)).collect();
    let about = found.description().unwrap_or_default();
    let instance = found.attachment().and_then(|attachment| attachment.instance_id());
    let is_left_over = found.status() == Some(&NetworkInterfaceStatus::Available)
        && LEFT_BEHIND.iter().any(|words| about.starts_with(words));
    let is_held = instance.is_some() || found.requester_managed() == Some(true) || is_left_over;
    let words = about.split_whitespace().map(str::to_owned);
    let names = words.chain(instance.map(str::to_owned)).chain(values(found.tag_set()));
    let belongs_to: BTreeSet<String> = names.chain(groups.iter().filter(|_| is_held).cloned()).collect();
    let stands_in = groups.into_iter().chain(found.vpc_id().map(str::to_owned));
    let asked = stands_in.filter(|network| networks.holds(network));
    let found = guest(found.network_interface_id(), GuestKind::NetworkInterface, about, asked, belongs_to);
    found.map(|guest| Guest { is_left_over, ..guest })
}

fn subnet(found: &Subnet) -> Option<Guest> {
    let about = name(found.tags()).or(found.cidr_block()).unwrap_or_default();
    guest(
        found.subnet_id(),
        GuestKind::Subnet,
        about,
        found.vpc_id().map(str::to_owned),
        values(found.tags()),
    )
}

fn vpc_endpoint(found: &VpcEndpoint) -> Option<Guest> {
    let about = found.service_name().unwrap_or_default();
    let vpc = found.vpc_id().map(str::to_owned);
    guest(found.vpc_endpoint_id(), GuestKind::VpcEndpoint, about, vpc, values(found.tags()))
}

/// A group stands in its VPC, and refers to the groups that its rules name.
fn group(found: &SecurityGroup, networks: &Networks) -> Option<Guest> {
    let rules = found.ip_permissions().iter().chain(found.ip_permissions_egress());
    let named = rules.flat_map(|rule| rule.user_id_group_pairs()).filter_map(|pair| pair.group_id());
    let named = named.filter(|named| Some(*named) != found.group_id());
    let refers_to: BTreeSet<String> = named.filter(|id| networks.holds(id)).map(str::to_owned).collect();
    let is_default = found.group_name() == Some(DEFAULT_GROUP);
    let vpc = found.vpc_id().filter(|vpc| networks.holds(vpc) && !is_default).map(str::to_owned);
    let about = found.group_name().unwrap_or_default();
    let networks: BTreeSet<String> = refers_to.into_iter().chain(vpc).collect();
    let words = found.description().unwrap_or_default().split_whitespace().map(str::to_owned);
    let belongs_to = words.chain(values(found.tags()));
    let found = guest(found.group_id(), GuestKind::SecurityGroup, about, networks, belongs_to);
    found.filter(|group| !group.networks.is_empty())
}

/// What tags say, without saying how they are called: services tag what they make with whom they make
/// it for.
fn values(tags: &[Tag]) -> impl Iterator<Item = String> {
    tags.iter().filter_map(|tag| tag.value().map(str::to_owned))
}

fn name(tags: &[Tag]) -> Option<&str> {
    tags.iter().find(|tag| tag.key() == Some("Name")).and_then(Tag::value)
}
