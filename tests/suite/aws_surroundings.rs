//! The AWS adapter against recorded answers: what is at a place besides stacks, and how much room there is.

use insta::assert_debug_snapshot;
use rekindle::model::{Outside, Presence, QuotaKind};
use rekindle::port::PortErrorKind;

use crate::support::answers::{Answer, Answers, result};
use crate::support::target::{cloud, target};

const ACCOUNT: &str = "111122223333";

fn secret(stage: Option<&str>, version: Option<&str>) -> Outside {
    let own = |text: &str| text.to_owned();
    Outside::Secret { name: "database".to_owned(), stage: stage.map(own), version: version.map(own) }
}

fn entry(name: &str, version: Option<u64>) -> Outside {
    Outside::Parameter { name: name.to_owned(), version }
}

fn json(status: u16, body: &str) -> Answer {
    Answer::Json(status, body.to_owned())
}

async fn answered(answer: Answer, things: &[Outside]) -> (Vec<Presence>, Answers) {
    let server = Answers::start([answer]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    (cloud.presence(things).await.unwrap(), server)
}

const DESCRIBED: &str =
    r#"{"Name": "database", "VersionIdsToStages": {"v1": ["AWSPREVIOUS"], "v2": ["AWSCURRENT", "live"]}}"#;

#[tokio::test]
async fn a_secret_is_there_when_its_version_is() {
    let mut found = Vec::new();
    for (stage, version) in [
        (None, None),
        (Some("live"), None),
        (Some("AWSPENDING"), None),
        (None, Some("v1")),
        (None, Some("v3")),
    ] {
        let (answer, server) = answered(json(200, DESCRIBED), &[secret(stage, version)]).await;
        assert_eq!(server.requests()[0].headers["x-amz-target"], "secretsmanager.DescribeSecret");
        found.extend(answer);
    }
    let going = r#"{"Name": "database", "DeletedDate": 1.7e9, "VersionIdsToStages": {"v2": ["AWSCURRENT"]}}"#;
    found.extend(answered(json(200, going), &[secret(None, None)]).await.0);
    let none = r#"{"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."}"#;
    found.extend(answered(json(400, none), &[secret(None, None)]).await.0);
    assert_debug_snapshot!(found, @r#"
    [
        There,
        There,
        Missing(
            "has no version `AWSPENDING`",
        ),
        There,
        Missing(
            "has no version `v3` with a stage",
        ),
        Missing(
            "is scheduled for deletion",
        ),
        Missing(
            "is not there",
        ),
    ]
    "#);
}

#[tokio::test]
async fn entries_are_listed_and_never_read() {
    let listed = r#"{"Parameters": [{"Name": "/size", "Version": 3}, {"Name": "/old", "Version": 200}]}"#;
    let things = [
        entry("/size", None),
        entry("/size", Some(3)),
        entry("/size", Some(4)),
        entry("/old", Some(100)),
        entry("/no", None),
    ];
    let (found, server) = answered(json(200, listed), &things).await;
    assert_eq!(server.requests()[0].headers["x-amz-target"], "AmazonSSM.DescribeParameters");
    assert_debug_snapshot!(found, @r#"
    [
        There,
        There,
        Missing(
            "has no version 4: the newest is 3",
        ),
        Missing(
            "has no version 100 any more: the newest is 200",
        ),
        Missing(
            "is not there",
        ),
    ]
    "#);
    let published = entry("/aws/service/ami", Some(7));
    let read = r#"{"Parameters": [{"Name": "/aws/service/ami", "Version": 7, "Value": "ami-1"}], "InvalidParameters": []}"#;
    let (found, server) = answered(json(200, read), &[published]).await;
    assert_eq!(server.requests()[0].headers["x-amz-target"], "AmazonSSM.GetParameters");
    assert_eq!(found, [Presence::There]);
}

#[tokio::test]
async fn who_may_not_ask_gets_no_yes() {
    let denied = r#"{"__type": "AccessDeniedException", "Message": "not authorized to perform: secretsmanager:DescribeSecret"}"#;
    let server = Answers::start([json(400, denied)]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let error = cloud.presence(&[secret(None, None)]).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Denied);
    assert!(error.to_string().starts_with("DescribeSecret `database`: AccessDeniedException"), "{error}");
}

#[tokio::test]
async fn images_are_there_when_they_are_available() {
    let images = "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><imagesSet>\
        <item><imageId>ami-11111111</imageId><imageState>available</imageState></item>\
        <item><imageId>ami-22222222</imageId><imageState>pending</imageState></item>\
        </imagesSet></DescribeImagesResponse>";
    let ids = ["ami-11111111", "ami-22222222", "ami-33333333"].map(|id| Outside::MachineImage(id.to_owned()));
    let (found, server) = answered(Answer::Xml(200, images.to_owned()), &ids).await;
    let form = &server.requests()[0].form;
    assert_eq!(
        (form["Filter.1.Name"].as_str(), form["Filter.1.Value.3"].as_str()),
        ("image-id", "ami-33333333")
    );
    assert_eq!(form["IncludeDeprecated"], "true");
    assert_debug_snapshot!(found, @r#"
    [
        There,
        Missing(
            "is not available (pending)",
        ),
        Missing(
            "is not there, or not for this account",
        ),
    ]
    "#);
}

#[tokio::test]
async fn room_is_what_the_account_says() {
    let limits = "<AccountLimits><member><Name>StackOutputsLimit</Name><Value>200</Value></member>\
        <member><Name>StackLimit</Name><Value>2000</Value></member></AccountLimits>";
    let attributes = "<DescribeAccountAttributesResponse><accountAttributeSet><item>\
        <attributeName>vpc-max-elastic-ips</attributeName><attributeValueSet><item><attributeValue>5\
        </attributeValue></item></attributeValueSet></item></accountAttributeSet></DescribeAccountAttributesResponse>";
    let addresses = "<DescribeAddressesResponse><addressesSet><item><publicIp>192.0.2.1</publicIp></item>\
        </addressesSet></DescribeAddressesResponse>";
    let ec2 = |body: &str| Answer::Xml(200, body.to_owned());
    let server = Answers::start([
        result("DescribeAccountLimits", limits),
        ec2(attributes),
        ec2(addresses),
        result("DescribeAccountLimits", ""),
    ]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    assert_debug_snapshot!(cloud.quota(QuotaKind::Stacks).await.unwrap(), @"
    Some(
        Quota {
            most: 2000,
            used: None,
        },
    )
    ");
    assert_debug_snapshot!(cloud.quota(QuotaKind::ElasticAddresses).await.unwrap(), @"
    Some(
        Quota {
            most: 5,
            used: Some(
                1,
            ),
        },
    )
    ");
    let error = cloud.quota(QuotaKind::Stacks).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Malformed, "no number is not any number");
}
