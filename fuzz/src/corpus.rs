//! The plan of the golden corpus, which uses everything that a plan can say.

use goalpost_core::{Rules, plan::Plan};

/// Its rules.
///
/// # Panics
/// If the corpus is not what it should be.
pub fn rules() -> Rules {
    let corpus: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/corpus/corpus.json")).expect("JSON");
    Plan::parse(&corpus["plan"].to_string())
        .expect("the plan of the corpus")
        .compile()
}
