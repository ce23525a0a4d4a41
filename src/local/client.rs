//! The port over the embedded cloud: one account in one region.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::local::cloud::Cloud;
use crate::local::place::Place;
use crate::local::request;
use crate::model::{ObservedStack, StackEvent};
use crate::port::{
    ChangeSet, Changes, CloudFormation, CreateStack, DeleteStack, DriftDetection, Identity, Page, PortError,
    ResourceDrift, UpdateAnswer, UpdateStack,
};

/// Stacks of a page, as in the real API.
const PAGE: usize = 100;

/// CloudFormation of one account in one region of the embedded cloud.
#[derive(Clone, Debug)]
pub struct Client {
    cloud: Cloud,
    place: Place,
}

impl Client {
    pub(super) fn new(cloud: Cloud, place: Place) -> Self {
        Self { cloud, place }
    }
}

#[async_trait]
impl CloudFormation for Client {
    async fn identity(&self) -> Result<Identity, PortError> {
        let Place { account, region } = self.place.clone();
        let caller = format!("arn:{}:iam::{account}:user/rekindle", self.place.partition());
        Ok(Identity { account, region, caller })
    }

    async fn describe_stacks(&self, page: Option<&str>) -> Result<Page<ObservedStack>, PortError> {
        let world = self.cloud.world();
        let mut found = world.page(&self.place, page, PAGE + 1);
        let more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| more).map(|stack| stack.name.clone());
        Ok(Page { items: found.into_iter().map(|stack| stack.observed()).collect(), next })
    }

    async fn describe_stack(&self, stack: &str) -> Result<Option<ObservedStack>, PortError> {
        Ok(self.cloud.world().find(&self.place, stack).map(|stack| stack.observed()))
    }

    async fn template(&self, stack: &str) -> Result<String, PortError> {
        let call = request::operation("GetTemplate", stack);
        let world = self.cloud.world();
        Ok(request::require(&world, &self.place, stack, &call)?.body.template.clone())
    }

    async fn stack_policy(&self, stack: &str) -> Result<Option<String>, PortError> {
        let call = request::operation("GetStackPolicy", stack);
        let world = self.cloud.world();
        Ok(request::require(&world, &self.place, stack, &call)?.policy.clone())
    }

    async fn create_stack(&self, request: &CreateStack) -> Result<String, PortError> {
        self.cloud.change(|world| request::create_stack(world, &self.place, request)).await
    }

    async fn create_change_set(&self, name: &str, request: &UpdateStack) -> Result<String, PortError> {
        self.cloud.change(|world| request::create_change_set(world, &self.place, name, request)).await
    }

    async fn describe_change_set(&self, change_set: &str) -> Result<ChangeSet, PortError> {
        request::describe_change_set(&self.cloud.world(), &self.place, change_set)
    }

    async fn execute_change_set(&self, change_set: &str, token: &str) -> Result<(), PortError> {
        self.cloud.change(|world| request::execute_change_set(world, &self.place, change_set, token)).await
    }

    async fn delete_change_set(&self, change_set: &str) -> Result<(), PortError> {
        let remove = |world: &mut _| {
            request::delete_change_set(world, &self.place, change_set);
            Ok(())
        };
        self.cloud.change(remove).await
    }

    async fn update_stack(&self, request: &UpdateStack) -> Result<UpdateAnswer, PortError> {
        self.cloud.change(|world| request::update_stack(world, &self.place, request)).await
    }

    async fn delete_stack(&self, request: &DeleteStack) -> Result<(), PortError> {
        self.cloud.change(|world| request::delete_stack(world, &self.place, request)).await
    }

    async fn set_termination_protection(&self, stack: &str, enabled: bool) -> Result<(), PortError> {
        self.cloud
            .change(|world| request::set_termination_protection(world, &self.place, stack, enabled))
            .await
    }

    async fn set_stack_policy(&self, stack: &str, policy: &str) -> Result<(), PortError> {
        self.cloud.change(|world| request::set_stack_policy(world, &self.place, stack, policy)).await
    }

    async fn events(&self, stack: &str, page: Option<&str>) -> Result<Page<StackEvent>, PortError> {
        let call = request::operation("DescribeStackEvents", stack);
        let world = self.cloud.world();
        Ok(request::events(request::require(&world, &self.place, stack, &call)?, page))
    }

    async fn detect_drift(&self, stack: &str) -> Result<String, PortError> {
        request::detect_drift(&self.cloud.world(), &self.place, stack)
    }

    async fn drift_detection(&self, detection: &str) -> Result<DriftDetection, PortError> {
        request::drift_detection(&self.cloud.world(), &self.place, detection)
    }

    async fn drifted_resources(&self, stack: &str) -> Result<Vec<ResourceDrift>, PortError> {
        request::drifted_resources(&self.cloud.world(), &self.place, stack)
    }

    async fn wait_for_change(&self, deadline: Duration) -> Result<Changes, PortError> {
        let changed = self.cloud.change(|world| Ok(world.wait(&self.place, deadline))).await?;
        Ok(Changes::Stacks(changed))
    }

    fn now(&self) -> Timestamp {
        self.cloud.world().clock
    }
}
