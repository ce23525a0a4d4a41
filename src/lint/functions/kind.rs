//! The intrinsic functions, and sets of them.
//!
//! Names: AWS CloudFormation user guide, "Intrinsic function reference" and "Rule-specific
//! intrinsic functions".

use serde_json::Value;

use crate::language::transforms::is_loop;

macro_rules! functions {
    ($($name:ident $key:literal;)*) => {
        /// One intrinsic function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::lint) enum Function { $(#[doc = $key] $name),* }

        impl Function {
            /// The function a key stands for.
            pub(in crate::lint) fn named(key: &str) -> Option<Self> {
                match key {
                    $($key => Some(Self::$name),)*
                    _ if is_loop(key) => Some(Self::ForEach),
                    _ => None,
                }
            }

            /// The key, as it is written.
            pub(in crate::lint) fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }

            /// All keys.
            pub(in crate::lint) const KEYS: &[&str] = &[$($key),*];
        }
    };
}

functions! {
    And "Fn::And";
    Base64 "Fn::Base64";
    Cidr "Fn::Cidr";
    Condition "Condition";
    Contains "Fn::Contains";
    EachMemberEquals "Fn::EachMemberEquals";
    EachMemberIn "Fn::EachMemberIn";
    Equals "Fn::Equals";
    FindInMap "Fn::FindInMap";
    ForEach "Fn::ForEach";
    GetAtt "Fn::GetAtt";
    GetAzs "Fn::GetAZs";
    GetStackOutput "Fn::GetStackOutput";
    If "Fn::If";
    ImportValue "Fn::ImportValue";
    Join "Fn::Join";
    Length "Fn::Length";
    Not "Fn::Not";
    Or "Fn::Or";
    Ref "Ref";
    RefAll "Fn::RefAll";
    Select "Fn::Select";
    Split "Fn::Split";
    Sub "Fn::Sub";
    ToJsonString "Fn::ToJsonString";
    Transform "Fn::Transform";
    ValueOf "Fn::ValueOf";
    ValueOfAll "Fn::ValueOfAll";
}

/// A call: its key as written, the function, the argument.
#[derive(Clone, Copy, Debug)]
pub(in crate::lint) struct Call<'a> {
    pub(in crate::lint) key: &'a str,
    pub(in crate::lint) function: Function,
    pub(in crate::lint) argument: &'a Value,
}

impl<'a> Call<'a> {
    /// The call that a value is, if it is one: a map with a single key that names a function.
    /// `Condition` is one only where conditions stand.
    pub(in crate::lint) fn of(value: &'a Value) -> Option<Self> {
        let object = value.as_object().filter(|object| object.len() == 1)?;
        let (key, argument) = object.iter().next()?;
        Some(Self { key, function: Function::named(key)?, argument })
    }

    /// As [`Call::of`], without `Condition`.
    pub(in crate::lint) fn of_value(value: &'a Value) -> Option<Self> {
        Self::of(value).filter(|call| call.function != Function::Condition)
    }
}

/// A set of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) struct Functions(u32);

impl Functions {
    /// No function.
    pub(in crate::lint) const NONE: Self = Self(0);

    /// These.
    pub(in crate::lint) const fn these(functions: &[Function]) -> Self {
        let (mut bits, mut index) = (0, 0);
        while index < functions.len() {
            bits |= 1 << functions[index] as u32;
            index += 1;
        }
        Self(bits)
    }

    /// Those of both.
    pub(in crate::lint) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a function is one of them.
    pub(in crate::lint) const fn has(self, function: Function) -> bool {
        self.0 & (1 << function as u32) != 0
    }
}
