//! The AWS adapter against recorded answers: copies that AWS Backup keeps.

use insta::assert_debug_snapshot;
use rekindle::port::PortErrorKind;

use crate::support::answers::{Answer, Answers};
use crate::support::target::{cloud, shown, target};

const ACCOUNT: &str = "111122223333";
const TABLE: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/items";

fn json(status: u16, body: &str) -> Answer {
    Answer::Json(status, body.to_owned())
}

#[tokio::test]
async fn points_are_read_page_by_page_and_only_completed_ones_are_whole() {
    let first = r#"{"NextToken": "second", "RecoveryPoints": [
        {"RecoveryPointArn": "arn:point:1", "CreationDate": 1800000000.5, "Status": "COMPLETED", "BackupVaultName": "vault"},
        {"RecoveryPointArn": "arn:point:2", "CreationDate": 1800000100, "Status": "CREATING"},
        {"RecoveryPointArn": "arn:point:3", "Status": "COMPLETED"}]}"#;
    let second = r#"{"RecoveryPoints": [
        {"RecoveryPointArn": "arn:point:4", "CreationDate": 1800000200, "Status": "AVAILABLE"}]}"#;
    let server = Answers::start([json(200, first), json(200, second)]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    let page = cloud.restore_points(TABLE, None).await.unwrap();
    assert_debug_snapshot!(page, @r#"
    Page {
        items: [
            RestorePoint {
                created: 2027-01-15T08:00:00.5Z,
                id: "arn:point:1",
                is_complete: true,
            },
            RestorePoint {
                created: 2027-01-15T08:01:40Z,
                id: "arn:point:2",
                is_complete: false,
            },
        ],
        next: Some(
            "second",
        ),
    }
    "#);
    let page = cloud.restore_points(TABLE, page.next.as_deref()).await.unwrap();
    assert_eq!(page.next, None);
    assert!(!page.items[0].is_complete, "{page:?}");
    let lines: Vec<String> = server.requests().into_iter().map(|request| request.line).collect();
    assert!(lines[0].contains("managedByAWSBackupOnly=true"), "backups that go with the resource: {lines:?}");
    assert!(lines[0].contains("table%2Fitems") && lines[1].contains("nextToken=second"), "{lines:?}");
}

#[tokio::test]
async fn a_resource_that_was_never_copied_has_none_and_who_may_not_ask_gets_no_yes() {
    let none = r#"{"Code": "ERROR_1", "Message": "not found", "__type": "ResourceNotFoundException"}"#;
    let denied = r#"{"Message": "not authorized to perform: backup:ListRecoveryPointsByResource", "__type": "AccessDeniedException"}"#;
    let server = Answers::start([json(400, none), json(403, denied)]);
    let cloud = cloud(&server.endpoint, "key", &target(ACCOUNT)).await;
    assert!(cloud.restore_points(TABLE, None).await.unwrap().items.is_empty());
    let error = cloud.restore_points(TABLE, None).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Denied);
    assert!(shown(&error).contains("the question takes `backup:ListRecoveryPointsByResource`"), "{error:?}");
}
