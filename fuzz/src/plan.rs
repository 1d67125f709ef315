//! A text that claims to be a plan: as its owner writes it, and as a page receives it.
#![no_main]

use goalpost_core::{BrowserPlan, plan::Plan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Of a page nothing is asked but to stand it.
    if let Ok(rules) = BrowserPlan::decode(text) {
        BrowserPlan::encode(&rules);
    }
    let plan = match Plan::parse(text) {
        Ok(plan) => plan,
        Err(problems) => {
            assert!(!problems.is_empty(), "a plan is refused with a reason");
            return;
        }
    };
    let json = plan.json();
    let again = Plan::parse(&json).expect("what is stored is a plan");
    assert_eq!(again.json(), json, "stored, and stored again");
    plan.reporting();
    let rules = plan.compile();
    assert_eq!(again.compile(), rules, "what is stored means the same");
    let sent = BrowserPlan::encode(&rules);
    let received = BrowserPlan::decode(&sent).expect("what a page receives is a plan");
    assert_eq!(BrowserPlan::encode(&received), sent, "and the same plan");
});
