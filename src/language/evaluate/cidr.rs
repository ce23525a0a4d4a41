//! `Fn::Cidr`: the first networks of a size inside a larger one.

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::language::evaluate::{EvaluateError, Evaluator};

impl Evaluator<'_> {
    /// `[block, count, bits]`: `count` (1 to 256) networks with `bits` host bits each.
    pub(super) fn cidr(&self, argument: &Value) -> Result<Value, EvaluateError> {
        let Some([block, count, bits]) = argument.as_array().map(Vec::as_slice) else {
            return Err(EvaluateError::Template(
                "every Fn::Cidr object requires three parameters, the block, a count and the subnet bits"
                    .to_owned(),
            ));
        };
        let block = self.text("Fn::Cidr", block)?;
        let count = self.text("Fn::Cidr", count)?;
        let bits = self.text("Fn::Cidr", bits)?;
        match networks(&block, &count, &bits) {
            Some(networks) => self.produced(json!(networks)),
            None => Err(EvaluateError::Template(format!(
                "Fn::Cidr cannot take {count} networks of {bits} subnet bits out of {block}"
            ))),
        }
    }
}

fn networks(block: &str, count: &str, bits: &str) -> Option<Vec<String>> {
    let block: IpNet = block.parse().ok()?;
    let count: usize = count.parse().ok().filter(|count| (1..=256).contains(count))?;
    let prefix = block.max_prefix_len().checked_sub(bits.parse().ok()?)?;
    let networks: Vec<_> =
        block.trunc().subnets(prefix).ok()?.take(count).map(|network| network.to_string()).collect();
    (networks.len() == count).then_some(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_both_families() {
        let of = |block, count, bits| networks(block, count, bits).map(|networks| networks.join(" "));
        assert_eq!(
            of("192.168.0.0/24", "6", "5").as_deref(),
            Some(
                "192.168.0.0/27 192.168.0.32/27 192.168.0.64/27 192.168.0.96/27 192.168.0.128/27 192.168.0.160/27"
            )
        );
        assert_eq!(
            of("2001:db8:1234:1a00::/56", "2", "64").as_deref(),
            Some("2001:db8:1234:1a00::/64 2001:db8:1234:1a01::/64")
        );
        assert_eq!(of("10.0.0.0/24", "3", "7"), None, "only two fit");
        assert_eq!(of("10.0.0.0/24", "0", "4"), None);
        assert_eq!(of("10.0.0.0/24", "1", "33"), None);
        assert_eq!(of("10.0.0.0/24", "1", "16"), None, "larger than the block");
        assert_eq!(of("network", "1", "8"), None);
    }
}
