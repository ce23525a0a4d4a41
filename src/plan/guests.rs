//! Who keeps a network from going: what stands in it, or refers to it, and does not go as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Guest, GuestKind, InstanceName, StackResource};
use crate::plan::graph::{self, Graph};
use crate::plan::inventory::Inventory;
use crate::plan::{Observation, Obstacle};

/// Adds to `needs` that a group whose rules name another one goes before that one, where both are ours and
/// nothing says the opposite. (Two that name each other cannot both go first: then the deletion tells.)
pub(super) fn add_references(needs: &mut Graph, inventory: &Inventory<'_>, observation: &Observation) {
    let mut owners: BTreeMap<&str, &InstanceName> = BTreeMap::new();
    for (instance, standing) in &inventory.standing {
        let listed = observation.resources.get(&standing.stack.id).into_iter().flatten();
        owners.extend(listed.filter_map(|resource| Some((resource.physical_id.as_deref()?, instance))));
    }
    let groups = observation.guests.iter().filter(|guest| guest.kind == GuestKind::SecurityGroup);
    for group in groups {
        let Some(referring) = owners.get(group.id.as_str()) else { continue };
        for named in group.networks.iter().filter_map(|id| owners.get(id.as_str())) {
            if named == referring || needs.get(*referring).is_some_and(|known| known.contains(*named)) {
                continue;
            }
            needs.entry((*referring).clone()).or_default().insert((*named).clone());
            if graph::order(needs).is_err() {
                needs.entry((*referring).clone()).or_default().remove(*named);
            }
        }
    }
}

/// The strangers in the networks that go.
#[derive(Debug, Default)]
pub(super) struct Strangers<'o> {
    /// By the one network that each is told of: the VPC it stands in rather than a security group.
    of: BTreeMap<&'o str, Vec<&'o Guest>>,
}

impl<'o> Strangers<'o> {
    /// The guests that belong to none of the resources of the stacks (ids) that go.
    pub(super) fn new(observation: &'o Observation, going: &BTreeSet<&str>) -> Self {
        let goes = |stack: &String| going.contains(stack.as_str());
        let listed = observation.resources.iter().filter(|(stack, _)| goes(stack)).flat_map(|(_, all)| all);
        let there = listed.filter(|resource| !resource.is_gone() && !resource.is_skipped());
        let physical: BTreeSet<String> = there.filter_map(|resource| resource.physical_id.clone()).collect();
        let mut strangers = Self::default();
        for guest in observation.guests.iter().filter(|guest| !guest.is_of(&physical)) {
            let mut networks = guest.networks.iter().filter(|network| physical.contains(*network));
            let first = networks.next();
            let chosen = networks.find(|network| network.starts_with("vpc-")).or(first);
            if let Some(network) = chosen {
                strangers.of.entry(network).or_default().push(guest);
            }
        }
        strangers
    }

    /// What they stand in the way of, in a stack with these resources. What its policy keeps is in
    /// nobody's way.
    pub(super) fn obstacles(
        &self,
        instance: &InstanceName,
        resources: &[StackResource],
        stays: impl Fn(&str) -> bool,
    ) -> Vec<Obstacle> {
        let goes = resources.iter().filter(|resource| !stays(&resource.logical_id));
        let used = goes.filter_map(|resource| {
            let network = resource.physical_id.as_deref()?;
            let guests = self.of.get(network)?;
            Some(Obstacle::NetworkInUse {
                instance: instance.clone(),
                logical_id: resource.logical_id.clone(),
                network: network.to_owned(),
                guests: guests.iter().map(|guest| (*guest).clone()).collect(),
            })
        });
        used.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::{deployed, environment, instance};

    fn resource(logical_id: &str, physical_id: &str) -> StackResource {
        StackResource {
            logical_id: logical_id.to_owned(),
            physical_id: Some(physical_id.to_owned()),
            resource_type: "AWS::EC2::VPC".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            reason: None,
        }
    }

    fn interface(id: &str, networks: &[&str], belongs_to: &[&str]) -> Guest {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Guest {
            id: id.to_owned(),
            kind: GuestKind::NetworkInterface,
            about: "by hand".to_owned(),
            networks: own(networks),
            belongs_to: own(belongs_to),
            is_left_over: false,
        }
    }

    fn observation() -> Observation {
        let network = vec![resource("Vpc", "vpc-1"), resource("Group", "sg-1")];
        let kept = vec![resource("Server", "i-kept")];
        let guests = vec![
            interface("eni-ours", &["vpc-1"], &["sg-1"]),
            interface("eni-theirs", &["sg-1", "vpc-1"], &["i-9"]),
            interface("eni-elsewhere", &["sg-1"], &[]),
            interface("eni-of-what-stays", &["vpc-1"], &["i-kept"]),
        ];
        let resources = [("network".to_owned(), network), ("server".to_owned(), kept)].into();
        Observation { resources, guests, ..Observation::default() }
    }

    fn told(observation: &Observation, going: &[&str], stays: &str) -> Vec<(String, Vec<String>)> {
        let strangers = Strangers::new(observation, &going.iter().copied().collect());
        let found =
            strangers.obstacles(&instance("network"), &observation.resources["network"], |id| id == stays);
        let told = found.into_iter().map(|obstacle| match obstacle {
            Obstacle::NetworkInUse { network, guests, .. } => {
                (network, guests.into_iter().map(|guest| guest.id).collect())
            }
            other => panic!("{other}"),
        });
        told.collect()
    }

    #[test]
    fn what_belongs_to_nothing_that_goes_is_told_once() {
        let observation = observation();
        let both = ["eni-theirs", "eni-of-what-stays"].map(str::to_owned).to_vec();
        let of_group = ("sg-1".to_owned(), vec!["eni-elsewhere".to_owned()]);
        assert_eq!(told(&observation, &["network"], ""), [("vpc-1".to_owned(), both), of_group.clone()]);
        let theirs = ("vpc-1".to_owned(), vec!["eni-theirs".to_owned()]);
        assert_eq!(told(&observation, &["network", "server"], ""), [theirs, of_group.clone()]);
        assert_eq!(told(&observation, &["network", "server"], "Vpc"), [of_group]);
        assert_eq!(told(&observation, &["server"], ""), []);
    }

    /// A group of `from` whose rule names a group of `to`.
    fn rule(observation: &mut Observation, from: &str, to: &str) {
        for name in [from, to] {
            let stacks = observation.stacks.values().flatten();
            let stack =
                stacks.filter(|stack| stack.identity().is_some_and(|it| it.instance == instance(name)));
            let id = stack.map(|stack| stack.id.clone()).next().unwrap();
            observation.resources.insert(id, vec![resource("Group", &format!("sg-{name}"))]);
        }
        observation.guests.push(Guest {
            kind: GuestKind::SecurityGroup,
            ..interface(&format!("sg-{from}"), &[&format!("sg-{to}")], &[])
        });
    }

    #[test]
    fn a_group_goes_before_the_one_that_its_rule_names() {
        let mut observation = deployed(&environment());
        rule(&mut observation, "web", "network");
        rule(&mut observation, "data", "web");
        rule(&mut observation, "network", "web");
        let (project, name) = ("fieldbook".parse().unwrap(), "demo".parse().unwrap());
        let inventory = Inventory::of(&project, &name, &observation);
        let mut needs: Graph =
            inventory.standing.keys().map(|name| (name.clone(), BTreeSet::new())).collect();
        add_references(&mut needs, &inventory, &observation);
        assert!(needs[&instance("web")].contains(&instance("network")));
        assert!(needs[&instance("data")].contains(&instance("web")));
        // The way back would be a circle.
        assert!(!needs[&instance("network")].contains(&instance("web")));
        assert!(graph::order(&needs).is_ok());
    }
}
