use proptest::prelude::*;

use super::archive::Archive;
use super::*;

/// Every schema of a type, itself and those inside.
fn all<'a>(schema: &'a Schema, found: &mut Vec<&'a Schema>) {
    found.push(schema);
    let boxed = [&schema.not, &schema.condition, &schema.then, &schema.otherwise, &schema.contains];
    let items: &[Schema] = match &schema.items {
        Some(Items::All(one)) => std::slice::from_ref(one),
        Some(Items::ByPlace(several)) => several,
        None => &[],
    };
    let additional = match &schema.additional_properties {
        Some(Additional::As(schema)) => Some(&**schema),
        Some(Additional::Allowed(_)) | None => None,
    };
    let inner = (schema.properties.values().chain(schema.pattern_properties.values()))
        .chain(items)
        .chain(schema.all_of.iter().chain(&schema.any_of).chain(&schema.one_of))
        .chain(boxed.into_iter().flatten().map(|schema| &**schema))
        .chain(additional);
    inner.for_each(|schema| all(schema, found));
}

#[test]
fn every_type_can_be_read_and_every_reference_leads_somewhere() {
    assert!(resource_types().count() > 1_800);
    let mut broken = Vec::new();
    for name in resource_types() {
        let found = resource_type(name).expect("it is in the list");
        let mut schemas = Vec::new();
        all(&found.schema, &mut schemas);
        found.definitions.values().for_each(|schema| all(schema, &mut schemas));
        for schema in schemas {
            if found.resolve(schema).is_none() {
                broken.push(format!("{name} {}", schema.reference.as_deref().unwrap_or_default()));
            }
        }
    }
    // A mistake of the published schema: that definition is not there.
    assert_eq!(broken, ["AWS::EC2::VerifiedAccessTrustProvider #/definitions/SseSpecification"]);
}

#[test]
fn every_constraint_can_be_read_and_every_reference_leads_somewhere() {
    assert!(CATALOGUE.constraints.keys().all(|name| name == "*" || is_known(name)));
    let mut read = 0;
    for constraint in &CATALOGUE.archive.index.constraints {
        let regions = ["eu-central-1", "us-east-1", "ap-southeast-7"];
        for found in regions.iter().filter_map(|region| constraint.schema(Some(region))) {
            let mut schemas = Vec::new();
            all(&found.schema, &mut schemas);
            found.definitions.values().for_each(|schema| all(schema, &mut schemas));
            for schema in schemas {
                assert!(found.resolve(schema).is_some(), "{} {:?}", constraint.code, schema.reference);
            }
            read += 1;
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn what_is_demanded_beside_the_schema_has_its_place() {
    let found: Vec<_> = constraints("AWS::DynamoDB::Table").collect();
    let codes: Vec<_> = found.iter().map(|(_, constraint)| constraint.code.as_str()).collect();
    // The last two are about attributes and metadata of every resource.
    assert_eq!(codes, ["E3638", "E3639", "E3009", "E3016"]);
    let at: Vec<_> = found.iter().map(|(at, _)| at.join("/")).collect();
    assert_eq!(at, ["Properties", "Properties", "Metadata/AWS::CloudFormation::Init", ""]);
    assert!(found.iter().all(|(_, constraint)| constraint.schema(None).is_some()));
    let instance =
        constraints("AWS::EC2::Instance").find(|(at, _)| at.ends_with(&["InstanceType".to_owned()]));
    let (_, classes) = instance.expect("cfn-lint knows the classes of instances by region");
    assert!(classes.schema(Some("eu-central-1")).expect("a known region").schema.values.is_some());
    assert!(classes.schema(Some("moon-north-1")).is_none() && classes.schema(None).is_none());
    assert_eq!(constraints("AWS::EC2::VPC").count(), 2);
}

#[test]
fn what_is_known_of_a_database() {
    let database = resource_type("AWS::RDS::DBInstance").expect("databases are published");
    assert_eq!(database.replacement(["DBName"]), Replacement::Always);
    assert_eq!(database.replacement(["Engine"]), Replacement::Conditional);
    assert_eq!(database.replacement(["AllocatedStorage"]), Replacement::Never);
    assert!(database.has_attribute("Endpoint.Address"));
    assert!(!database.has_attribute("Endpoint.Adress"));
    assert!(database.is_taggable());
    assert_eq!(database.tag_property().map(ToString::to_string).as_deref(), Some("Tags"));
    assert_eq!(
        database.primary_identifier,
        [PropertyPath::from("/properties/DBInstanceIdentifier".to_owned())]
    );
    let vpc = resource_type("AWS::EC2::VPC").expect("networks are published");
    assert!(vpc.schema.properties.contains_key("CidrBlock"));
    assert!(resource_type("AWS::EC2::Vpc").is_none());
}

#[test]
fn where_types_are_to_be_had() {
    assert_eq!(is_available("AWS::S3::Bucket", "eu-central-1"), Some(true));
    assert_eq!(is_available("AWS::GroundStation::Config", "eu-south-2"), Some(false));
    assert_eq!(is_available("AWS::S3::Bucket", "moon-north-1"), None);
    assert_eq!(is_available("AWS::S3::Buckets", "eu-central-1"), None);
}

#[test]
fn maps_have_attributes_of_any_name() {
    let nested = resource_type("AWS::CloudFormation::Stack").expect("nested stacks are published");
    assert!(nested.has_attribute("Outputs.Anything"), "{:?}", nested.attributes);
    assert!(!nested.has_attribute("Outputs"));
    let custom =
        resource_type("AWS::CloudFormation::CustomResource").expect("custom resources are published");
    assert!(custom.has_attribute("Of.Their.Own"));
}

#[test]
fn it_says_where_it_is_from() {
    assert!(schema_date().starts_with("20"), "{}", schema_date());
    assert!(source().starts_with("cfn-lint "), "{}", source());
}

#[test]
fn what_is_no_catalogue_is_refused() {
    assert_eq!(Archive::open(b"").err(), Some(ArchiveError::Foreign));
    let mut later = BYTES.to_vec();
    later[15] = 9;
    assert_eq!(Archive::open(&later).err(), Some(ArchiveError::OtherFormat { found: 9 }));
    let sum = ArchiveError::Damaged { what: "its check sum is wrong" };
    assert_eq!(Archive::open(&BYTES[..BYTES.len() - 1]).err(), Some(sum));
}

proptest! {
    #[test]
    fn no_change_of_a_byte_goes_unnoticed(at in 0..BYTES.len(), other in 1_u8..) {
        let mut bytes = BYTES.to_vec();
        bytes[at] ^= other;
        prop_assert!(Archive::open(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut offered = BYTES[..15].to_vec();
        offered.extend(&bytes);
        prop_assert!(Archive::open(&offered).is_err());
        prop_assert!(Archive::open(&bytes).is_err());
    }
}
