//! The shop's two plans, compiled once: the one it begins with, and the one it may publish.

use goalpost_core::{BrowserPlan, Counting, Rules, testing};
use goalpost_edge::sink::{Compiled, PlanBook};
use std::sync::Arc;

/// Both plans, in every form that a part of the world asks for.
#[derive(Debug)]
pub struct Plans {
    texts: [String; 2],
    books: [PlanBook; 2],
}

impl Plans {
    /// The plans of every seed.
    pub fn new() -> Self {
        let plans = [first(), second()].map(|rules| Compiled {
            rules: Arc::new(rules),
            reporting: Arc::new(testing::reporting()),
        });
        let texts = [0, 1].map(|plan: usize| BrowserPlan::encode(&plans[plan].rules));
        let books = [0, 1].map(|current: usize| {
            let mut book = PlanBook::new();
            book.add(plans[1 - current].clone());
            book.add_current(plans[current].clone());
            book
        });
        Self { texts, books }
    }

    /// What a page fetches.
    pub fn text(&self, plan: usize) -> &str {
        &self.texts[plan]
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
