//! The shop's two plans, compiled once: the one it begins with, and the one it may publish.

use goalpost_core::{BrowserPlan, Counting, Rules, testing};
use goalpost_edge::sink::PlanBook;
use std::sync::Arc;

/// Both plans, in every form that a part of the world asks for.
#[derive(Debug)]
pub struct Plans {
    bytes: [Vec<u8>; 2],
    books: [PlanBook; 2],
}

impl Plans {
    /// The plans of every seed.
    pub fn new() -> Self {
        let rules = [first(), second()].map(Arc::new);
        let bytes = [0, 1].map(|plan: usize| BrowserPlan::encode(&rules[plan]));
        let books = [0, 1].map(|current: usize| {
            let mut book = PlanBook::new();
            book.add(Arc::clone(&rules[1 - current]));
            book.add_current(Arc::clone(&rules[current]));
            book
        });
        Self { bytes, books }
    }

    /// What a page fetches.
    pub fn bytes(&self, plan: usize) -> &[u8] {
        &self.bytes[plan]
    }

    /// What the sink knows while that plan is the current one.
    pub const fn book(&self, current: usize) -> &PlanBook {
        &self.books[current]
    }
}

impl Default for Plans {
    fn default() -> Self {
        Self::new()
    }
}

/// The name by which a beacon says with which plan it was evaluated.
pub fn number(hash: &str) -> Option<usize> {
    match hash {
        "00" => Some(0),
        "01" => Some(1),
        _ => None,
    }
}

fn first() -> Rules {
    testing::rules()
}

/// Without the call to action, and with demonstrations that count once a session.
fn second() -> Rules {
    let mut rules = Rules {
        plan: "01".into(),
        ..testing::rules()
    };
    rules
        .definitions
        .retain(|definition| definition.id != "cta");
    for definition in &mut rules.definitions {
        if definition.id == "demo-request" {
            definition.count = Counting::OncePerSession;
        }
    }
    rules
}
