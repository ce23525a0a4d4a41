//! The same scenarios against every CloudFormation at hand: the embedded engine and ministack.
//!
//! They say what AWS documents. Where one of the two does something else, the scenario says
//! [`World::differs`] with both values and the reason; `docs/conformance.md` lists them all.

mod create;
mod delete;
mod failure;
mod language;
mod list;
#[cfg(feature = "aws")]
mod ministack_side;
mod table;
mod update;
mod values;
pub mod world;

/// Runs each scenario on each engine, as tests of their own.
macro_rules! scenarios {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {$($(
            #[tokio::test]
            async fn $name() {
                super::$module::$name(&super::world::World::embedded().await).await;
            }
        )+)+}

        #[cfg(feature = "aws")]
        mod ministack {$($(
            #[tokio::test]
            async fn $name() {
                super::$module::$name(&super::world::World::ministack().await).await;
            }
        )+)+}
    };
}

scenarios! {
    create: a_stack_is_created_and_described, a_template_comes_back_as_it_was_sent,
        secret_parameters_read_back_masked, parameters_that_break_their_rules_are_refused,
        a_template_that_is_none_is_refused, a_name_is_given_once, a_creation_asked_for_again_is_one,
        events_tell_the_story_newest_first, a_stack_policy_is_kept;
    update: a_change_set_announces_and_does_it, a_replacement_is_announced_and_done,
        a_change_set_without_changes_is_empty, a_change_of_metadata_alone_is_none,
        a_change_of_one_output_counts, a_change_of_tags_counts, a_change_set_can_be_taken_back,
        an_update_goes_without_a_change_set;
    failure: a_failed_creation_is_rolled_back, a_failed_update_is_rolled_back,
        a_rolled_back_creation_can_only_be_deleted, what_is_absent_is_named;
    delete: a_deleted_stack_is_found_by_its_arn_only, a_protected_stack_is_not_deleted,
        what_does_not_exist_is_deleted_already,
        a_stack_lists_its_resources_and_its_events_account_for_them, who_imports_an_export_is_known,
        values_that_nobody_can_read_are_kept, what_carries_tags_is_found_until_it_is_gone;
    values: expressions_have_the_documented_values, templates_that_refer_to_nothing_are_refused,
        an_export_in_use_stays, a_retained_resource_outlives_its_stack,
        a_parameter_changes_what_depends_on_it;
    language: loops_are_written_out_and_the_source_comes_back, loops_that_cannot_be_written_out_are_refused,
        rules_are_judged_before_anything_is_made;
    list: every_stack_is_listed_once_over_several_pages, deleted_stacks_are_not_listed,
        accounts_are_kept_apart, an_untouched_stack_has_no_drift;
}
