//! A short run of the simulation; `cargo xtask sim` is the long one.

use goalpost_sim::{database::Database, known_bad::KnownBad, plans::Plans, report, world};

#[test]
fn two_hundred_faulty_visits_lose_and_double_nothing() {
    if let Err((seed, broken)) = report::many(1..201, 2, |_| {}) {
        panic!("seed {seed} {broken}");
    }
}

#[test]
fn every_known_bad_design_is_caught() {
    let (plans, mut db) = (Plans::new(), Database::new());
    for bad in KnownBad::ALL {
        let caught = report::catch(*bad, &plans, &mut db);
        assert!(caught.is_some(), "'{}' is not noticed", bad.name());
    }
}

#[test]
fn a_seed_is_one_execution() {
    let (plans, mut db) = (Plans::new(), Database::new());
    for seed in [1, 7, 22, 653, 1292] {
        let first = world::run(seed, None, &plans, &mut db, false);
        let again = world::run(seed, None, &Plans::new(), &mut Database::new(), true);
        assert_eq!(first.trace.hash(), again.trace.hash(), "seed {seed}");
    }
}
