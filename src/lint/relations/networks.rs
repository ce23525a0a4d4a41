//! EC2: the addresses of subnets lie in those of their VPC and not in each other's, and a subnet has
//! one route table.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde_json::Value;

use super::{Resource, meet, of_type};
use crate::lint::path::Path;
use crate::lint::report::Report;
use crate::lint::rules::PROPERTY_RELATION;
use crate::lint::scope::Scope;

/// Records blocks of addresses that contradict each other.
pub(super) fn check(scope: &Scope<'_>, report: &mut Report) {
    let subnets: Vec<Resource<'_>> = of_type(scope, "AWS::EC2::Subnet").collect();
    inside(scope, &subnets, report);
    overlapping(scope, &subnets, report);
    associations(scope, report);
}

fn block(properties: &Value) -> Option<IpNet> {
    properties.get("CidrBlock")?.as_str()?.parse().ok()
}

fn at(resource: &Resource<'_>, property: &str, message: String, report: &mut Report, hint: &str) {
    let path = Path::ROOT.key("Resources");
    let path = path.key(resource.name);
    let path = path.key("Properties");
    report.value(&PROPERTY_RELATION, &path.key(property), message).hint(hint);
}

/// Each subnet lies in its VPC, as far as that has one block.
fn inside(scope: &Scope<'_>, subnets: &[Resource<'_>], report: &mut Report) {
    if of_type(scope, "AWS::EC2::VPCCidrBlock").next().is_some() {
        return;
    }
    let networks: BTreeMap<&str, IpNet> = of_type(scope, "AWS::EC2::VPC")
        .filter_map(|network| Some((network.name, block(network.properties)?)))
        .collect();
    for subnet in subnets {
        let network = subnet.properties.pointer("/VpcId/Ref").and_then(Value::as_str);
        let Some((name, whole)) = network.and_then(|name| networks.get_key_value(name)) else { continue };
        let Some(part) = block(subnet.properties) else { continue };
        if !whole.contains(&part) {
            let message = format!("`{part}` is no part of `{whole}`, the addresses of `{name}`");
            at(subnet, "CidrBlock", message, report, "choose a block inside of the VPC's");
        }
    }
}

/// Blocks that overlap are one inside of the other, so that among sorted ones each need only be
/// compared with those that begin before it ends.
fn overlapping(scope: &Scope<'_>, subnets: &[Resource<'_>], report: &mut Report) {
    let mut by_network: BTreeMap<String, Vec<(IpNet, &Resource<'_>)>> = BTreeMap::new();
    for subnet in subnets {
        if let (Some(network), Some(block)) = (subnet.properties.get("VpcId"), block(subnet.properties)) {
            by_network.entry(network.to_string()).or_default().push((block, subnet));
        }
    }
    for blocks in by_network.values_mut() {
        blocks.sort_by_key(|(block, _)| (block.network(), block.prefix_len()));
        for (index, (outer, one)) in blocks.iter().enumerate() {
            let inner = blocks[index + 1..].iter().take_while(|(block, _)| outer.contains(block));
            if let Some((block, other)) = inner.clone().find(|(_, other)| meet(scope, one, other)) {
                let message =
                    format!("`{block}` overlaps with `{outer}`, the addresses of the subnet `{}`", one.name);
                at(other, "CidrBlock", message, report, "choose blocks that have no address in common");
            }
        }
    }
}

fn associations(scope: &Scope<'_>, report: &mut Report) {
    let mut seen: BTreeMap<String, Vec<Resource<'_>>> = BTreeMap::new();
    for association in of_type(scope, "AWS::EC2::SubnetRouteTableAssociation") {
        let Some(subnet) = association.properties.get("SubnetId") else { continue };
        let others = seen.entry(subnet.to_string()).or_default();
        if let Some(other) = others.iter().find(|other| meet(scope, other, &association)) {
            let message = format!("`{}` already gives this subnet a route table", other.name);
            at(&association, "SubnetId", message, report, "keep one of the two");
        }
        others.push(association);
    }
}
