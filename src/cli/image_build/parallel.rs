//! Makes several images at the same time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::cli::failure::Failure;

/// Images that are made at a time: an engine that builds more is slower for each.
pub const AT_ONCE: usize = 2;

/// What `make` makes of each image, in their order, up to the first failure: after one nothing more is begun.
pub fn all<I: Sync, T: Send>(
    images: &[I],
    make: impl Fn(&I) -> Result<T, Failure> + Sync,
) -> Vec<Result<T, Failure>> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let made: Vec<Mutex<Option<Result<T, Failure>>>> = images.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while !failed.load(Ordering::SeqCst) {
            let number = next.fetch_add(1, Ordering::SeqCst);
            let (Some(image), Some(place)) = (images.get(number), made.get(number)) else { break };
            let done = make(image);
            failed.fetch_or(done.is_err(), Ordering::SeqCst);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        }
    };
    // One image needs no thread of its own.
    std::thread::scope(|scope| {
        for _ in 1..AT_ONCE.min(images.len()) {
            scope.spawn(work);
        }
        work();
    });
    let done = made.into_iter().map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
    let (mut all, mut failure) = (Vec::new(), None);
    for one in done.flatten() {
        match one {
            Ok(made) if failure.is_none() => all.push(Ok(made)),
            Ok(_) => {}
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    all.extend(failure.map(Err));
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::cli::exit_code::ExitCode;

    #[derive(Debug, thiserror::Error)]
    #[error("{0} failed")]
    struct Failed(i32);

    fn numbers(made: &[Result<i32, Failure>]) -> Vec<Result<i32, String>> {
        made.iter().map(|one| one.as_ref().copied().map_err(ToString::to_string)).collect()
    }

    #[test]
    fn two_are_made_at_a_time_and_told_in_their_order() {
        // Whoever comes alone waits for ever.
        let both = Barrier::new(AT_ONCE);
        let made = all(&[1, 2, 3, 4], |number| {
            both.wait();
            Ok(number * 10)
        });
        assert_eq!(numbers(&made), [Ok(10), Ok(20), Ok(30), Ok(40)]);
        assert_eq!(numbers(&all(&[7], |number| Ok(*number))), [Ok(7)]);
    }

    #[test]
    fn a_failure_is_the_last_that_is_told() {
        let all_but = |wrong: i32| {
            all(&[1, 2], |number| match *number == wrong {
                false => Ok(*number),
                true => Err(Failure::new(ExitCode::Error, Failed(wrong))),
            })
        };
        assert_eq!(numbers(&all_but(2)), [Ok(1), Err("2 failed".to_owned())]);
        assert_eq!(numbers(&all_but(1)), [Err("1 failed".to_owned())]);
    }
}
