//! Calls that are throttled, lost or answered with what was.

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is refused because there were too many, and has no effect.
    Throttled,
    /// The service is unwell, and it has no effect.
    Unwell,
    /// It takes effect, and the answer does not arrive.
    Lost,
    /// What it begins is not rolled back when it fails, as if somebody had switched that off.
    NoRollback,
    /// It is answered with the state before the last change of each stack's status.
    Stale,
}

impl Trouble {
    const ALL: [(&'static str, Self); 5] = [
        ("throttled", Self::Throttled),
        ("unwell", Self::Unwell),
        ("lost", Self::Lost),
        ("stale", Self::Stale),
        ("no-rollback", Self::NoRollback),
    ];

    pub(super) fn words() -> String {
        Self::ALL.map(|(word, _)| word).join(", ")
    }
}

/// The calls of CloudFormation that this engine answers.
const CALLS: [&str; 24] = [
    "CreateChangeSet",
    "CreateStack",
    "DeleteChangeSet",
    "DeleteObjects",
    "DeleteStack",
    "DescribeAccountLimits",
    "DescribeChangeSet",
    "DescribeSecret",
    "DescribeStackDriftDetectionStatus",
    "DescribeStackEvents",
    "DescribeStackResourceDrifts",
    "DescribeStacks",
    "DetectStackDrift",
    "ExecuteChangeSet",
    "GetResources",
    "GetStackPolicy",
    "GetTemplate",
    "ListImports",
    "ListObjectVersions",
    "ListRecoveryPointsByResource",
    "ListStackResources",
    "SetStackPolicy",
    "UpdateStack",
    "UpdateTerminationProtection",
];

/// The only call that is answered with what was.
const LAGS: &str = "DescribeStacks";

/// The calls that begin what can be rolled back.
const BEGIN: [&str; 3] = ["CreateStack", "ExecuteChangeSet", "UpdateStack"];

/// A call that goes wrong on request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFault {
    /// Name of the call; `*` for all.
    pub call: String,
    /// What happens to it.
    pub trouble: Trouble,
    /// How many times.
    pub times: u32,
    /// As it was written.
    pub(super) text: String,
}

impl CallFault {
    /// Reads `CALL=TROUBLE`; `whole` is what the user wrote.
    pub(super) fn read(text: &str, whole: &str, times: Option<u32>) -> Option<Self> {
        let (call, trouble) = text.split_once('=')?;
        let (_, trouble) = Trouble::ALL.into_iter().find(|(word, _)| *word == trouble)?;
        let is_known = call == "*" || CALLS.contains(&call);
        let can_be = match trouble {
            Trouble::Stale => call == LAGS,
            Trouble::NoRollback => BEGIN.contains(&call),
            _ => true,
        };
        let (call, text) = (call.to_owned(), whole.to_owned());
        (is_known && can_be).then(|| Self { call, trouble, times: times.unwrap_or(1), text })
    }

    /// Whether this fault hits a call of that name.
    pub(super) fn hits(&self, call: &str) -> bool {
        self.call == "*" || self.call == call
    }
}
