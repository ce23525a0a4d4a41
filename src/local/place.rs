//! An account in a region, and what follows from the region's name.

use serde::{Deserialize, Serialize};

use crate::model::{AccountId, Region};

/// An account in a region. Two places share nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl Place {
    /// `AWS::Partition`.
    pub fn partition(&self) -> &'static str {
        self.region.partition()
    }

    /// `AWS::URLSuffix`. Source: CloudFormation template reference, "Pseudo parameters".
    pub fn url_suffix(&self) -> &'static str {
        if self.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    /// The names of the region's availability zones: `a`, `b`, `c` except where a region is known
    /// to have others. Source: AWS documentation, "AWS Availability Zones". Which of them a real
    /// account sees depends on the account.
    pub fn zones(&self) -> Vec<String> {
        let letters = match self.region.as_str() {
            "us-east-1" => "abcdef",
            "us-west-2" | "ap-northeast-2" => "abcd",
            "us-west-1" => "ac",
            "ap-northeast-1" => "acd",
            "ca-central-1" => "abd",
            _ => "abc",
        };
        letters.chars().map(|letter| format!("{}{letter}", self.region)).collect()
    }

    /// Whether an ARN names something in this account and region.
    pub fn owns(&self, arn: &str) -> bool {
        let mut parts = arn.split(':').skip(3);
        parts.next() == Some(self.region.as_str()) && parts.next() == Some(self.account.as_str())
    }

    /// `arn:PARTITION:cloudformation:REGION:ACCOUNT:RESOURCE`.
    pub fn cloudformation_arn(&self, resource: &str) -> String {
        format!("arn:{}:cloudformation:{}:{}:{resource}", self.partition(), self.region, self.account)
    }
}
