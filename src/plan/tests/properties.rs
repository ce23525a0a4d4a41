use proptest::prelude::*;

use crate::model::{Class, DesiredUnit, Protection};
use crate::plan::fixture::{Vary, deploy, deploy_context, deployed, instance, teardown_context, unit};
use crate::plan::graph::{self, Graph};
use crate::plan::{ActionKind, Observation, Plan, check, teardown};

/// Up to 14 units; each may read from units before it.
fn units() -> impl Strategy<Value = Vec<DesiredUnit>> {
    prop::collection::vec((0_u8..3, prop::collection::vec(0_usize..14, 0..4)), 1..14).prop_map(|seeds| {
        let one = |(index, (class, needs)): (usize, (u8, Vec<usize>))| {
            let class = [Class::Stateless, Class::Data, Class::Permanent][usize::from(class)];
            let start = unit(&format!("unit-{index}")).class(class);
            needs
                .into_iter()
                .filter(|need| *need < index)
                .fold(start, |unit, need| unit.reads(&format!("From{need}"), &format!("unit-{need}")))
        };
        seeds.into_iter().enumerate().map(one).collect()
    })
}

fn order(plan: &Plan) -> Vec<String> {
    let needs: Graph = plan.actions.iter().map(|it| (it.instance.clone(), it.needs.clone())).collect();
    graph::order(&needs).unwrap().iter().map(ToString::to_string).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_plan_after_a_deploy_is_empty(units in units()) {
        let plan = deploy(&units, &deploy_context(), &deployed(&units)).unwrap();
        prop_assert!(plan.is_empty());
    }

    #[test]
    fn the_order_of_the_arguments_does_not_matter(units in units()) {
        let mut shuffled = units.clone();
        shuffled.reverse();
        let mut observation = deployed(&units);
        observation.stacks.values_mut().for_each(|stacks| stacks.reverse());
        for observation in [observation, Observation::default()] {
            prop_assert_eq!(
                deploy(&units, &deploy_context(), &observation),
                deploy(&shuffled, &deploy_context(), &observation)
            );
        }
    }

    #[test]
    fn a_teardown_is_a_deploy_backwards_without_the_source(units in units()) {
        let up = deploy(&units, &deploy_context(), &Observation::default()).unwrap();
        let down = teardown(&teardown_context(Protection::Disposable), &deployed(&units)).unwrap();
        prop_assert_eq!(down.count(ActionKind::Delete), units.len());
        prop_assert_eq!(order(&up), order(&down));
    }

    #[test]
    fn nothing_that_stays_loses_what_it_needs(units in units()) {
        let plan = teardown(&teardown_context(Protection::Standard), &deployed(&units)).unwrap();
        prop_assert_eq!(check(&plan), Ok(()));
        for unit in &units {
            let stays = |name| plan.action(name).unwrap().action == ActionKind::Keep;
            if unit.class != Class::Stateless {
                prop_assert!(stays(unit.instance()));
            }
            if stays(unit.instance()) {
                prop_assert!(unit.needs.iter().all(stays));
            }
        }
    }

    #[test]
    fn a_change_reaches_exactly_what_depends_on_it(units in units(), chosen in 0_usize..14) {
        let chosen = chosen % units.len();
        let observation = deployed(&units);
        let mut changed = units.clone();
        changed[chosen] = changed[chosen].clone().display_name("changed");
        let plan = deploy(&changed, &deploy_context(), &observation).unwrap();
        let needs: Graph = units.iter().map(|it| (it.instance().clone(), it.needs.clone())).collect();
        for unit in &units {
            let reached = unit.instance() == changed[chosen].instance()
                || graph::needed_by(&needs, &[unit.instance().clone()].into())
                    .contains_key(changed[chosen].instance());
            let action = plan.action(unit.instance()).unwrap().action;
            prop_assert_eq!(action == ActionKind::Update, reached);
        }
    }
}

#[test]
fn a_long_chain_is_no_problem() {
    let chain: Vec<DesiredUnit> = (0..2_000)
        .map(|index| match index {
            0 => unit("unit-0"),
            _ => unit(&format!("unit-{index}")).reads("Before", &format!("unit-{}", index - 1)),
        })
        .collect();
    let plan = deploy(&chain, &deploy_context(), &Observation::default()).unwrap();
    assert_eq!(order(&plan).last().map(String::as_str), Some("unit-1999"));
    assert!(deploy(&chain, &deploy_context(), &deployed(&chain)).unwrap().is_empty());
    assert!(plan.action(&instance("unit-7")).unwrap().needs.contains(&instance("unit-6")));
}
