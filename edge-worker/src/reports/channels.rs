//! The channels that a site can name.

use goalpost_core::{channel::CHANNELS, reporting::Reporting};

/// The names of all channels: the default grouping's, then the plan's own.
pub(crate) fn names(reporting: &Reporting) -> Vec<String> {
    let own = reporting
        .channels
        .own
        .iter()
        .map(|rule| rule.channel.as_str());
    let mut names: Vec<String> = Vec::new();
    for name in CHANNELS.into_iter().chain(own) {
        if !names.iter().any(|known| known == name) {
            names.push(String::from(name));
        }
    }
    names
}
