//! What there is to say where a constraint is broken that hangs on other properties: why, and what to
//! do. By cfn-lint's code of the constraint, sorted.

/// Sources: the documentation of the types in the CloudFormation template reference.
const ADVICE: [(&str, &str); 54] = [
    ("E3013", "write each alias as a domain name; `*` may only be its first label"),
    ("E3016", "write the update policy of this type of resource; others have other ones"),
    ("E3023", "write each record in the form that the record's `Type` has"),
    ("E3025", "choose an instance class that the engine runs on in this region"),
    ("E3029", "an alias takes its time to live from its target: take `TTL` out"),
    ("E3044", "tasks on Fargate, and services that others deploy, cannot run as daemons: write REPLICA"),
    (
        "E3045",
        "access lists are off unless `OwnershipControls` has a rule: add one, or take `AccessControl` out",
    ),
    (
        "E3046",
        "the driver `awslogs` needs `awslogs-group` and `awslogs-region`, and takes no options of other drivers",
    ),
    ("E3047", "choose a pair of `Cpu` and `Memory` that Fargate offers"),
    (
        "E3048",
        "a task on Fargate needs `Cpu`, `Memory` and `NetworkMode: awsvpc`, has no placement, and logs by awslogs, splunk or awsfirelens",
    ),
    ("E3061", "the archive tier begins after 90 to 730 days, the deep one after 180 to 730"),
    ("E3062", "choose an instance class that this version of the engine runs on"),
    ("E3501", "the name of a FIFO queue ends in `.fifo`; what only such queues have needs `FifoQueue: true`"),
    ("E3615", "write 10, 30 or a multiple of 60 seconds"),
    ("E3633", "say with `StartingPosition` where reading of the stream begins"),
    ("E3634", "a queue has no position to start from: take `StartingPosition` out"),
    ("E3636", "say with `Location` which bucket it is"),
    ("E3638", "a table that is paid per request has no throughput of its own: take it out, or provision it"),
    ("E3639", "give `ProvisionedThroughput`, or write `BillingMode: PAY_PER_REQUEST`"),
    ("E3660", "give it a `Name`: only a specification in `Body` or `BodyS3Location` brings one"),
    ("E3661", "say with `AlarmIdentifier` which alarm the health is taken from"),
    ("E3671", "io1 and io2 need `Iops` of 100 at least, and each type of volume has its own bounds"),
    ("E3674", "an interface has one primary address: give it once, and write `Primary: false` in the list"),
    ("E3676", "give the listener a certificate, or another `Protocol`"),
    ("E3677", "only Node.js and Python can have their code in the template: put other code into a bucket"),
    ("E3678", "say with `Runtime` what runs the code"),
    ("E3679", "name a certificate with `SSLCertificateId`, or take another `Protocol`"),
    ("E3680", "name subnets in two zones at least"),
    ("E3681", "functions as targets take no port, protocol or network; all other targets need them"),
    ("E3682", "an instance of Aurora has this from its cluster: take the property out"),
    ("E3683", "GENEVE uses the port 6081"),
    ("E3684", "only checks over HTTP and HTTPS have a matcher and a protocol version"),
    ("E3685", "an image brings its own runtime: take the property out"),
    ("E3686", "take the property out, or choose the `EngineMode` that has it"),
    ("E3687", "say with `FromPort` and `ToPort` which ports are meant"),
    ("E3688", "-1 means all of them, and stands in both `FromPort` and `ToPort`"),
    ("E3689", "give an interval above 0 and a role, or neither"),
    ("E3690", "choose an engine for clusters, and a version that it has"),
    ("E3691", "choose an engine for instances, and a version that it has"),
    (
        "E3692",
        "a cluster of this engine needs storage, its type, `Iops` and an instance class, and takes nothing that only Aurora has",
    ),
    ("E3693", "Aurora manages the storage and has its instances beside it: take the property out"),
    ("E3694", "choose an instance class that clusters of this engine run on in this region"),
    ("E3695", "choose an engine, and a version that it has"),
    ("E3696", "levels need `LogFormat: JSON`"),
    ("E3704", "say with `TransitEncryptionEnabled` whether traffic is encrypted"),
    ("E3715", "without `Ebs` a device is a disk of the instance: `ephemeral0` to `ephemeral23`"),
    ("E3717", "a function runs for 900 seconds at most"),
    ("E3718", "answers are kept for 3600 seconds at most"),
    ("E3719", "backups of an instance are kept for 35 days at most; in a cluster it is the cluster's to say"),
    ("E3720", "write `StorageEncrypted: true` beside the key"),
    ("E3721", "write `mounted` or `open-read-only`, the modes of replicas of this engine"),
    ("E3722", "write `all`, `none` or `whitelist`, or name a cache policy with `CachePolicyId`"),
    ("E3723", "write the path with `/` in front; `/*` means all of them"),
    ("E3725", "choose a capacity between the bounds that this type of file system has"),
];

/// The advice for a constraint.
pub(super) fn advice(code: &str) -> Option<&'static str> {
    let index = ADVICE.binary_search_by_key(&code, |(code, _)| code).ok()?;
    Some(ADVICE[index].1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalogue::{constraints, resource_types};

    #[test]
    fn every_constraint_that_hangs_on_other_properties_has_advice() {
        assert!(ADVICE.is_sorted());
        let mut seen = BTreeSet::new();
        for (_, constraint) in resource_types().flat_map(constraints) {
            if !seen.insert(&constraint.code) {
                continue;
            }
            let Some(demanded) = constraint.schema(Some("us-east-1")) else { continue };
            let is_combination = demanded.schema.condition.is_some() || !demanded.schema.all_of.is_empty();
            assert!(!is_combination || advice(&constraint.code).is_some(), "{}", constraint.code);
        }
        for (code, _) in ADVICE {
            assert!(seen.iter().any(|seen| *seen == code), "{code} is not in the catalogue");
        }
    }
}
