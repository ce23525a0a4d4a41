//! Snapshots that a policy takes before a deletion.

use std::collections::BTreeSet;

use serde_json::json;

use crate::local::derive;
use crate::local::resource::{Owner, Resource};
use crate::local::template::Policy;

/// The snapshot of a resource; `None` for types without. Source: CloudFormation template reference,
/// "DeletionPolicy attribute", "Snapshot".
pub fn of(owner: Owner<'_>, logical_id: &str, resource: &Resource) -> Option<Resource> {
    let kind = match resource.resource_type.as_str() {
        "AWS::DocDB::DBCluster" => "AWS::DocDB::DBClusterSnapshot",
        "AWS::EC2::Volume" => "AWS::EC2::Snapshot",
        "AWS::ElastiCache::CacheCluster" | "AWS::ElastiCache::ReplicationGroup" => {
            "AWS::ElastiCache::Snapshot"
        }
        "AWS::Neptune::DBCluster" => "AWS::Neptune::DBClusterSnapshot",
        "AWS::RDS::DBCluster" => "AWS::RDS::DBClusterSnapshot",
        "AWS::RDS::DBInstance" => "AWS::RDS::DBSnapshot",
        "AWS::Redshift::Cluster" => "AWS::Redshift::ClusterSnapshot",
        _ => return None,
    };
    let seed = format!("{}/{logical_id}/{}/snapshot", owner.stack_id, owner.generation);
    let name = derive::name(owner.stack_name, &format!("snapshot-{logical_id}"), &seed, 255);
    let physical_id = match kind {
        "AWS::EC2::Snapshot" => format!("snap-{}", derive::hex(&seed, 17)),
        _ => name.to_ascii_lowercase(),
    };
    Some(Resource {
        resource_type: kind.to_owned(),
        physical_id,
        properties: json!({"Source": resource.physical_id}),
        metadata: serde_json::Value::Null,
        tags: resource.tags.clone(),
        version: 1,
        depends_on: BTreeSet::new(),
        imports: BTreeSet::new(),
        deletion_policy: Policy::Delete,
        update_replace_policy: Policy::Delete,
        tampered: None,
        holds: 0,
        left_over: BTreeSet::new(),
        behaviour: Default::default(),
        content: None,
        answered: None,
    })
}
