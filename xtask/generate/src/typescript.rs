//! TypeScript from the Rust types, one file for each root type and all that it needs.

use crate::{NOTE, beacon_shape, layout};
use goalpost_core::{
    Explanation,
    plan::{Plan, PlanProblem},
};
use std::collections::BTreeMap;
use ts_rs::{Config, TS, TypeVisitor};

/// The types of a plan and of its problems.
pub(crate) fn plan() -> String {
    let mut types = Types::default();
    types.visit::<Plan>();
    types.visit::<PlanProblem>();
    types.file("Plan")
}

/// The types of what a page sends.
pub(crate) fn beacon() -> String {
    let mut types = Types::default();
    types.visit::<beacon_shape::Beacon>();
    types.file("Beacon")
}

/// What the page's debug mode says of a definition, by code.
pub(crate) fn sentences() -> String {
    let lines: Vec<String> = Explanation::sentences()
        .iter()
        .map(|sentence| format!("  {sentence:?},\n"))
        .collect();
    let lines = lines.concat();
    format!("// {NOTE}\n\nexport const SENTENCES = [\n{lines}];\n")
}

/// Declarations by name. The order in which a type names others changes from build to build, so
/// the order in a file must not come from it.
#[derive(Default)]
struct Types(BTreeMap<String, String>);

impl Types {
    /// All of them, this one first.
    fn file(mut self, first: &str) -> String {
        let mut text = format!("// {NOTE}\n");
        let first = self.0.remove(first);
        for declaration in first.into_iter().chain(self.0.into_values()) {
            text.push('\n');
            text.push_str(&declaration);
        }
        text
    }
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Types without a file of their own are TypeScript's own, such as `string`.
        if T::output_path().is_none() {
            return;
        }
        let config = Config::default().with_large_int("number");
        let name = T::ident(&config);
        if self.0.contains_key(&name) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        let declaration = layout::declaration(&T::decl(&config));
        self.0.insert(name, format!("{docs}export {declaration}\n"));
        T::visit_dependencies(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_declared_once() {
        for (text, root) in [(plan(), "Plan"), (beacon(), "Beacon")] {
            let declared: Vec<_> = text
                .lines()
                .filter_map(|line| line.strip_prefix("export type "))
                .filter_map(|line| line.split(' ').next())
                .collect();
            assert_eq!(declared.first(), Some(&root));
            let mut distinct = declared.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), declared.len());
            assert!(!text.contains("bigint") && !text.contains("null"), "{text}");
        }
    }
}
