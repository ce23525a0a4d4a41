//! How long one operation on one resource takes: by this account's own records, or by the table.

use std::collections::BTreeMap;

use crate::estimate::table::{Mean, SPREAD, Table, slow_seconds};
use crate::model::{
    InstanceName, ProviderKind, Record, ResourceOperation, ResourceSeconds, Target, TargetName,
};

/// From so many records of the very same resource on, they count alone.
const ENOUGH_OF_A_RESOURCE: usize = 3;

/// From so many records on, the ninth decile is read from them.
const ENOUGH_FOR_A_DECILE: usize = 10;

/// Of so many latest records per kind of operation, older ones do not count: things change.
const LATEST: usize = 100;

/// Where a duration comes from, the best source first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Records of the very same resource.
    Resource,
    /// Records of resources of the same type.
    Type,
    /// The table of means.
    Table,
    /// Nothing is known of the type.
    Guess,
}

impl Source {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Type => "type",
            Self::Table => "table",
            Self::Guess => "guess",
        }
    }
}

/// How long one operation takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duration {
    /// Seconds that half of such operations stay within.
    pub p50: f64,
    /// Seconds that nine of ten stay within.
    pub p90: f64,
    /// How this is known.
    pub source: Source,
    /// How many records it is made from.
    pub samples: usize,
}

type OfResource = (InstanceName, String, ResourceOperation);

/// Everything that is known of durations.
#[derive(Clone, Debug)]
pub struct Durations {
    table: Table,
    by_resource: BTreeMap<OfResource, Vec<f64>>,
    by_type: BTreeMap<(String, ResourceOperation), Vec<f64>>,
}

impl Durations {
    /// The table alone.
    pub fn of_table(table: Table) -> Self {
        Self { table, by_resource: BTreeMap::new(), by_type: BTreeMap::new() }
    }

    /// The table, corrected by records (oldest first) of the accounts that `targets` are in. What an
    /// embedded engine recorded does not count: its time is virtual.
    pub fn corrected<'r>(
        table: Table,
        targets: &BTreeMap<TargetName, Target>,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Self {
        let mut durations = Self::of_table(table);
        for record in records {
            let counts = |target: &TargetName| {
                let place = record.places.get(target)?;
                let is_ours =
                    |ours: &Target| ours.account == place.account && ours.provider == place.provider;
                (place.provider == ProviderKind::Aws && targets.values().any(is_ours)).then_some(())
            };
            let ours = record.resources.iter().filter(|sample| counts(&sample.instance.target).is_some());
            ours.for_each(|sample| durations.add(sample));
        }
        durations.prepare();
        durations
    }

    fn add(&mut self, sample: &ResourceSeconds) {
        if !sample.seconds.is_finite() || sample.seconds < 0.0 {
            return;
        }
        let resource = (sample.instance.clone(), sample.resource.clone(), sample.operation);
        self.by_resource.entry(resource).or_default().push(sample.seconds);
        let kind = (sample.resource_type.clone(), sample.operation);
        self.by_type.entry(kind).or_default().push(sample.seconds);
    }

    /// Keeps the latest and sorts them.
    fn prepare(&mut self) {
        for samples in self.by_resource.values_mut().chain(self.by_type.values_mut()) {
            samples.drain(..samples.len().saturating_sub(LATEST));
            samples.sort_by(f64::total_cmp);
        }
    }

    /// How long an operation on one resource takes: three records of the very same resource are
    /// better evidence than any number of others, a single record of the type is better than a table.
    pub fn of(
        &self,
        instance: &InstanceName,
        resource: &str,
        resource_type: &str,
        operation: ResourceOperation,
    ) -> Duration {
        let own = if self.by_resource.is_empty() {
            None
        } else {
            self.by_resource.get(&(instance.clone(), resource.to_owned(), operation))
        };
        if let Some(samples) = own.filter(|samples| samples.len() >= ENOUGH_OF_A_RESOURCE) {
            return measured(samples, Source::Resource);
        }
        self.of_type(resource_type, operation)
    }

    /// How long an operation on a resource of a type takes.
    pub fn of_type(&self, resource_type: &str, operation: ResourceOperation) -> Duration {
        if !self.by_type.is_empty()
            && let Some(samples) = self.by_type.get(&(resource_type.to_owned(), operation))
        {
            return measured(samples, Source::Type);
        }
        let (p50, source) = match (self.table)(resource_type, operation) {
            Mean::Known(seconds) => (seconds, Source::Table),
            Mean::Guess(seconds) => (seconds, Source::Guess),
        };
        Duration { p50, p90: slow_seconds(resource_type, operation, p50), source, samples: 0 }
    }
}

/// Median and ninth decile of sorted samples, of which there is at least one. Few samples say little
/// of the decile: then it is the usual spread, or the slowest one seen.
fn measured(samples: &[f64], source: Source) -> Duration {
    let p50 = quantile(samples, 0.5);
    let p90 = if samples.len() >= ENOUGH_FOR_A_DECILE {
        quantile(samples, 0.9)
    } else {
        (p50 * SPREAD).max(quantile(samples, 1.0))
    };
    Duration { p50, p90, source, samples: samples.len() }
}

/// A quantile of sorted values, between two of them by straight line.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let position = share * last as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * position.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::fixture::{at_aws, recorded, table};

    const CREATE: ResourceOperation = ResourceOperation::Create;

    fn of(records: &[Record]) -> Durations {
        Durations::corrected(table, &at_aws("111122223333"), records)
    }

    fn database(durations: &Durations) -> (f64, f64, &'static str, usize) {
        let found = durations.of(&"data".parse().unwrap(), "Database", "AWS::RDS::DBInstance", CREATE);
        (found.p50, found.p90, found.source.as_str(), found.samples)
    }

    #[test]
    fn without_records_the_table_and_the_planning_values_count() {
        assert_eq!(database(&of(&[])), (600.0, 900.0, "table", 0));
        let unknown = of(&[]).of_type("AWS::New::Thing", CREATE);
        assert_eq!((unknown.p50, unknown.p90, unknown.source), (10.0, 17.5, Source::Guess));
    }

    #[test]
    fn records_of_the_type_come_before_the_table_and_those_of_the_resource_before_both() {
        let other = recorded("111122223333", &[("other", "Database", 400.0)]);
        assert_eq!(database(&of(std::slice::from_ref(&other))), (400.0, 700.0, "type", 1));
        let two = recorded("111122223333", &[("data", "Database", 900.0), ("data", "Database", 1000.0)]);
        assert_eq!(database(&of(&[other.clone(), two.clone()])), (900.0, 1575.0, "type", 3));
        let third = recorded("111122223333", &[("data", "Database", 2000.0)]);
        assert_eq!(database(&of(&[other, two, third])), (1000.0, 2000.0, "resource", 3));
    }

    #[test]
    fn ten_records_have_a_ninth_decile_of_their_own() {
        let times: Vec<_> = (1..=11).map(|step| ("data", "Database", f64::from(step) * 10.0)).collect();
        assert_eq!(database(&of(&[recorded("111122223333", &times)])), (60.0, 100.0, "resource", 11));
    }

    #[test]
    fn only_this_account_and_only_real_time_count() {
        let elsewhere = recorded("444455556666", &[("data", "Database", 400.0)]);
        let mut embedded = recorded("111122223333", &[("data", "Database", 400.0)]);
        embedded.places.values_mut().for_each(|place| place.provider = ProviderKind::Local);
        assert_eq!(database(&of(&[elsewhere, embedded])), (600.0, 900.0, "table", 0));
    }

    #[test]
    fn what_is_long_past_no_longer_counts() {
        let slow = recorded("111122223333", &[("data", "Database", 5000.0); 50]);
        let quick = recorded("111122223333", &[("data", "Database", 50.0); LATEST]);
        assert_eq!(database(&of(&[slow, quick])), (50.0, 50.0, "resource", LATEST));
    }
}
