//! What an error code and its message mean: one table.
//!
//! Codes are matched exactly, texts loosely: CloudFormation answers "does not exist" and "is in a
//! state that does not allow this" with one and the same code, and emulators word things in their
//! own way. Codes: CloudFormation API reference, "Common errors" and the errors of each action.

use crate::port::PortErrorKind;

const CODES: &[(PortErrorKind, &[&str])] = &[
    (
        PortErrorKind::Throttled,
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "SlowDown",
        ],
    ),
    (
        PortErrorKind::Unavailable,
        &[
            "InternalFailure",
            "InternalError",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "RequestTimeout",
            "RequestTimeoutException",
            "ConditionalRequestConflict",
        ],
    ),
    (
        PortErrorKind::Credentials,
        &[
            "ExpiredToken",
            "ExpiredTokenException",
            "RequestExpired",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "MissingAuthenticationToken",
            "AuthFailure",
        ],
    ),
    (
        PortErrorKind::Denied,
        &["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "OptInRequired"],
    ),
    (
        PortErrorKind::NotFound,
        &[
            "ChangeSetNotFound",
            "ChangeSetNotFoundException",
            "StackNotFoundException",
            "NoSuchBucket",
            "RepositoryNotFoundException",
            "InvalidNetworkInterfaceID.NotFound",
            "ResourceNotFoundException",
        ],
    ),
    (PortErrorKind::AlreadyExists, &["AlreadyExistsException"]),
    (
        PortErrorKind::WrongState,
        &[
            "InvalidChangeSetStatus",
            "InvalidChangeSetStatusException",
            "InvalidOperationException",
            "OperationInProgressException",
        ],
    ),
    (PortErrorKind::LimitExceeded, &["LimitExceeded", "LimitExceededException"]),
    (PortErrorKind::Invalid, &["InsufficientCapabilities", "InsufficientCapabilitiesException"]),
];

/// Searched in this order, in lower case, where the code alone does not decide.
const TEXTS: &[(PortErrorKind, &[&str])] = &[
    (PortErrorKind::NotFound, &["does not exist", "not found"]),
    (PortErrorKind::AlreadyExists, &["already exists"]),
    (
        PortErrorKind::WrongState,
        &[
            "terminationprotection",
            "termination protection",
            "_in_progress",
            "_failed state",
            "_complete state",
        ],
    ),
    (PortErrorKind::LimitExceeded, &["limit exceeded"]),
];

/// A failure by its code and message, the same for every service.
pub fn kind_of(status: u16, code: &str, message: &str) -> PortErrorKind {
    let message = message.to_lowercase();
    if message.contains("rate exceeded") {
        return PortErrorKind::Throttled;
    }
    let by_code = CODES.iter().find(|(_, codes)| codes.contains(&code));
    let by_text = || {
        TEXTS.iter().find(|(_, texts)| texts.iter().any(|text| message.contains(text))).map(|(kind, _)| kind)
    };
    let by_status = || match status {
        429 => PortErrorKind::Throttled,
        500.. => PortErrorKind::Unavailable,
        401 => PortErrorKind::Credentials,
        403 => PortErrorKind::Denied,
        404 => PortErrorKind::NotFound,
        400 if !code.is_empty() => PortErrorKind::Invalid,
        _ => PortErrorKind::Other,
    };
    match by_code {
        Some((kind, _)) => *kind,
        None if status < 500 => by_text().copied().unwrap_or_else(by_status),
        None => by_status(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_texts_tell_the_kinds_apart() {
        use PortErrorKind as Kind;
        let table = [
            (Kind::Throttled, 400, "Throttling", "Rate exceeded"),
            (Kind::Throttled, 400, "ValidationError", "Rate exceeded for operation"),
            (Kind::Throttled, 503, "SlowDown", "Please reduce your request rate"),
            (Kind::Throttled, 503, "RequestLimitExceeded", "Request limit exceeded."),
            (Kind::Unavailable, 500, "InternalFailure", ""),
            (Kind::Unavailable, 502, "NeverHeardOf", "the table does not exist"),
            (Kind::Credentials, 403, "ExpiredToken", "The security token included in the request is expired"),
            (Kind::Credentials, 403, "InvalidClientTokenId", "The security token is invalid"),
            (Kind::Denied, 403, "AccessDenied", "User x is not authorized to perform y"),
            (Kind::Denied, 403, "NeverHeardOf", ""),
            (Kind::NotFound, 400, "ValidationError", "Stack with id a does not exist"),
            (Kind::NotFound, 400, "ValidationError", "Stack [a] does not exist"),
            (Kind::NotFound, 404, "ChangeSetNotFound", "ChangeSet [b] does not exist"),
            (Kind::AlreadyExists, 400, "AlreadyExistsException", "Stack [a] already exists"),
            (
                Kind::WrongState,
                400,
                "ValidationError",
                "Stack [a] cannot be deleted while TerminationProtection is enabled",
            ),
            (
                Kind::WrongState,
                400,
                "ValidationError",
                "Stack:arn:a is in ROLLBACK_COMPLETE state and can not be updated.",
            ),
            (
                Kind::WrongState,
                400,
                "ValidationError",
                "Stack:arn:a is in UPDATE_IN_PROGRESS state and can not be updated.",
            ),
            (Kind::WrongState, 400, "InvalidChangeSetStatus", "ChangeSet cannot be executed"),
            (Kind::LimitExceeded, 400, "LimitExceededException", "Limit for stack has been exceeded"),
            (Kind::Invalid, 400, "ValidationError", "Template format error: unsupported structure."),
            (
                Kind::Invalid,
                400,
                "InsufficientCapabilitiesException",
                "Requires capabilities : [CAPABILITY_IAM]",
            ),
            (Kind::Other, 418, "", ""),
        ];
        for (kind, status, code, message) in table {
            assert_eq!(kind_of(status, code, message), kind, "{status} {code} {message}");
        }
    }
}
