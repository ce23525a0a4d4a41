//! Which functions CloudFormation evaluates where.
//!
//! Source: AWS CloudFormation user guide, "Supported functions" of each intrinsic function.

use crate::lint::functions::kind::{Function as F, Functions};

/// In property values, outputs, policies and metadata.
pub(in crate::lint) const VALUES: Functions = Functions::these(&[
    F::Base64,
    F::Cidr,
    F::FindInMap,
    F::ForEach,
    F::GetAtt,
    F::GetAzs,
    F::GetStackOutput,
    F::If,
    F::ImportValue,
    F::Join,
    F::Length,
    F::Ref,
    F::Select,
    F::Split,
    F::Sub,
    F::ToJsonString,
    F::Transform,
]);

/// As a condition, or inside `Fn::And`, `Fn::Or` and `Fn::Not`.
pub(in crate::lint) const CONDITIONS: Functions =
    Functions::these(&[F::And, F::Condition, F::Equals, F::Not, F::Or]);

/// The same in the section `Rules`.
pub(in crate::lint) const RULE_CONDITIONS: Functions =
    CONDITIONS.and(Functions::these(&[F::Contains, F::EachMemberEquals, F::EachMemberIn]));

/// What the functions of rules compare.
pub(in crate::lint) const RULE_VALUES: Functions =
    Functions::these(&[F::Ref, F::RefAll, F::ValueOf, F::ValueOfAll]);

/// What `Fn::Equals` compares.
pub(in crate::lint) const EQUALS: Functions = Functions::these(&[
    F::FindInMap,
    F::If,
    F::Join,
    F::Length,
    F::Ref,
    F::Select,
    F::Split,
    F::Sub,
    F::ToJsonString,
]);

/// The text that `Fn::Base64` encodes, and variables of `Fn::Sub`.
pub(in crate::lint) const TEXTS: Functions = Functions::these(&[
    F::Base64,
    F::Cidr,
    F::FindInMap,
    F::GetAtt,
    F::GetAzs,
    F::GetStackOutput,
    F::If,
    F::ImportValue,
    F::Join,
    F::Length,
    F::Ref,
    F::Select,
    F::Sub,
    F::ToJsonString,
    F::Transform,
]);

/// The arguments of `Fn::Cidr`.
pub(in crate::lint) const CIDR: Functions =
    Functions::these(&[F::FindInMap, F::GetAtt, F::If, F::ImportValue, F::Select, F::Sub, F::Ref]);

/// The name that `Fn::ImportValue` imports: what is known before any resource exists.
pub(in crate::lint) const IMPORT: Functions =
    Functions::these(&[F::Base64, F::FindInMap, F::If, F::Join, F::Ref, F::Select, F::Sub]);

/// What `Fn::GetStackOutput` looks up.
pub(in crate::lint) const STACK_OUTPUT: Functions =
    IMPORT.and(Functions::these(&[F::GetAtt, F::ImportValue]));

/// The region of `Fn::GetAZs`.
pub(in crate::lint) const REGION: Functions =
    Functions::these(&[F::GetAtt, F::If, F::Join, F::Ref, F::Select, F::Sub]);

/// The whole list of `Fn::Join` and `Fn::Select`.
pub(in crate::lint) const LIST: Functions =
    Functions::these(&[F::Cidr, F::FindInMap, F::GetAtt, F::GetAzs, F::If, F::Ref, F::Split]);

/// Items of the list of `Fn::Join`, and the text of `Fn::Split`.
pub(in crate::lint) const PIECES: Functions = Functions::these(&[
    F::Base64,
    F::FindInMap,
    F::GetAtt,
    F::GetAzs,
    F::GetStackOutput,
    F::If,
    F::ImportValue,
    F::Join,
    F::Ref,
    F::Select,
    F::Sub,
    F::Transform,
]);

/// Items of the list of `Fn::Select`.
pub(in crate::lint) const CHOICES: Functions =
    Functions::these(&[F::FindInMap, F::GetAtt, F::GetStackOutput, F::If, F::Ref]);

/// Keys of `Fn::FindInMap` and the index of `Fn::Select`.
pub(in crate::lint) const KEYS: Functions = Functions::these(&[F::FindInMap, F::Ref]);

/// Functions that are there only with `AWS::LanguageExtensions`.
pub(in crate::lint) const EXTENSIONS: Functions = Functions::these(&[F::ForEach, F::Length, F::ToJsonString]);
