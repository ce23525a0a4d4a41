//! Creating stacks and reading them back.

use rekindle::model::StackStatus;
use rekindle::port::PortErrorKind;
use serde_json::json;

use super::world::{World, creation, pairs, queue};

pub async fn a_stack_is_created_and_described(world: &World) {
    let mut template = queue(5);
    template["Parameters"] = json!({"Size": {"Type": "String"}, "Zones": {"Type": "CommaDelimitedList"}});
    let mut request = creation("network", &template);
    request.body.parameters = pairs(&[("Size", "small"), ("Zones", "a,b")]);
    let id = world.cloud.create_stack(&request).await.unwrap();
    let stack = world.settled(&id).await;
    let arn = format!("arn:aws:cloudformation:eu-central-1:{}:stack/network/", world.account);
    assert!(stack.id.starts_with(&arn), "{}", stack.id);
    assert_eq!((stack.id.as_str(), stack.name.as_str()), (id.as_str(), "network"));
    assert_eq!(stack.status, StackStatus::CreateComplete);
    assert_eq!(stack.parameters, request.body.parameters);
    assert_eq!(stack.tags, request.body.tags);
    let queue_arn = format!("arn:aws:sqs:eu-central-1:{}:{}", world.account, stack.outputs["Name"]);
    assert_eq!(stack.outputs["Arn"], queue_arn);
    assert!(stack.created.is_some());
    // AWS: a stack that was never updated has no time of its last update. ministack shows one.
    assert_eq!(stack.updated.is_some(), world.differs(false, true));
    assert!(!stack.termination_protection);
    assert_eq!(world.cloud.describe_stack("network").await.unwrap(), Some(stack));
}

pub async fn a_template_comes_back_as_it_was_sent(world: &World) {
    let mut request = creation("network", &queue(5));
    request.body.template = format!(" {}\n", queue(5))
        .replace("{\"Outputs\"", "{\"Description\":\"Gr\\u00f6\\u00dfe\",\"Outputs\"");
    assert!(request.body.template.contains("\\u00f6"));
    let id = world.cloud.create_stack(&request).await.unwrap();
    world.settled(&id).await;
    assert_eq!(world.cloud.template(&id).await.unwrap(), request.body.template);
}

pub async fn secret_parameters_read_back_masked(world: &World) {
    let mut template = queue(5);
    template["Parameters"] = json!({"Password": {"Type": "String", "NoEcho": true}});
    let mut request = creation("data", &template);
    request.body.parameters = pairs(&[("Password", "hunter2")]);
    let id = world.cloud.create_stack(&request).await.unwrap();
    assert_eq!(world.settled(&id).await.parameters["Password"], "****");
}

pub async fn parameters_that_break_their_rules_are_refused(world: &World) {
    let mut template = queue(5);
    template["Parameters"] = json!({"Size": {"Type": "String", "AllowedValues": ["small", "large"]}});
    let table: [&[(&str, &str)]; 3] = [&[], &[("Size", "huge")], &[("Size", "small"), ("Other", "x")]];
    for parameters in table {
        let mut request = creation("network", &template);
        request.body.parameters = pairs(parameters);
        let answer = world.cloud.create_stack(&request).await;
        let unknown = parameters.len() == 2;
        // AWS: "Parameters: [Other] do not exist in the template". ministack ignores them.
        if unknown && world.differs(false, true) {
            answer.unwrap();
            continue;
        }
        assert_eq!(answer.unwrap_err().kind, PortErrorKind::Invalid, "{parameters:?}");
        assert_eq!(world.cloud.describe_stack("network").await.unwrap(), None, "nothing was made");
    }
}

pub async fn a_template_that_is_none_is_refused(world: &World) {
    // AWS: a template has at least one resource, and every resource has a type. ministack lets
    // both pass.
    let accepted = world.differs(0, 2);
    let table = ["{}", "{\"Resources\": {\"A\": {}}}", "{", "[]"];
    for (number, template) in table.into_iter().enumerate() {
        let mut request = creation(&format!("network-{number}"), &queue(5));
        request.body.template = template.to_owned();
        let answer = world.cloud.create_stack(&request).await;
        if number < accepted {
            answer.unwrap();
            continue;
        }
        assert_eq!(answer.unwrap_err().kind, PortErrorKind::Invalid, "{template}");
    }
}

pub async fn a_name_is_given_once(world: &World) {
    world.create("network", &queue(5)).await;
    let mut again = creation("network", &queue(6));
    again.token = "another".to_owned();
    assert_eq!(world.cloud.create_stack(&again).await.unwrap_err().kind, PortErrorKind::AlreadyExists);
}

pub async fn a_creation_asked_for_again_is_one(world: &World) {
    let request = creation("network", &queue(5));
    let id = world.cloud.create_stack(&request).await.unwrap();
    let again = world.cloud.create_stack(&request).await;
    // AWS: a request with the token of an earlier one gets the earlier answer. ministack does not
    // look at tokens.
    if world.differs(false, true) {
        assert_eq!(again.unwrap_err().kind, PortErrorKind::AlreadyExists);
    } else {
        assert_eq!(again.unwrap(), id);
    }
    world.settled(&id).await;
    assert_eq!(world.listed().await.concat().len(), 1);
}

pub async fn events_tell_the_story_newest_first(world: &World) {
    let stack = world.create("network", &queue(5)).await;
    let events = world.events(&stack.id).await;
    let story: Vec<_> =
        events.iter().rev().map(|event| (event.logical_id.as_str(), event.status.as_str())).collect();
    let of_queue: Vec<_> = story.iter().filter(|(id, _)| *id == "Queue").map(|(_, status)| *status).collect();
    assert_eq!(story.first(), Some(&("network", "CREATE_IN_PROGRESS")));
    assert_eq!(story.last(), Some(&("network", "CREATE_COMPLETE")));
    assert_eq!(of_queue.first(), Some(&"CREATE_IN_PROGRESS"));
    assert_eq!(of_queue.last(), Some(&"CREATE_COMPLETE"));
    assert!(events.windows(2).all(|pair| pair[0].time >= pair[1].time));
    assert!(events.iter().all(|event| event.token.as_deref() == Some("create-network")));
}

pub async fn a_stack_policy_is_kept(world: &World) {
    let policy = r#"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}"#;
    let plain = world.create("network", &queue(5)).await;
    assert_eq!(world.cloud.stack_policy(&plain.id).await.unwrap(), None);
    world.cloud.set_stack_policy(&plain.id, policy).await.unwrap();
    assert_eq!(world.cloud.stack_policy(&plain.id).await.unwrap().as_deref(), Some(policy));
    let mut request = creation("data", &queue(5));
    request.stack_policy = Some(policy.to_owned());
    let id = world.cloud.create_stack(&request).await.unwrap();
    assert_eq!(world.cloud.stack_policy(&id).await.unwrap().as_deref(), Some(policy));
}
