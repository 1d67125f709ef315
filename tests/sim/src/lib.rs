//! A deterministic simulation of faulty visits: the real engine of the page, the real statements of
//! the sink on `SQLite`, and around them a world that loses, delays, doubles, reorders, kills and
//! forgets. One seed is one execution; a seed that failed once fails again in the same way.
//!
//! [`world`] runs a seed. `visitor`, `shell`, `capture`, `ending`, `network`, `edge` and `sink` are
//! its parts, [`ledger`] is its
//! own list of what was captured, [`oracle`] says what that means, and [`check`] compares both with
//! what the database has. [`known_bad`] tests the tester.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a simulator stops at its own mistakes"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the numbers of a simulated visit are small"
)]

pub mod broken;
pub mod browser;
pub mod capture;
pub mod check;
pub mod database;
pub mod disk;
pub mod edge;
pub mod ending;
pub mod fault;
pub mod known_bad;
pub mod ledger;
pub mod network;
pub mod oracle;
pub mod plans;
pub mod random;
pub mod report;
pub mod shell;
pub mod sink;
pub mod trace;
pub mod visit;
pub mod visitor;
pub mod world;
