//! What CloudFormation answers, in the words of the model.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::operation::describe_stack_drift_detection_status::DescribeStackDriftDetectionStatusOutput;
use aws_sdk_cloudformation::types;
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::model::{
    Change, ChangeAction, ObservedStack, Replacement, StackEvent, StackResource, StackStatus, TaggedResource,
};
use crate::port::{ChangeSetStatus, DriftDetection, PropertyDrift, ResourceDrift};

/// A stack; `None` when the answer has no name or status, which the API promises.
pub fn stack(stack: &types::Stack) -> Option<ObservedStack> {
    let status = stack.stack_status()?.as_str();
    Some(ObservedStack {
        id: stack.stack_id()?.to_owned(),
        name: stack.stack_name()?.to_owned(),
        status: status.parse().unwrap_or_else(|_| StackStatus::Unknown(status.to_owned())),
        status_reason: filled(stack.stack_status_reason()),
        parameters: pairs(stack.parameters(), |item| (item.parameter_key(), shown_value(item))),
        outputs: pairs(stack.outputs(), |item| (item.output_key(), item.output_value())),
        tags: pairs(stack.tags(), |item| (item.key(), item.value())),
        capabilities: stack.capabilities().iter().map(|word| word.as_str().to_owned()).collect(),
        role: filled(stack.role_arn()),
        termination_protection: stack.enable_termination_protection().unwrap_or_default(),
        parent: filled(stack.parent_id()),
        created: stack.creation_time().and_then(time),
        updated: stack.last_updated_time().and_then(time),
    })
}

/// What was given, not what an SSM parameter resolved to: it is compared with what is sent.
fn shown_value(parameter: &types::Parameter) -> Option<&str> {
    parameter.parameter_value().or(parameter.resolved_value())
}

fn pairs<T, M: FromIterator<(String, String)>>(
    items: &[T],
    pair: impl for<'a> Fn(&'a T) -> (Option<&'a str>, Option<&'a str>),
) -> M {
    items
        .iter()
        .filter_map(|item| {
            let (key, value) = pair(item);
            Some((key?.to_owned(), value.unwrap_or_default().to_owned()))
        })
        .collect()
}

fn filled(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn time(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), time.subsec_nanos().try_into().ok()?).ok()
}

/// An event; `None` when the answer lacks its id, time or status.
pub fn event(event: &types::StackEvent) -> Option<StackEvent> {
    Some(StackEvent {
        id: event.event_id()?.to_owned(),
        time: time(event.timestamp()?)?,
        logical_id: event.logical_resource_id()?.to_owned(),
        physical_id: filled(event.physical_resource_id()),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        status: event.resource_status()?.as_str().to_owned(),
        reason: filled(event.resource_status_reason()),
        token: filled(event.client_request_token()),
    })
}

/// A resource of a stack; `None` when the answer lacks what the API promises.
pub fn stack_resource(resource: &types::StackResourceSummary) -> Option<StackResource> {
    Some(StackResource {
        logical_id: resource.logical_resource_id()?.to_owned(),
        physical_id: filled(resource.physical_resource_id()),
        resource_type: resource.resource_type()?.to_owned(),
        status: resource.resource_status()?.as_str().to_owned(),
        reason: filled(resource.resource_status_reason()),
    })
}

/// A resource found by its tags; `None` without an ARN.
pub fn tagged(found: &aws_sdk_resourcegroupstagging::types::ResourceTagMapping) -> Option<TaggedResource> {
    let tags = found.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
    Some(TaggedResource { arn: found.resource_arn()?.to_owned(), tags: tags.collect() })
}

/// How far a change set is. The API reports an empty one as a failure whose text says so.
pub fn change_set_status(answer: &DescribeChangeSetOutput) -> ChangeSetStatus {
    use types::ChangeSetStatus as Status;
    use types::ExecutionStatus as Execution;
    let reason = answer.status_reason().unwrap_or("CloudFormation gives no reason").to_owned();
    match (answer.status(), answer.execution_status()) {
        (Some(Status::CreatePending | Status::CreateInProgress), _) => ChangeSetStatus::Pending,
        (Some(Status::CreateComplete), None | Some(Execution::Available)) => ChangeSetStatus::Ready,
        (Some(Status::CreateComplete), Some(Execution::Unavailable)) => ChangeSetStatus::Pending,
        (Some(Status::Failed), _) if says_empty(&reason) => ChangeSetStatus::Empty,
        (Some(Status::Failed), _) => ChangeSetStatus::Failed(reason),
        (Some(Status::CreateComplete), Some(execution)) => {
            ChangeSetStatus::Failed(format!("it can no longer be executed: {}", execution.as_str()))
        }
        (status, _) => ChangeSetStatus::Failed(format!(
            "it is {}: {reason}",
            status.map_or("in no known state", Status::as_str)
        )),
    }
}

/// Whether a text says that nothing would change. Known forms: "The submitted information didn't
/// contain changes. Submit different information to create a change set." and "No updates are to
/// be performed."
pub fn says_empty(text: &str) -> bool {
    let text = text.to_lowercase().replace('’', "'");
    text.contains("didn't contain changes") || text.contains("no updates are to be performed")
}

/// Whether a refused ListImports means that nobody imports the export. The API has no code for it; its
/// text is "Export 'NAME' is not imported by any stack."
pub fn says_not_imported(text: &str) -> bool {
    text.to_lowercase().contains("not imported by any stack")
}

/// One line of a change set; `None` for an entry that is about no resource (a hook).
pub fn change(change: &types::Change) -> Option<Change> {
    let change = change.resource_change()?;
    let replacement = change.replacement().and_then(replacement);
    let is_open = replacement == Some(Replacement::Conditional);
    Some(Change {
        action: match change.action()? {
            types::ChangeAction::Add => ChangeAction::Add,
            types::ChangeAction::Modify => ChangeAction::Modify,
            types::ChangeAction::Remove => ChangeAction::Remove,
            types::ChangeAction::Import => ChangeAction::Import,
            _ => ChangeAction::Dynamic,
        },
        logical_id: change.logical_resource_id()?.to_owned(),
        resource_type: change.resource_type().unwrap_or_default().to_owned(),
        replacement,
        paths: paths(change, |_| true),
        replacing: if is_open { paths(change, replaces) } else { Vec::new() },
    })
}

fn replacement(word: &types::Replacement) -> Option<Replacement> {
    match word {
        types::Replacement::True => Some(Replacement::Always),
        types::Replacement::False => Some(Replacement::Never),
        types::Replacement::Conditional => Some(Replacement::Conditional),
        _ => None,
    }
}

/// `Properties.NAME` for a property, else the attribute's name; sorted, each once. A property shows
/// once as given directly and once more per reference that changes it.
fn paths(
    change: &types::ResourceChange,
    is_wanted: impl Fn(&types::ResourceTargetDefinition) -> bool,
) -> Vec<String> {
    let targets = change.details().iter().filter_map(|detail| detail.target());
    let targets = targets.filter(|target| is_wanted(target));
    let paths: BTreeSet<String> = targets
        .filter_map(|target| {
            let attribute = target.attribute()?.as_str();
            Some(target.name().map_or(attribute.to_owned(), |name| format!("{attribute}.{name}")))
        })
        .collect();
    paths.into_iter().collect()
}

/// Whether a difference replaces the resource, or may. A property of which nothing is said may.
fn replaces(target: &types::ResourceTargetDefinition) -> bool {
    let is_property = target.attribute() == Some(&types::ResourceAttribute::Properties);
    target.requires_recreation().map_or(is_property, |word| *word != types::RequiresRecreation::Never)
}

/// How far a drift detection is.
pub fn drift_detection(answer: &DescribeStackDriftDetectionStatusOutput) -> DriftDetection {
    use types::StackDriftDetectionStatus as Status;
    match answer.detection_status() {
        Some(Status::DetectionInProgress) => DriftDetection::Pending,
        Some(Status::DetectionComplete) => {
            let drifted = answer.drifted_stack_resource_count().unwrap_or_default();
            DriftDetection::Done { drifted: u32::try_from(drifted).unwrap_or_default() }
        }
        _ => DriftDetection::Failed(
            filled(answer.detection_status_reason())
                .unwrap_or_else(|| "CloudFormation gives no reason".to_owned()),
        ),
    }
}

/// What a drift detection says of one resource.
pub enum Compared {
    /// It is not as its template says.
    Drifted(ResourceDrift),
    /// It is; its logical id.
    InSync(String),
    /// It was not compared.
    Not,
}

/// What a drift detection says of one resource.
pub fn resource_drift(drift: &types::StackResourceDrift) -> Compared {
    use types::StackResourceDriftStatus as Status;
    let Some(logical_id) = filled(drift.logical_resource_id()) else { return Compared::Not };
    let resource_type = drift.resource_type().unwrap_or_default().to_owned();
    match drift.stack_resource_drift_status() {
        Some(Status::InSync) => Compared::InSync(logical_id),
        Some(Status::Deleted) => Compared::Drifted(ResourceDrift::deleted(logical_id, resource_type)),
        Some(Status::Modified) => {
            let properties = drift.property_differences().iter().filter_map(property_drift).collect();
            Compared::Drifted(ResourceDrift::modified(logical_id, resource_type, properties))
        }
        _ => Compared::Not,
    }
}

/// Where a list has one value more or less, the other side is no value.
fn property_drift(difference: &types::PropertyDifference) -> Option<PropertyDrift> {
    let kind = difference.difference_type();
    let is = |wanted: types::DifferenceType| kind == Some(&wanted);
    Some(PropertyDrift {
        path: filled(difference.property_path())?,
        expected: filled(difference.expected_value()).filter(|_| !is(types::DifferenceType::Add)),
        actual: filled(difference.actual_value()).filter(|_| !is(types::DifferenceType::Remove)),
    })
}
