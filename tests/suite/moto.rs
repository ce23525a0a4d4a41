//! The AWS adapter against moto, which knows more of EC2 than ministack: who stands in networks.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{InstanceType, IpPermission, UserIdGroupPair};
use rekindle::model::{Guest, GuestKind, Networks, Outside, Presence, QuotaKind};

use crate::support::emulator::Emulator;
use crate::support::target;

const ACCOUNT: &str = "111122223333";

/// The moto of this run. Its networks have ids of their own, so tests do not disturb each other.
fn shared() -> &'static Emulator {
    static SHARED: OnceLock<Emulator> = OnceLock::new();
    SHARED.get_or_init(|| {
        Emulator::start("moto_server", |port| {
            (vec!["-H".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), port.to_string()], Vec::new())
        })
    })
}

async fn ec2() -> Client {
    Client::new(&target::configuration(&shared().endpoint, ACCOUNT).await)
}

async fn vpc(client: &Client) -> String {
    let made = client.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
    made.vpc().unwrap().vpc_id().unwrap().to_owned()
}

async fn subnet(client: &Client, vpc: &str) -> String {
    let made = client.create_subnet().vpc_id(vpc).cidr_block("10.0.1.0/24").send().await.unwrap();
    made.subnet().unwrap().subnet_id().unwrap().to_owned()
}

async fn group(client: &Client, vpc: &str, name: &str) -> String {
    let made = client.create_security_group().vpc_id(vpc).group_name(name).description("of a test");
    made.send().await.unwrap().group_id().unwrap().to_owned()
}

async fn guests(vpcs: &[&str], groups: &[&str]) -> Vec<Guest> {
    let own = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<BTreeSet<String>>();
    let cloud = target::cloud(&shared().endpoint, ACCOUNT, &target::target(ACCOUNT)).await;
    cloud.guests(&Networks { vpcs: own(vpcs), groups: own(groups) }).await.unwrap()
}

/// What a guest is, and whether it is of one of these resources.
fn judged(guests: &[Guest], resources: &[&str]) -> Vec<(GuestKind, String, bool)> {
    let resources = resources.iter().map(|&id| id.to_owned()).collect();
    guests.iter().map(|guest| (guest.kind, guest.about.clone(), guest.is_of(&resources))).collect()
}

#[tokio::test]
async fn an_interface_of_nobodys_is_nobodys_and_an_instances_is_its_groups() {
    let client = ec2().await;
    let vpc = vpc(&client).await;
    let (subnet, group) = (subnet(&client, &vpc).await, group(&client, &vpc, "web").await);
    let lonely = client.create_network_interface().subnet_id(&subnet).groups(&group).description("forgotten");
    lonely.send().await.unwrap();
    let image = client.describe_images().send().await.unwrap().images()[0].image_id().unwrap().to_owned();
    let launched = client.run_instances().image_id(image).instance_type(InstanceType::T3Micro);
    let launched = launched.min_count(1).max_count(1).subnet_id(&subnet).security_group_ids(&group);
    launched.send().await.unwrap();

    let found = guests(&[&vpc], &[&group]).await;
    let interfaces: Vec<_> = judged(&found, &[&group])
        .into_iter()
        .filter(|(kind, ..)| *kind == GuestKind::NetworkInterface)
        .collect();
    assert_eq!(interfaces.iter().filter(|(_, _, ours)| *ours).count(), 1, "{found:#?}");
    assert!(interfaces.contains(&(GuestKind::NetworkInterface, "forgotten".to_owned(), false)), "{found:#?}");
    assert_eq!(interfaces.len(), 2, "each once, though it is in a VPC and in a group: {found:#?}");
    assert!(found.iter().all(|guest| guest.networks.contains(&vpc)));
}

#[tokio::test]
async fn a_group_that_names_ours_is_a_guest_and_the_default_group_is_none() {
    let client = ec2().await;
    let (vpc, other) = (vpc(&client).await, vpc(&client).await);
    let (ours, theirs) = (group(&client, &vpc, "ours").await, group(&client, &vpc, "theirs").await);
    group(&client, &other, "elsewhere").await;
    let pair = UserIdGroupPair::builder().group_id(&ours).build();
    let rule =
        IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443).user_id_group_pairs(pair);
    let allowed = client.authorize_security_group_ingress().group_id(&theirs).ip_permissions(rule.build());
    allowed.send().await.unwrap();

    let of_group = guests(&[], &[&ours]).await;
    assert_eq!(judged(&of_group, &[&ours]), [(GuestKind::SecurityGroup, "theirs".to_owned(), false)]);
    assert_eq!(of_group[0].networks, [ours.clone()].into());
    let of_vpc = guests(&[&vpc], &[]).await;
    let told = [("ours", true), ("theirs", false)];
    let told = told.map(|(name, is_ours)| (GuestKind::SecurityGroup, name.to_owned(), is_ours));
    let mut judged = judged(&of_vpc, &[&ours]);
    judged.sort();
    assert_eq!(judged, told);
}

#[tokio::test]
async fn subnets_and_endpoints_are_guests() {
    let client = ec2().await;
    let vpc = vpc(&client).await;
    let subnet = subnet(&client, &vpc).await;
    let service = "com.amazonaws.eu-central-1.s3";
    client.create_vpc_endpoint().vpc_id(&vpc).service_name(service).send().await.unwrap();
    let found = guests(&[&vpc], &[]).await;
    let told = [
        (GuestKind::Subnet, "10.0.1.0/24".to_owned(), true),
        (GuestKind::VpcEndpoint, service.to_owned(), false),
    ];
    let mut judged = judged(&found, &[&subnet]);
    judged.sort();
    assert_eq!(judged, told);
}

#[tokio::test]
async fn an_interface_that_a_function_left_is_its_groups_and_can_be_deleted() {
    let client = ec2().await;
    let vpc = vpc(&client).await;
    let (subnet, group) = (subnet(&client, &vpc).await, group(&client, &vpc, "function").await);
    let made = client.create_network_interface().subnet_id(&subnet).groups(&group);
    let made = made.description("AWS Lambda VPC ENI-worker-1").send().await.unwrap();
    let id = made.network_interface().unwrap().network_interface_id().unwrap().to_owned();
    let found = guests(&[&vpc], &[&group]).await;
    let interface = found.iter().find(|guest| guest.id == id).unwrap();
    assert!(interface.is_left_over && interface.is_of(&[group].into()), "{interface:?}");
    let cloud = target::cloud(&shared().endpoint, ACCOUNT, &target::target(ACCOUNT)).await;
    cloud.delete_interface(&id).await.unwrap();
    assert!(guests(&[&vpc], &[]).await.iter().all(|guest| guest.id != id));
    cloud.delete_interface(&id).await.unwrap();
}

#[tokio::test]
async fn images_and_room_for_addresses_are_asked_for() {
    let client = ec2().await;
    let there = client.describe_images().send().await.unwrap().images()[0].image_id().unwrap().to_owned();
    let cloud = target::cloud(&shared().endpoint, ACCOUNT, &target::target(ACCOUNT)).await;
    let images = [there, "ami-0123456789abcdef0".to_owned()].map(Outside::MachineImage);
    let found = cloud.presence(&images).await.unwrap();
    assert_eq!(found[0], Presence::There);
    assert!(matches!(found[1], Presence::Missing(_)), "{found:?}");
    let before = cloud.quota(QuotaKind::ElasticAddresses).await.unwrap().unwrap();
    client.allocate_address().send().await.unwrap();
    let after = cloud.quota(QuotaKind::ElasticAddresses).await.unwrap().unwrap();
    assert_eq!(after.used.unwrap(), before.used.unwrap() + 1);
    assert!(after.most > 0);
}
