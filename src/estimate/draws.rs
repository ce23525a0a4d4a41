//! How long the whole takes in nine of ten runs: many runs are drawn, each step as slow or as quick
//! as its spread allows, and the ninth decile of their lengths is read off.
//!
//! Nothing is random: what is drawn depends on the names of what is worked on and on the number of
//! the draw, so the same work always gives the same answer.

use rayon::prelude::*;

use crate::estimate::durations::quantile;
use crate::estimate::schedule::{Times, Walk};
use crate::estimate::work::Work;

/// How many runs are drawn.
const DRAWS: u64 = 400;

/// How many standard deviations above the median the ninth decile of a normal distribution lies.
const NINTH_DECILE: f64 = 1.2816;

/// The part of every step's variance that the whole run shares: a slow hour is slow for everybody.
const SHARED: f64 = 0.5;

/// The seconds that nine of ten runs of these phases stay within.
pub(super) fn ninth_decile(phases: &[Work], walks: &[Walk<'_>]) -> f64 {
    let keys: Vec<Vec<Vec<u64>>> = phases.iter().map(keys).collect();
    let length = |draw| {
        let phases = phases.iter().zip(walks).zip(&keys);
        phases.map(|((work, walk), keys)| walk.schedule(&drawn(work, keys, draw)).seconds).sum()
    };
    let mut lengths: Vec<f64> = (0..DRAWS).into_par_iter().map(length).collect();
    lengths.sort_by(f64::total_cmp);
    quantile(&lengths, 0.9)
}

/// What makes each step's draws its own.
fn keys(work: &Work) -> Vec<Vec<u64>> {
    let of_unit = |unit: &crate::estimate::work::UnitWork| {
        let name = unit.instance.to_string();
        let step = |step: &crate::estimate::work::Step| {
            [name.as_str(), "/", &step.resource, "/", step.operation.as_str()].into_iter().fold(OFFSET, hash)
        };
        unit.steps.iter().map(step).collect()
    };
    work.units.iter().map(of_unit).collect()
}

/// The seconds of every step in one draw: the logarithm is spread normally about the median's.
fn drawn(work: &Work, keys: &[Vec<u64>], draw: u64) -> Times {
    let (shared, own) = (SHARED.sqrt() * of_run(draw), (1.0 - SHARED).sqrt());
    let units = work.units.iter().zip(keys);
    units
        .map(|(unit, keys)| {
            let steps = unit.steps.iter().zip(keys);
            steps
                .map(|(step, key)| {
                    let duration = step.duration;
                    if duration.p50 <= 0.0 || duration.p90 <= duration.p50 {
                        return duration.p50;
                    }
                    let deviation = shared + own * normal(scramble(key ^ scramble(draw)));
                    duration.p50 * (duration.p90 / duration.p50).powf(deviation / NINTH_DECILE)
                })
                .collect()
        })
        .collect()
}

/// How slow a run is as a whole, in standard deviations. The draws go evenly through everything from
/// the quickest run to the slowest, so that few of them suffice. Source of the form: a logistic
/// distribution with the normal one's deciles.
fn of_run(draw: u64) -> f64 {
    let share = (draw as f64 + 0.5) / DRAWS as f64;
    (share / (1.0 - share)).ln() / 9.0_f64.ln() * NINTH_DECILE
}

/// Start of the hash of names. Source of both constants: the FNV-1a hash, 64 bits.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn hash(start: u64, text: &str) -> u64 {
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A number in which every bit of the input counts. Constants: the finaliser of SplitMix64.
fn scramble(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A value spread (nearly) normally about 0 with deviation 1: the sum of eight evenly spread ones.
fn normal(key: u64) -> f64 {
    let sixteen_bits = |number: u64, part: u32| f64::from((number >> (16 * part)) as u16) / 65_536.0;
    let (one, other) = (scramble(key), scramble(!key));
    let sum: f64 = (0..4).map(|part| sixteen_bits(one, part) + sixteen_bits(other, part)).sum();
    // Eight of them have the mean 4 and the variance 8/12.
    (sum - 4.0) / (8.0_f64 / 12.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::fixture::{unit, work};

    fn decile(work: &Work) -> f64 {
        ninth_decile(std::slice::from_ref(work), &[Walk::new(work, 0)])
    }

    #[test]
    fn draws_are_spread_as_they_should_be() {
        let mut drawn: Vec<f64> = (0..20_000).map(|key| normal(scramble(key))).collect();
        drawn.sort_by(f64::total_cmp);
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((quantile(&drawn, 0.9) - NINTH_DECILE).abs() < 0.05, "{}", quantile(&drawn, 0.9));
    }

    #[test]
    fn the_ninth_decile_of_one_step_is_its_own() {
        let single = work(&[unit("data", &[], &[("Database", 600.0)])]);
        let p90 = decile(&single);
        assert!((p90 - 1050.0).abs() < 60.0, "{p90}");
        assert_eq!(p90, decile(&single), "the same work gives the same answer");
    }

    #[test]
    fn many_steps_in_a_row_are_not_all_slow_at_once() {
        let row: Vec<(String, f64)> = (0..20).map(|step| (format!("Step{step:02}"), 30.0)).collect();
        let row: Vec<(&str, f64)> = row.iter().map(|(name, seconds)| (name.as_str(), *seconds)).collect();
        let p90 = decile(&work(&[unit("row", &[], &row)]));
        assert!(p90 > 600.0 * 1.2 && p90 < 600.0 * 1.75, "{p90}");
    }
}
