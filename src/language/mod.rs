//! CloudFormation's template language over plain JSON: functions, conditions, rules, parameters,
//! and the expansion of `AWS::LanguageExtensions`. Pure.
//!
//! | file | holds |
//! |---|---|
//! | `evaluate` | the intrinsic functions, over whatever an [`Environment`] knows |
//! | `facts` | an environment of parameters, mappings and conditions: what is known before any resource |
//! | `conditions` | which conditions of a template hold, as far as that is known |
//! | `expand` | `Fn::ForEach` and what else `AWS::LanguageExtensions` brings; where each part came from |
//! | `rules` | the section `Rules` |
//! | `parameters`, `parameter_type`, `pattern` | declarations, types and values of parameters |
//! | `dynamic_references` | the `{{resolve:...}}` in texts |
//! | `references` | what a piece of template refers to |
//! | `rolling_update` | what replaces the instances of a group, and how long that pauses |
//! | `stack_policy` | which updates of which resources a stack policy allows |
//! | `transforms` | which macros a template asks for |
//! | `capabilities` | what has to be acknowledged before CloudFormation takes a template |
//!
//! May not know resource types, stacks or files; may not decide what is deployed.

mod capabilities;
mod conditions;
pub mod dynamic_references;
pub mod evaluate;
pub mod expand;
mod facts;
pub mod parameter_type;
pub mod parameters;
pub mod pattern;
mod references;
pub mod rolling_update;
pub mod rules;
pub mod stack_policy;
pub mod transforms;
mod value;

pub use capabilities::capabilities;
pub use conditions::decide;
pub use evaluate::{Environment, EvaluateError, Evaluator};
pub use facts::Facts;
pub use references::{Piece, Reference, pieces, walk};
pub use value::{has_key, is_function, is_pseudo_parameter, pointer, text_of};
