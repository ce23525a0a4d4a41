//! One method per call: make the request, map the answer, name the failure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{ChangeSetType, DeploymentMode, TemplateStage};
use aws_sdk_resourcegroupstagging::types::TagFilter;
use jiff::Timestamp;

use crate::aws::artifact::{self, Artifacts, SentTemplate};
use crate::aws::backup::Vaults;
use crate::aws::bucket::Buckets;
use crate::aws::convert::{self, Compared};
use crate::aws::error::Endpoint;
use crate::aws::network::NetworkGuests;
use crate::aws::outside::Surroundings;
use crate::aws::repository::Repositories;
use crate::aws::request::with_body;
use crate::model::{
    AccountId, Change, Contents, Guest, Networks, ObservedStack, Outside, Presence, Quota, QuotaKind, Region,
    RestorePoint, StackEvent, StackResource, Storage, StorageKind, TaggedResource,
};
use crate::port::{
    ChangeSet, Changes, CloudFormation, ContinueRollback, CreateStack, DeleteStack, DriftDetection, Identity,
    Page, PortError, PortErrorKind, ResourceDrifts, StackBody, UpdateAnswer, UpdateStack,
};

/// CloudFormation in one account and region.
#[derive(Debug)]
pub struct Aws {
    pub(super) cloudformation: Client,
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) tagging: aws_sdk_resourcegroupstagging::Client,
    pub(super) artifacts: Option<Artifacts>,
    pub(super) buckets: Buckets,
    pub(super) networks: NetworkGuests,
    pub(super) repositories: Repositories,
    pub(super) surroundings: Surroundings,
    pub(super) vaults: Vaults,
    pub(super) region: Region,
    pub(super) endpoint: Endpoint,
    pub(super) clock: fn() -> Timestamp,
}

/// Sends a request and names the call in its failure: `send!(self, "CreateStack", name, builder)`.
macro_rules! send {
    ($self:expr, $call:literal, $object:expr, $builder:expr) => {
        $builder.send().await.map_err(|error| $self.endpoint.failure($call, $object, error))
    };
}

impl Aws {
    async fn sent(&self, body: &StackBody, stack: &str) -> Result<SentTemplate, PortError> {
        artifact::sent(&body.template, self.artifacts.as_ref(), stack, &self.endpoint).await
    }
}

/// A list that is sent only where it has something in it.
fn given(names: &BTreeSet<String>) -> Option<Vec<String>> {
    (!names.is_empty()).then(|| names.iter().cloned().collect())
}

/// A field that the API promises.
fn promised<T>(value: Option<T>, call: &str, object: &str, field: &str) -> Result<T, PortError> {
    value.ok_or_else(|| {
        PortError::new(
            PortErrorKind::Malformed,
            format!("{call} `{object}`"),
            format!("the answer has no usable `{field}`"),
        )
    })
}

#[async_trait]
impl CloudFormation for Aws {
    async fn identity(&self) -> Result<Identity, PortError> {
        let call = "GetCallerIdentity";
        let answer = send!(self, "GetCallerIdentity", "", self.sts.get_caller_identity())?;
        let account = answer.account().and_then(|account| AccountId::new(account).ok());
        Ok(Identity {
            account: promised(account, call, "sts", "Account")?,
            region: self.region.clone(),
            caller: promised(answer.arn, call, "sts", "Arn")?,
        })
    }

    async fn describe_stacks(&self, page: Option<&str>) -> Result<Page<ObservedStack>, PortError> {
        let request = self.cloudformation.describe_stacks().set_next_token(page.map(str::to_owned));
        let answer = send!(self, "DescribeStacks", "", request)?;
        let stacks: Option<Vec<_>> = answer.stacks().iter().map(convert::stack).collect();
        Ok(Page {
            items: promised(stacks, "DescribeStacks", self.region.as_str(), "Stacks")?,
            next: answer.next_token,
        })
    }

    async fn describe_stack(&self, stack: &str) -> Result<Option<ObservedStack>, PortError> {
        let request = self.cloudformation.describe_stacks().stack_name(stack);
        match send!(self, "DescribeStacks", stack, request) {
            Ok(answer) => {
                let found = answer.stacks().first().and_then(convert::stack);
                promised(found, "DescribeStacks", stack, "Stacks").map(Some)
            }
            Err(error) if error.kind == PortErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn template(&self, stack: &str) -> Result<String, PortError> {
        let request =
            self.cloudformation.get_template().stack_name(stack).template_stage(TemplateStage::Original);
        let answer = send!(self, "GetTemplate", stack, request)?;
        promised(answer.template_body, "GetTemplate", stack, "TemplateBody")
    }

    async fn stack_policy(&self, stack: &str) -> Result<Option<String>, PortError> {
        let request = self.cloudformation.get_stack_policy().stack_name(stack);
        let answer = send!(self, "GetStackPolicy", stack, request)?;
        Ok(answer.stack_policy_body.filter(|policy| !policy.is_empty()))
    }

    async fn create_stack(&self, request: &CreateStack) -> Result<String, PortError> {
        let stack = request.stack.as_str();
        let sent = self.sent(&request.body, stack).await?;
        let timeout = request.timeout_minutes.map(|minutes| i32::try_from(minutes).unwrap_or(i32::MAX));
        let builder = with_body!(self.cloudformation.create_stack(), request.body, sent)
            .stack_name(stack)
            .set_stack_policy_body(request.stack_policy.clone())
            .enable_termination_protection(request.termination_protection)
            .set_timeout_in_minutes(timeout)
            .client_request_token(&request.token);
        let answer = send!(self, "CreateStack", stack, builder)?;
        promised(answer.stack_id, "CreateStack", stack, "StackId")
    }

    async fn create_adopting(&self, name: &str, request: &CreateStack) -> Result<String, PortError> {
        let stack = request.stack.as_str();
        let sent = self.sent(&request.body, stack).await?;
        let builder = with_body!(self.cloudformation.create_change_set(), request.body, sent)
            .stack_name(stack)
            .change_set_name(name)
            .change_set_type(ChangeSetType::Create)
            .import_existing_resources(true)
            .client_token(&request.token);
        let answer = send!(self, "CreateChangeSet", stack, builder)?;
        promised(answer.id, "CreateChangeSet", name, "Id")
    }

    async fn create_change_set(&self, name: &str, request: &UpdateStack) -> Result<String, PortError> {
        let sent = self.sent(&request.body, &request.stack).await?;
        let builder = with_body!(self.cloudformation.create_change_set(), request.body, sent)
            .stack_name(&request.stack)
            .change_set_name(name)
            .change_set_type(ChangeSetType::Update)
            .set_deployment_mode(request.reverts_drift.then_some(DeploymentMode::RevertDrift))
            .client_token(&request.token);
        let answer = send!(self, "CreateChangeSet", &request.stack, builder)?;
        promised(answer.id, "CreateChangeSet", name, "Id")
    }

    async fn describe_change_set(&self, change_set: &str) -> Result<ChangeSet, PortError> {
        let mut changes: Vec<Change> = Vec::new();
        let mut next = None;
        loop {
            let request =
                self.cloudformation.describe_change_set().change_set_name(change_set).set_next_token(next);
            let answer = send!(self, "DescribeChangeSet", change_set, request)?;
            changes.extend(answer.changes().iter().filter_map(convert::change));
            if answer.next_token().is_none() {
                return Ok(ChangeSet { status: convert::change_set_status(&answer), changes });
            }
            next = answer.next_token;
        }
    }

    async fn execute_change_set(&self, change_set: &str, token: &str) -> Result<(), PortError> {
        let request = self.cloudformation.execute_change_set().change_set_name(change_set);
        send!(self, "ExecuteChangeSet", change_set, request.client_request_token(token)).map(drop)
    }

    async fn delete_change_set(&self, stack: &str, change_set: &str) -> Result<(), PortError> {
        let request = self.cloudformation.delete_change_set().stack_name(stack).change_set_name(change_set);
        send!(self, "DeleteChangeSet", change_set, request).map(drop)
    }

    async fn update_stack(&self, request: &UpdateStack) -> Result<UpdateAnswer, PortError> {
        let sent = self.sent(&request.body, &request.stack).await?;
        let builder = with_body!(self.cloudformation.update_stack(), request.body, sent)
            .stack_name(&request.stack)
            .client_request_token(&request.token);
        match send!(self, "UpdateStack", &request.stack, builder) {
            Ok(_) => Ok(UpdateAnswer::Started),
            Err(error) if convert::says_empty(&error.message) => Ok(UpdateAnswer::NothingToDo),
            Err(error) => Err(error),
        }
    }

    async fn delete_stack(&self, request: &DeleteStack) -> Result<(), PortError> {
        let builder = self
            .cloudformation
            .delete_stack()
            .stack_name(&request.stack)
            .set_role_arn(request.service_role.clone())
            .set_retain_resources(given(&request.retain))
            .client_request_token(&request.token);
        send!(self, "DeleteStack", &request.stack, builder).map(drop)
    }

    async fn continue_rollback(&self, request: &ContinueRollback) -> Result<(), PortError> {
        let builder = self
            .cloudformation
            .continue_update_rollback()
            .stack_name(&request.stack)
            .set_resources_to_skip(given(&request.skipped))
            .client_request_token(&request.token);
        send!(self, "ContinueUpdateRollback", &request.stack, builder).map(drop)
    }

    async fn set_termination_protection(&self, stack: &str, enabled: bool) -> Result<(), PortError> {
        let request = self.cloudformation.update_termination_protection().stack_name(stack);
        send!(self, "UpdateTerminationProtection", stack, request.enable_termination_protection(enabled))
            .map(drop)
    }

    async fn set_stack_policy(&self, stack: &str, policy: &str) -> Result<(), PortError> {
        let request = self.cloudformation.set_stack_policy().stack_name(stack).stack_policy_body(policy);
        send!(self, "SetStackPolicy", stack, request).map(drop)
    }

    async fn events(&self, stack: &str, page: Option<&str>) -> Result<Page<StackEvent>, PortError> {
        let request = self
            .cloudformation
            .describe_stack_events()
            .stack_name(stack)
            .set_next_token(page.map(str::to_owned));
        let answer = send!(self, "DescribeStackEvents", stack, request)?;
        let events: Option<Vec<_>> = answer.stack_events().iter().map(convert::event).collect();
        Ok(Page {
            items: promised(events, "DescribeStackEvents", stack, "StackEvents")?,
            next: answer.next_token,
        })
    }

    async fn resources(&self, stack: &str, page: Option<&str>) -> Result<Page<StackResource>, PortError> {
        let request = self.cloudformation.list_stack_resources().stack_name(stack);
        let answer =
            send!(self, "ListStackResources", stack, request.set_next_token(page.map(str::to_owned)))?;
        let resources: Option<Vec<_>> =
            answer.stack_resource_summaries().iter().map(convert::stack_resource).collect();
        Ok(Page {
            items: promised(resources, "ListStackResources", stack, "StackResourceSummaries")?,
            next: answer.next_token,
        })
    }

    async fn importers(&self, export: &str) -> Result<Vec<String>, PortError> {
        let mut importers = Vec::new();
        let mut next = None;
        loop {
            let request = self.cloudformation.list_imports().export_name(export).set_next_token(next);
            let answer = match send!(self, "ListImports", export, request) {
                Err(error) if convert::says_not_imported(&error.message) => return Ok(importers),
                answer => answer?,
            };
            importers.extend(answer.imports().iter().cloned());
            if answer.next_token().is_none() {
                return Ok(importers);
            }
            next = answer.next_token;
        }
    }

    async fn contents(&self, storage: &Storage) -> Result<Option<Contents>, PortError> {
        match storage.kind {
            StorageKind::Bucket => self.buckets.look(&storage.name, &self.endpoint).await,
            StorageKind::Repository => self.repositories.look(&storage.name, &self.endpoint).await,
        }
    }

    async fn empty(&self, storage: &Storage) -> Result<u64, PortError> {
        match storage.kind {
            StorageKind::Bucket => self.buckets.empty(&storage.name, &self.endpoint).await,
            StorageKind::Repository => self.repositories.empty(&storage.name, &self.endpoint).await,
        }
    }

    async fn guests(&self, networks: &Networks) -> Result<Vec<Guest>, PortError> {
        self.networks.guests(networks, &self.endpoint).await
    }

    async fn presence(&self, things: &[Outside]) -> Result<Vec<Presence>, PortError> {
        self.surroundings.presence(things, &self.repositories, &self.endpoint).await
    }

    async fn quota(&self, kind: QuotaKind) -> Result<Option<Quota>, PortError> {
        self.surroundings.quota(kind, &self.endpoint).await
    }

    async fn restore_points(
        &self,
        resource: &str,
        page: Option<&str>,
    ) -> Result<Page<RestorePoint>, PortError> {
        self.vaults.points(resource, page, &self.endpoint).await
    }

    async fn delete_interface(&self, interface: &str) -> Result<(), PortError> {
        self.networks.delete_interface(interface, &self.endpoint).await
    }

    async fn tagged(
        &self,
        tags: &BTreeMap<String, String>,
        page: Option<&str>,
    ) -> Result<Page<TaggedResource>, PortError> {
        let filters = tags.iter().map(|(key, value)| TagFilter::builder().key(key).values(value).build());
        let request = self.tagging.get_resources().set_tag_filters(Some(filters.collect()));
        let request = request.resources_per_page(100).set_pagination_token(page.map(str::to_owned));
        let answer = send!(self, "GetResources", "", request)?;
        let found = answer.resource_tag_mapping_list().iter().filter_map(convert::tagged);
        Ok(Page {
            items: found.collect(),
            // The last page has an empty token.
            next: answer.pagination_token.clone().filter(|token| !token.is_empty()),
        })
    }

    async fn detect_drift(&self, stack: &str) -> Result<String, PortError> {
        let request = self.cloudformation.detect_stack_drift().stack_name(stack);
        let answer = send!(self, "DetectStackDrift", stack, request)?;
        promised(answer.stack_drift_detection_id, "DetectStackDrift", stack, "StackDriftDetectionId")
    }

    async fn drift_detection(&self, detection: &str) -> Result<DriftDetection, PortError> {
        let request =
            self.cloudformation.describe_stack_drift_detection_status().stack_drift_detection_id(detection);
        let answer = send!(self, "DescribeStackDriftDetectionStatus", detection, request)?;
        Ok(convert::drift_detection(&answer))
    }

    async fn resource_drifts(&self, stack: &str) -> Result<ResourceDrifts, PortError> {
        let mut found = ResourceDrifts::default();
        let mut next = None;
        loop {
            let request =
                self.cloudformation.describe_stack_resource_drifts().stack_name(stack).set_next_token(next);
            let answer = send!(self, "DescribeStackResourceDrifts", stack, request)?;
            for drift in answer.stack_resource_drifts() {
                match convert::resource_drift(drift) {
                    Compared::Drifted(drift) => found.drifted.push(drift),
                    Compared::InSync(logical_id) => drop(found.in_sync.insert(logical_id)),
                    Compared::Not => {}
                }
            }
            if answer.next_token().is_none() {
                return Ok(found);
            }
            next = answer.next_token;
        }
    }

    async fn wait_for_change(&self, deadline: Duration) -> Result<Changes, PortError> {
        tokio::time::sleep(deadline).await;
        Ok(Changes::Unknown)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
