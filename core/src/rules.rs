//! A plan as it is evaluated: compiled, bounded, and the same in the page and at the edge.

use crate::{
    codec::{wire_enum, wire_struct},
    commerce::CommerceStep,
    condition::Condition,
    counting::Counting,
    json,
    link::LinkKind,
    money::Currency,
    observation::{Element, MediaStep},
    page_pattern::PagePattern,
    selector::Selector,
    zone::Zone,
};
use alloc::{string::String, vec::Vec};

/// The compiled definitions of one plan.
///
/// Compiling from JSON is the edge's work (`Plan::compile`); a page decodes the bytes of
/// [`BrowserPlan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whose plan it is.
    pub site: String,
    /// The content hash of the plan, in hexadecimal: which version decided.
    pub plan: String,
    /// Milliseconds without activity after which a session has ended.
    pub session_timeout_ms: u32,
    /// A new day of the zone begins a new session.
    pub split_at_midnight: bool,
    /// Another campaign begins a new session.
    pub split_by_campaign: bool,
    /// The site's own hosts; a link elsewhere is outbound.
    pub hosts: Vec<String>,
    /// The currency of amounts that name none.
    pub currency: Currency,
    /// The time zone whose days count.
    pub zone: Zone,
    /// Goals and outcomes, in the plan's order.
    pub definitions: Vec<Definition>,
}

/// One compiled goal or outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its id in the plan.
    pub id: String,
    /// What it is worth, and so whether it is a goal or an outcome.
    pub worth: Worth,
    /// How often it counts.
    pub count: Counting,
    /// The property that joins its counting key; empty without one.
    pub dedup: String,
    /// Any one of these makes it happen; none: it is inert until triggered by id.
    pub when: Vec<Rule>,
    /// Only servers may make it happen.
    pub server_only: bool,
}

/// What a definition is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "every report must decide about both"
)]
pub enum Worth {
    /// A goal: engagement value in points.
    Points(u32),
    /// An outcome: financial value.
    Value(Amount),
}

/// Where an outcome's amount comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Amount {
    /// It has none.
    None,
    /// The same amount each time, in minor units. A page does not learn it.
    Fixed(i64, Currency),
    /// A property of the observation, as decimal text; its currency is the property `currency`,
    /// else the one named here.
    Property(String, Currency),
}

/// A trigger with its conditions: all of them must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What must be seen.
    pub trigger: Trigger,
    /// What must be true of it.
    pub conditions: Vec<Condition>,
}

/// What must be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Trigger {
    /// A page whose path matches, with these query values.
    Page(PagePattern, Vec<(String, String)>),
    /// A click on an element that one of the selectors matches.
    Click(Vec<Selector>),
    /// A click on a link of that kind.
    Link(LinkKind),
    /// A submit of a form that one of the selectors matches.
    Submit(Vec<Selector>),
    /// A media element's step.
    Media(MediaStep),
    /// The way down a page, scrolled up to this share of it in per cent.
    Scroll(u8),
    /// So many seconds with a page, visible and used.
    Dwell(u32),
    /// A custom event of that name.
    Event(String),
    /// A step of a purchase.
    Commerce(CommerceStep),
}

impl Rules {
    /// The definition of that id.
    pub fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions
            .iter()
            .find(|definition| definition.id == id)
    }

    /// Whether `test` holds for some rule. One dynamic call instead of an iterator for each question
    /// below: these run in the page, where each iterator chain is code of its own.
    fn any(&self, test: &mut dyn FnMut(&Definition, &Rule) -> bool) -> bool {
        self.definitions
            .iter()
            .any(|definition| definition.when.iter().any(|rule| test(definition, rule)))
    }

    fn any_selector(&self, test: &mut dyn FnMut(&Selector) -> bool) -> bool {
        self.any(&mut |_, rule| match &rule.trigger {
            Trigger::Click(selectors) | Trigger::Submit(selectors) => {
                selectors.iter().any(&mut *test)
            }
            _ => false,
        })
    }

    /// Whether some definition asks about this attribute of a click's or a submit's elements, by a
    /// selector, a condition or as its dedup property; `id` and `class` are kept in any case.
    pub fn asks_attribute(&self, name: &str) -> bool {
        self.any(&mut |definition, rule| {
            let selectors = match &rule.trigger {
                Trigger::Click(selectors) | Trigger::Submit(selectors) => selectors.as_slice(),
                Trigger::Link(_) => &[],
                _ => return false,
            };
            selectors.iter().any(|found| found.asks_attribute(name))
                || definition.dedup == name
                || rule.conditions.iter().any(|condition| condition.asks(name))
        })
    }

    /// Whether some selector has a part that matches this element.
    pub fn concerns(&self, element: &Element) -> bool {
        self.any_selector(&mut |selector| selector.concerns(element))
    }

    /// What a page must look out for because some definition asks, as words, each followed by a
    /// space: `s75` a share of the way down, `d30` seconds of dwelling, `m50` a share of a video,
    /// `m0` any other step of one, `f0` forms. A word stands there as often as it is asked for. Where
    /// the site has more hosts than one, each follows after a slash: links between them.
    ///
    /// ```
    /// let rules = goalpost_core::testing::rules();
    /// assert_eq!(rules.watch_list(), "m0 m0 f0 s75 d30 ");
    /// ```
    pub fn watch_list(&self) -> String {
        let mut words = String::new();
        for rule in self.definitions.iter().flat_map(|found| &found.when) {
            let (kind, mark) = match rule.trigger {
                Trigger::Scroll(percent) => ('s', u32::from(percent)),
                Trigger::Dwell(seconds) => ('d', seconds),
                Trigger::Media(MediaStep::Progress(percent)) => ('m', u32::from(percent)),
                Trigger::Media(_) => ('m', 0),
                Trigger::Submit(_) => ('f', 0),
                _ => continue,
            };
            words.push(kind);
            json::push_integer(&mut words, i64::from(mark));
            words.push(' ');
        }
        if self.hosts.len() > 1 {
            for host in &self.hosts {
                words.push('/');
                words.push_str(host);
            }
        }
        words
    }

    /// Whether a page's query key is kept: one of the usual names of campaigns and click ids, or one
    /// that some definition asks about. All others stay in the page.
    pub fn keeps_query(&self, key: &str) -> bool {
        is_campaign_key(key)
            || self.any(&mut |definition, rule| match &rule.trigger {
                Trigger::Page(_, query) => {
                    query.iter().any(|(wanted, _)| wanted == key)
                        || (!key.is_empty()
                            && !PAGE_FACTS.contains(&key)
                            && (definition.dedup == key
                                || rule.conditions.iter().any(|condition| condition.asks(key))))
                }
                _ => false,
            })
    }
}

/// What a page view says of itself without its query.
const PAGE_FACTS: [&str; 4] = ["path", "host", "title", "referrer"];

/// The usual names of campaigns, and of ad networks' click ids.
const CAMPAIGN_KEYS: [&str; 16] = [
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "fbclid",
    "msclkid",
    "ttclid",
    "twclid",
    "yclid",
    "li_fat_id",
    "ldtag_cl",
];

/// Whether a page's query key names a campaign or a click of an ad network: it is kept even where no
/// plan has arrived.
pub fn is_campaign_key(key: &str) -> bool {
    CAMPAIGN_KEYS.contains(&key)
}

wire_struct!(Rules {
    session_timeout_ms,
    split_at_midnight,
    split_by_campaign,
    currency,
    site,
    plan,
    hosts,
    zone,
    definitions
});
wire_struct!(Definition {
    count,
    server_only,
    id,
    worth,
    dedup,
    when
});
wire_struct!(Rule {
    trigger,
    conditions
});
wire_enum!(Worth { 0 = Points(points), 1 = Value(amount) });
wire_enum!(Amount { 0 = None, 1 = Fixed(minor, currency), 2 = Property(name, currency) });
wire_enum!(Trigger {
    0 = Page(pattern, query),
    1 = Click(selectors),
    2 = Link(kind),
    3 = Submit(selectors),
    4 = Media(step),
    5 = Event(name),
    6 = Commerce(step),
    7 = Scroll(percent),
    8 = Dwell(seconds)
});
