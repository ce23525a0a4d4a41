//! Whether an answer is there to its end. May not judge what is in it.
//!
//! The SDK's reader of XML takes what it finds: of an answer that a proxy cut off, and whose length fits,
//! it would take half of a stack's id for the id, and a list without its end for the list.

use aws_sdk_cloudformation::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_cloudformation::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudformation::error::BoxError;

/// Fails a call whose answer is good but not whole. Answers that are streamed are not looked at.
#[derive(Debug)]
pub(super) struct WholeAnswers;

impl Intercept for WholeAnswers {
    fn name(&self) -> &'static str {
        "WholeAnswers"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        if response.status().is_success() && is_cut(&body) {
            return Err("the answer ends in its middle".into());
        }
        Ok(())
    }
}

/// Whether a text is XML of which the end is missing.
pub(super) fn is_cut(body: &str) -> bool {
    let body = body.trim();
    if !body.starts_with('<') {
        return false;
    }
    let Some(root) = root(body) else { return true };
    let is_empty_element = body.ends_with("/>") && body.matches('<').count() <= 2;
    let end = body.strip_suffix('>').map(str::trim_end).and_then(|body| body.strip_suffix(root));
    !is_empty_element && !end.is_some_and(|body| body.ends_with("</"))
}

/// The name of a document's outermost element; `None` where the text ends before it.
fn root(body: &str) -> Option<&str> {
    let mut rest = body;
    loop {
        rest = rest.get(rest.find('<')? + 1..)?;
        if !rest.starts_with(['?', '!']) {
            return rest.get(..rest.find(|letter: char| letter.is_whitespace() || ">/".contains(letter))?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "<?xml version=\"1.0\"?>\n<!-- new -->\n<DescribeStacksResponse xmlns=\"http://a/b\">\
        <DescribeStacksResult><Stacks/></DescribeStacksResult>\n</DescribeStacksResponse >\n";

    #[test]
    fn every_beginning_of_an_answer_is_cut_and_the_whole_is_not() {
        assert!(!is_cut(ANSWER));
        let whole = ANSWER.trim_end();
        for end in 1..whole.len() {
            assert!(is_cut(&whole[..end]), "{}", &whole[..end]);
        }
    }

    #[test]
    fn what_is_no_xml_is_somebody_elses_to_judge() {
        for text in ["", "  ", "{\"a\": [", "sorry", "<?xml version=\"1.0\"?><Result/>", "<Result />"] {
            assert!(!is_cut(text), "{text}");
        }
    }
}
