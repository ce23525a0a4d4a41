//! The types a parameter can have.
//!
//! Source: CloudFormation user guide, "Parameters" and "Specify existing resources at runtime with
//! CloudFormation-supplied parameter types".

use std::fmt;
use std::str::FromStr;

/// A parameter's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// One value.
    One(Kind),
    /// A list of values, separated by commas: `List<...>`, `CommaDelimitedList`.
    List(Kind),
    /// The name of an entry in Parameter Store whose value is of this type.
    Stored(Box<ParameterType>),
}

/// What one value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// An integer or a decimal fraction.
    Number,
    /// What exists in the account: the type and the shape of its names.
    Existing(&'static str, Shape),
}

/// How names of something look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `PREFIX-` and 8 or 17 hexadecimal digits.
    Id(&'static str),
    /// A region and a letter.
    Zone,
    /// Capital letters and digits, as in `Z23YXV4OVPL04A`.
    HostedZone,
    /// Up to 255 characters.
    Name,
    /// The name of an entry in Parameter Store.
    Entry,
}

/// The types of what exists in an account.
const EXISTING: [(&str, Shape); 11] = [
    ("AWS::EC2::AvailabilityZone::Name", Shape::Zone),
    ("AWS::EC2::Image::Id", Shape::Id("ami-")),
    ("AWS::EC2::Instance::Id", Shape::Id("i-")),
    ("AWS::EC2::KeyPair::KeyName", Shape::Name),
    ("AWS::EC2::SecurityGroup::GroupName", Shape::Name),
    ("AWS::EC2::SecurityGroup::Id", Shape::Id("sg-")),
    ("AWS::EC2::Subnet::Id", Shape::Id("subnet-")),
    ("AWS::EC2::Volume::Id", Shape::Id("vol-")),
    ("AWS::EC2::VPC::Id", Shape::Id("vpc-")),
    ("AWS::Route53::HostedZone::Id", Shape::HostedZone),
    ("AWS::SSM::Parameter::Name", Shape::Entry),
];

/// No type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Template format error: Unrecognized parameter type: {0}")]
pub struct UnknownType(pub String);

impl FromStr for ParameterType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let unknown = || UnknownType(text.to_owned());
        if let Some(stored) = inside(text, "AWS::SSM::Parameter::Value<") {
            return match stored.parse().map_err(|_| unknown())? {
                Self::Stored(_) => Err(unknown()),
                value => Ok(Self::Stored(Box::new(value))),
            };
        }
        if text == "CommaDelimitedList" {
            return Ok(Self::List(Kind::Text));
        }
        match inside(text, "List<") {
            // The one type of which there is no list.
            Some("AWS::EC2::KeyPair::KeyName" | "AWS::SSM::Parameter::Name") => Err(unknown()),
            Some(item) => kind(item).map(Self::List).ok_or_else(unknown),
            None => kind(text).map(Self::One).ok_or_else(unknown),
        }
    }
}

impl fmt::Display for ParameterType {
    /// The type as a template may declare it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(kind) => kind.fmt(formatter),
            Self::List(Kind::Text) => formatter.write_str("CommaDelimitedList"),
            Self::List(kind) => write!(formatter, "List<{kind}>"),
            Self::Stored(value) => write!(formatter, "AWS::SSM::Parameter::Value<{value}>"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text => "String",
            Self::Number => "Number",
            Self::Existing(name, _) => name,
        })
    }
}

impl ParameterType {
    /// The values in a text, as CloudFormation takes them: items of lists without the blanks
    /// around them. A list of nothing has one empty item.
    pub fn items<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match self {
            Self::List(_) => text.split(',').map(str::trim).collect(),
            _ => vec![text],
        }
    }

    /// Whether a `Ref` to it gives a list.
    pub fn is_list(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::List(_) => true,
            Self::Stored(value) => value.is_list(),
        }
    }

    /// What its values are; what is read, for entries of Parameter Store.
    pub fn kind(&self) -> Kind {
        match self {
            Self::One(kind) | Self::List(kind) => *kind,
            Self::Stored(value) => value.kind(),
        }
    }
}

impl Kind {
    /// Whether `text` can be such a value. What exists is not looked up.
    pub fn fits(self, text: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Number => number(text).is_some(),
            Self::Existing(_, shape) => shape.fits(text),
        }
    }
}

/// A number as CloudFormation takes it; `inf` and `NaN` are none.
pub fn number(text: &str) -> Option<f64> {
    let is_figure = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    text.bytes().all(is_figure).then(|| text.parse().ok()).flatten()
}

impl Shape {
    fn fits(self, text: &str) -> bool {
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match self {
            Self::Id(prefix) => text.strip_prefix(prefix).is_some_and(|id| {
                matches!(id.len(), 8 | 17) && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            }),
            Self::Zone => {
                let mut parts = text.split('-');
                parts.clone().count() >= 3
                    && parts.all(|part| !part.is_empty() && is_word(part))
                    && text.ends_with(|last: char| last.is_ascii_lowercase())
            }
            Self::HostedZone => text.starts_with('Z') && text.len() <= 32 && is_word(text),
            Self::Name => !text.trim().is_empty() && text.len() <= 255,
            Self::Entry => {
                let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/:".contains(&byte);
                !text.is_empty() && text.len() <= 2_048 && text.bytes().all(is_allowed)
            }
        }
    }
}

fn inside<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.strip_prefix(prefix)?.strip_suffix('>')
}

fn kind(name: &str) -> Option<Kind> {
    match name {
        "String" => Some(Kind::Text),
        "Number" => Some(Kind::Number),
        _ => {
            let found = EXISTING.iter().find(|(existing, _)| *existing == name);
            found.map(|(name, shape)| Kind::Existing(name, *shape))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_back_as_templates_write_them() {
        for text in [
            "String",
            "Number",
            "List<Number>",
            "CommaDelimitedList",
            "AWS::EC2::VPC::Id",
            "List<AWS::EC2::Subnet::Id>",
            "AWS::SSM::Parameter::Name",
            "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>",
        ] {
            assert_eq!(text.parse::<ParameterType>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "string",
            "List<>",
            "List<CommaDelimitedList>",
            "List<AWS::EC2::KeyPair::KeyName>",
            "AWS::EC2::Vpc::Id",
            "AWS::SSM::Parameter::Value<AWS::SSM::Parameter::Value<String>>",
            "AWS::SSM::Parameter::Value<String",
        ] {
            assert!(text.parse::<ParameterType>().is_err(), "{text}");
        }
        assert_eq!("List<String>".parse(), Ok(ParameterType::List(Kind::Text)));
    }

    #[test]
    fn values_have_shapes() {
        for (name, good, bad) in [
            ("AWS::EC2::VPC::Id", "vpc-0123456789abcdef0", "vpc-1"),
            ("AWS::EC2::VPC::Id", "vpc-a123baa3", "subnet-a123baa3"),
            ("AWS::EC2::Image::Id", "ami-0ff8a91507f77f867", "ami-XYZ12345"),
            ("AWS::EC2::AvailabilityZone::Name", "us-west-2-lax-1a", "us-west-2"),
            ("AWS::Route53::HostedZone::Id", "Z23YXV4OVPL04A", "/hostedzone/Z23YXV4OVPL04A"),
            ("AWS::EC2::KeyPair::KeyName", "my key", ""),
            ("AWS::SSM::Parameter::Name", "/app/size:3", "/app/größe"),
            ("Number", "-1.5", "NaN"),
            ("Number", "1e3", "inf"),
        ] {
            let kind = name.parse::<ParameterType>().unwrap().kind();
            assert!(kind.fits(good), "{name} {good}");
            assert!(!kind.fits(bad), "{name} {bad}");
        }
    }
}
