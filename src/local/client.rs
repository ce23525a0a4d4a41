//! The port over the embedded cloud: one account in one region.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::local::cloud::Cloud;
use crate::local::fault::Trouble;
use crate::local::place::Place;
use crate::local::request;
use crate::local::stack::Stack;
use crate::local::world::World;
use crate::model::{
    Contents, Guest, Networks, ObservedStack, Outside, Presence, Quota, QuotaKind, RestorePoint, StackEvent,
    StackResource, Storage, StorageKind, TaggedResource,
};
use crate::port::{
    ChangeSet, Changes, CloudFormation, ContinueRollback, CreateStack, DeleteStack, DriftDetection, Identity,
    Page, PortError, PortErrorKind, ResourceDrifts, UpdateAnswer, UpdateStack,
};

/// Stacks of a page, as in the real API.
const PAGE: usize = 100;

/// CloudFormation of one account in one region of the embedded cloud.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) cloud: Cloud,
    pub(super) place: Place,
}

impl Client {
    pub(super) fn new(cloud: Cloud, place: Place) -> Self {
        Self { cloud, place }
    }

    /// Answers a call that changes nothing, unless it is to go wrong. `answer` hears whether it
    /// shall lag behind.
    pub(super) fn read<R>(
        &self,
        call: &str,
        object: &str,
        answer: impl FnOnce(&World, bool) -> Result<R, PortError>,
    ) -> Result<R, PortError> {
        let mut world = self.cloud.world();
        match world.trouble(call) {
            None => answer(&world, false),
            Some(Trouble::Stale) => answer(&world, true),
            Some(trouble) => Err(failed(trouble, call, object)),
        }
    }

    /// Answers a call that changes something, unless it is to go wrong.
    pub(super) async fn write<R>(
        &self,
        call: &str,
        object: &str,
        act: impl FnOnce(&mut World, &Place) -> Result<R, PortError>,
    ) -> Result<R, PortError> {
        let trouble = self.cloud.world().trouble(call);
        if let Some(trouble @ (Trouble::Throttled | Trouble::Unwell)) = trouble {
            return Err(failed(trouble, call, object));
        }
        let is_preserved = trouble == Some(Trouble::NoRollback);
        let answer = self
            .cloud
            .change(|world| world.preserving(is_preserved, |world| act(world, &self.place)))
            .await?;
        match trouble {
            Some(trouble @ (Trouble::Lost | Trouble::Stale)) => Err(failed(trouble, call, object)),
            _ => Ok(answer),
        }
    }
}

/// The error of a call that goes wrong on request, in the service's words.
fn failed(trouble: Trouble, call: &str, object: &str) -> PortError {
    let (kind, message) = match trouble {
        Trouble::Throttled => (PortErrorKind::Throttled, "Throttling: Rate exceeded"),
        Trouble::Unwell => (PortErrorKind::Unavailable, "ServiceUnavailable: the service is unwell"),
        Trouble::Lost | Trouble::Stale | Trouble::NoRollback => {
            (PortErrorKind::Unavailable, "the connection broke before the answer came")
        }
    };
    let operation = if object.is_empty() { call.to_owned() } else { request::operation(call, object) };
    PortError::new(kind, operation, message)
}

/// A stack as it is, or as a read that lags behind shows it.
fn shown(world: &World, stack: &Stack, is_stale: bool) -> Option<ObservedStack> {
    if is_stale { world.stale(stack) } else { Some(stack.observed()) }
}

#[async_trait]
impl CloudFormation for Client {
    async fn identity(&self) -> Result<Identity, PortError> {
        let Place { account, region } = self.place.clone();
        let caller = format!("arn:{}:iam::{account}:user/rekindle", self.place.partition());
        Ok(Identity { account, region, caller })
    }

    async fn describe_stacks(&self, page: Option<&str>) -> Result<Page<ObservedStack>, PortError> {
        self.read("DescribeStacks", "", |world, is_stale| {
            let mut found = world.page(&self.place, page, PAGE + 1);
            let more = found.len() > PAGE;
            found.truncate(PAGE);
            let next = found.last().filter(|_| more).map(|stack| stack.name.clone());
            let items = found.into_iter().filter_map(|stack| shown(world, stack, is_stale));
            Ok(Page { items: items.collect(), next })
        })
    }

    async fn describe_stack(&self, stack: &str) -> Result<Option<ObservedStack>, PortError> {
        self.read("DescribeStacks", stack, |world, is_stale| {
            Ok(world.find(&self.place, stack).and_then(|stack| shown(world, stack, is_stale)))
        })
    }

    async fn template(&self, stack: &str) -> Result<String, PortError> {
        self.read("GetTemplate", stack, |world, _| {
            let call = request::operation("GetTemplate", stack);
            Ok(request::require(world, &self.place, stack, &call)?.body.template.clone())
        })
    }

    async fn stack_policy(&self, stack: &str) -> Result<Option<String>, PortError> {
        self.read("GetStackPolicy", stack, |world, _| {
            let call = request::operation("GetStackPolicy", stack);
            Ok(request::require(world, &self.place, stack, &call)?.policy.clone())
        })
    }

    async fn create_stack(&self, request: &CreateStack) -> Result<String, PortError> {
        let act = |world: &mut World, place: &Place| request::create_stack(world, place, request);
        self.write("CreateStack", request.stack.as_str(), act).await
    }

    async fn create_adopting(&self, name: &str, request: &CreateStack) -> Result<String, PortError> {
        let act = |world: &mut World, place: &Place| request::create_adopting(world, place, name, request);
        self.write("CreateChangeSet", name, act).await
    }

    async fn create_change_set(&self, name: &str, request: &UpdateStack) -> Result<String, PortError> {
        let act = |world: &mut World, place: &Place| request::create_change_set(world, place, name, request);
        self.write("CreateChangeSet", name, act).await
    }

    async fn describe_change_set(&self, change_set: &str) -> Result<ChangeSet, PortError> {
        self.read("DescribeChangeSet", change_set, |world, _| {
            request::describe_change_set(world, &self.place, change_set)
        })
    }

    async fn execute_change_set(&self, change_set: &str, token: &str) -> Result<(), PortError> {
        let act =
            |world: &mut World, place: &Place| request::execute_change_set(world, place, change_set, token);
        self.write("ExecuteChangeSet", change_set, act).await
    }

    async fn delete_change_set(&self, stack: &str, change_set: &str) -> Result<(), PortError> {
        let act = |world: &mut World, place: &Place| {
            request::delete_change_set(world, place, stack, change_set);
            Ok(())
        };
        self.write("DeleteChangeSet", change_set, act).await
    }

    async fn update_stack(&self, request: &UpdateStack) -> Result<UpdateAnswer, PortError> {
        let act = |world: &mut World, place: &Place| request::update_stack(world, place, request);
        self.write("UpdateStack", &request.stack, act).await
    }

    async fn continue_rollback(&self, request: &ContinueRollback) -> Result<(), PortError> {
        let act = |world: &mut World, place: &Place| request::continue_rollback(world, place, request);
        self.write("ContinueUpdateRollback", &request.stack, act).await
    }

    async fn delete_stack(&self, request: &DeleteStack) -> Result<(), PortError> {
        let act = |world: &mut World, place: &Place| request::delete_stack(world, place, request);
        self.write("DeleteStack", &request.stack, act).await
    }

    async fn set_termination_protection(&self, stack: &str, enabled: bool) -> Result<(), PortError> {
        let act = |world: &mut World, place: &Place| {
            request::set_termination_protection(world, place, stack, enabled)
        };
        self.write("UpdateTerminationProtection", stack, act).await
    }

    async fn set_stack_policy(&self, stack: &str, policy: &str) -> Result<(), PortError> {
        let act = |world: &mut World, place: &Place| request::set_stack_policy(world, place, stack, policy);
        self.write("SetStackPolicy", stack, act).await
    }

    async fn events(&self, stack: &str, page: Option<&str>) -> Result<Page<StackEvent>, PortError> {
        self.read("DescribeStackEvents", stack, |world, _| {
            let call = request::operation("DescribeStackEvents", stack);
            Ok(request::events(request::require(world, &self.place, stack, &call)?, page))
        })
    }

    async fn resources(&self, stack: &str, page: Option<&str>) -> Result<Page<StackResource>, PortError> {
        self.read("ListStackResources", stack, |world, _| {
            let call = request::operation("ListStackResources", stack);
            Ok(request::resources(request::require(world, &self.place, stack, &call)?, page))
        })
    }

    async fn importers(&self, export: &str) -> Result<Vec<String>, PortError> {
        self.read("ListImports", export, |world, _| Ok(request::importers(world, &self.place, export)))
    }

    async fn contents(&self, storage: &Storage) -> Result<Option<Contents>, PortError> {
        let call = match storage.kind {
            StorageKind::Bucket => "ListObjectVersions",
            StorageKind::Repository => "ListImages",
        };
        self.read(call, &storage.name, |world, _| Ok(request::contents(world, &self.place, storage)))
    }

    async fn empty(&self, storage: &Storage) -> Result<u64, PortError> {
        let call = match storage.kind {
            StorageKind::Bucket => "DeleteObjects",
            StorageKind::Repository => "BatchDeleteImage",
        };
        let act = |world: &mut World, place: &Place| Ok(request::empty(world, place, storage));
        self.write(call, &storage.name, act).await
    }

    async fn guests(&self, networks: &Networks) -> Result<Vec<Guest>, PortError> {
        self.read("DescribeNetworkInterfaces", "", |world, _| {
            Ok(request::guests(world, &self.place, networks))
        })
    }

    async fn delete_interface(&self, interface: &str) -> Result<(), PortError> {
        let act = |world: &mut World, place: &Place| request::delete_interface(world, place, interface);
        self.write("DeleteNetworkInterface", interface, act).await
    }

    async fn tagged(
        &self,
        tags: &BTreeMap<String, String>,
        page: Option<&str>,
    ) -> Result<Page<TaggedResource>, PortError> {
        self.read("GetResources", "", |world, _| Ok(request::tagged(world, &self.place, tags, page)))
    }

    async fn presence(&self, things: &[Outside]) -> Result<Vec<Presence>, PortError> {
        self.read("DescribeSecret", "", |world, _| {
            Ok(things.iter().map(|thing| request::presence(world, &self.place, thing)).collect())
        })
    }

    async fn quota(&self, kind: QuotaKind) -> Result<Option<Quota>, PortError> {
        self.read("DescribeAccountLimits", "", |world, _| Ok(request::quota(world, kind)))
    }

    async fn restore_points(
        &self,
        resource: &str,
        _page: Option<&str>,
    ) -> Result<Page<RestorePoint>, PortError> {
        self.read("ListRecoveryPointsByResource", resource, |world, _| {
            Ok(Page { items: request::restore_points(world, &self.place, resource), next: None })
        })
    }

    async fn detect_drift(&self, stack: &str) -> Result<String, PortError> {
        self.read("DetectStackDrift", stack, |world, _| request::detect_drift(world, &self.place, stack))
    }

    async fn drift_detection(&self, detection: &str) -> Result<DriftDetection, PortError> {
        self.read("DescribeStackDriftDetectionStatus", detection, |world, _| {
            request::drift_detection(world, &self.place, detection)
        })
    }

    async fn resource_drifts(&self, stack: &str) -> Result<ResourceDrifts, PortError> {
        self.read("DescribeStackResourceDrifts", stack, |world, _| {
            request::resource_drifts(world, &self.place, stack)
        })
    }

    async fn wait_for_change(&self, deadline: Duration) -> Result<Changes, PortError> {
        let changed = self.cloud.change(|world| Ok(world.wait(&self.place, deadline))).await?;
        Ok(Changes::Stacks(changed))
    }

    fn now(&self) -> Timestamp {
        self.cloud.world().clock
    }
}
