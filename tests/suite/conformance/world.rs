//! One engine with an account of its own, and what the scenarios do with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rekindle::local;
use rekindle::model::{ObservedStack, StackEvent};
use rekindle::port::{
    ChangeSet, ChangeSetStatus, CloudFormation, CreateStack, DeleteStack, DriftDetection, PortError,
    StackBody, UpdateStack,
};
use serde_json::{Value, json};

/// Which engine it is.
enum Engine {
    Embedded(local::Cloud),
    #[cfg(feature = "aws")]
    Ministack,
}

/// One engine, in an account that nobody else uses.
pub struct World {
    /// Its CloudFormation.
    pub cloud: Arc<dyn CloudFormation>,
    /// The account.
    pub account: String,
    engine: Engine,
}

impl World {
    /// The embedded engine, in memory.
    pub async fn embedded() -> Self {
        let cloud =
            local::Cloud::in_memory(local::Options { now: Timestamp::UNIX_EPOCH, faults: Vec::new() });
        Self::of_embedded(cloud, "111122223333")
    }

    fn of_embedded(cloud: local::Cloud, account: &str) -> Self {
        let client = cloud.client(account.parse().unwrap(), "eu-central-1".parse().unwrap());
        Self { cloud: Arc::new(client), account: account.to_owned(), engine: Engine::Embedded(cloud) }
    }

    /// The same engine seen from another account.
    pub async fn elsewhere(&self) -> Self {
        match &self.engine {
            Engine::Embedded(cloud) => Self::of_embedded(cloud.clone(), "444455556666"),
            #[cfg(feature = "aws")]
            Engine::Ministack => Self::ministack().await,
        }
    }

    /// ministack, over HTTP, through the AWS adapter.
    #[cfg(feature = "aws")]
    pub async fn ministack() -> Self {
        use crate::support::{ministack, target};
        let account = ministack::account();
        let server = ministack::shared();
        let cloud = target::cloud(&server.endpoint, &account, &target::target(&account)).await;
        Self::of_ministack(cloud, account)
    }

    /// ministack by way of an adapter that was made elsewhere.
    #[cfg(feature = "aws")]
    pub fn of_ministack(cloud: Arc<dyn CloudFormation>, account: String) -> Self {
        Self { cloud, account, engine: Engine::Ministack }
    }

    /// The address under which the objects of buckets are found.
    pub fn objects(&self) -> String {
        match &self.engine {
            Engine::Embedded(_) => "https://s3.eu-central-1.amazonaws.com".to_owned(),
            #[cfg(feature = "aws")]
            Engine::Ministack => crate::support::ministack::shared().endpoint.clone(),
        }
    }

    /// Puts an object into a bucket, which is made when it is not there.
    pub async fn put_object(&self, bucket: &str, key: &str, text: &str) {
        match &self.engine {
            Engine::Embedded(cloud) => {
                let mut answers = local::Answers::default();
                answers.put_object(format!("{bucket}/{key}"), text);
                cloud.set_answers(answers);
            }
            #[cfg(feature = "aws")]
            Engine::Ministack => super::ministack_side::put_object(&self.account, bucket, key, text).await,
        }
    }

    /// Does to a stack's bucket, called `Bucket` in its template, what somebody does by hand.
    pub async fn suspend_versioning(&self, stack: &str, bucket: &str) {
        match &self.engine {
            Engine::Embedded(cloud) => {
                let client = cloud.client(self.account.parse().unwrap(), "eu-central-1".parse().unwrap());
                let changed = [("VersioningConfiguration".to_owned(), json!({"Status": "Suspended"}))].into();
                client.tamper(stack, "Bucket", &changed).await.unwrap();
                let _ = bucket;
            }
            #[cfg(feature = "aws")]
            Engine::Ministack => super::ministack_side::suspend_versioning(&self.account, bucket).await,
        }
    }

    /// A change set that imports buckets, once it is computed: names by logical id.
    pub async fn import_set(
        &self,
        name: &str,
        request: &UpdateStack,
        imports: &BTreeMap<String, String>,
    ) -> Result<String, PortError> {
        let id = match &self.engine {
            Engine::Embedded(cloud) => {
                let client = cloud.client(self.account.parse().unwrap(), "eu-central-1".parse().unwrap());
                client.create_import(name, request, imports).await?
            }
            #[cfg(feature = "aws")]
            Engine::Ministack => {
                super::ministack_side::import_set(&self.account, name, request, imports).await
            }
        };
        while self.cloud.describe_change_set(&id).await?.status == ChangeSetStatus::Pending {
            self.cloud.wait_for_change(Duration::from_millis(50)).await?;
        }
        Ok(id)
    }

    /// What is expected where the two differ; the reason stands beside the call.
    pub fn differs<T>(&self, embedded: T, ministack: T) -> T {
        if matches!(self.engine, Engine::Embedded(_)) { embedded } else { ministack }
    }

    /// Creates a stack of this template and waits for the end.
    pub async fn create(&self, name: &str, template: &Value) -> ObservedStack {
        let id = self.cloud.create_stack(&creation(name, template)).await.unwrap();
        self.settled(&id).await
    }

    /// The stack once nothing is going on any more.
    pub async fn settled(&self, stack: &str) -> ObservedStack {
        loop {
            let observed = self.cloud.describe_stack(stack).await.unwrap().unwrap();
            if !observed.status.is_busy() {
                return observed;
            }
            self.cloud.wait_for_change(Duration::from_millis(50)).await.unwrap();
        }
    }

    /// Makes a change set and waits until it is computed; returns its ARN too.
    pub async fn change_set(&self, name: &str, request: &UpdateStack) -> (String, ChangeSet) {
        let id = self.cloud.create_change_set(name, request).await.unwrap();
        loop {
            let change_set = self.cloud.describe_change_set(&id).await.unwrap();
            if change_set.status != ChangeSetStatus::Pending {
                return (id, change_set);
            }
            self.cloud.wait_for_change(Duration::from_millis(50)).await.unwrap();
        }
    }

    /// Carries a change set out and waits for the end.
    pub async fn execute(&self, stack: &str, change_set: &str) -> ObservedStack {
        self.cloud.execute_change_set(change_set, "execute").await.unwrap();
        self.settled(stack).await
    }

    /// What a finished drift detection says.
    pub async fn drift(&self, stack: &str) -> DriftDetection {
        let detection = self.cloud.detect_drift(stack).await.unwrap();
        loop {
            let answer = self.cloud.drift_detection(&detection).await.unwrap();
            if answer != DriftDetection::Pending {
                return answer;
            }
            self.cloud.wait_for_change(Duration::from_millis(50)).await.unwrap();
        }
    }

    /// Every event of a stack, newest first.
    pub async fn events(&self, stack: &str) -> Vec<StackEvent> {
        let mut events = Vec::new();
        let mut next = None;
        loop {
            let page = self.cloud.events(stack, next.as_deref()).await.unwrap();
            events.extend(page.items);
            next = page.next;
            if next.is_none() {
                return events;
            }
        }
    }

    /// Every stack that is listed, page by page.
    pub async fn listed(&self) -> Vec<Vec<ObservedStack>> {
        let mut pages = Vec::new();
        let mut next = None;
        loop {
            let page = self.cloud.describe_stacks(next.as_deref()).await.unwrap();
            pages.push(page.items);
            next = page.next;
            if next.is_none() {
                return pages;
            }
        }
    }
}

/// Text pairs as a map.
pub fn pairs(items: &[(&str, &str)]) -> BTreeMap<String, String> {
    items.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What a stack is made of: this template, and nothing else.
pub fn body(template: &Value) -> StackBody {
    StackBody {
        template: template.to_string(),
        parameters: BTreeMap::new(),
        kept_parameters: std::collections::BTreeSet::new(),
        tags: pairs(&[("team", "platform")]),
        capabilities: Vec::new(),
        service_role: None,
        notifications: Vec::new(),
    }
}

/// A request for a stack of this template.
pub fn creation(name: &str, template: &Value) -> CreateStack {
    CreateStack {
        stack: name.parse().unwrap(),
        body: body(template),
        stack_policy: None,
        termination_protection: false,
        timeout_minutes: None,
        token: format!("create-{name}"),
    }
}

/// A request to make `stack` be this template.
pub fn update(stack: &str, template: &Value) -> UpdateStack {
    UpdateStack {
        stack: stack.to_owned(),
        body: body(template),
        reverts_drift: false,
        token: "update".to_owned(),
    }
}

/// A request to delete `stack`.
pub fn deletion(stack: &str) -> DeleteStack {
    DeleteStack {
        stack: stack.to_owned(),
        service_role: None,
        retain: Default::default(),
        token: "delete".to_owned(),
    }
}

/// One queue with a delay, and outputs that name it.
pub fn queue(delay: u32) -> Value {
    json!({
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}},
        },
        "Outputs": {
            "Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}},
            "Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}},
        },
    })
}

/// The same, and a bucket whose name is taken by another one of the same template.
pub fn broken(delay: u32) -> Value {
    let mut template = queue(delay);
    let name = json!({"Fn::Sub": "${AWS::AccountId}-taken"});
    let bucket = json!({"Type": "AWS::S3::Bucket", "DependsOn": "Queue", "Properties": {"BucketName": name}});
    let mut second = bucket.clone();
    second["DependsOn"] = json!("Bucket");
    template["Resources"]["Bucket"] = bucket;
    template["Resources"]["Broken"] = second;
    template
}
