//! Rules and observations as a random source makes them.

use goalpost_core::{
    Amount, CommerceStep, Condition, Counting, Currency, Definition, Element, Id, LinkKind,
    MediaStep, Observation, PagePattern, Properties, Rule, Rules, Seen, Selector, Test, Trigger,
    Value, Worth, Zone, commerce,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

const PATHS: &[&str] = &[
    "/",
    "/a",
    "/a/b",
    "/guides/sizes",
    "/ja/guides/care",
    "/x-y",
];
const PATTERNS: &[&str] = &["/", "/*", "/a", "/a/:x", "/guides/:topic", "/*/:x", "*"];
const SELECTORS: &[&str] = &[
    "a",
    "#x",
    ".cta",
    "a[href^='tel:'] .cta, b",
    "form#news",
    "[data-x]",
];
const NAMES: &[&str] = &[
    "a",
    "b",
    "topic",
    "x",
    "video",
    "path",
    "title",
    "utm_medium",
    "order",
];

fn name() -> impl Strategy<Value = String> {
    select(NAMES).prop_map(str::to_owned)
}

fn short() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["sizes", "v1", "email", "1", "1.0", "true", ""]).prop_map(str::to_owned),
        "[a-c]{0,3}",
    ]
}

fn id() -> impl Strategy<Value = Id> {
    (0i64..0xffff_ffff_ffff, any::<[u8; 10]>()).prop_map(|(time, random)| Id::new(time, random))
}

fn test() -> impl Strategy<Value = Test> {
    prop_oneof![
        short().prop_map(Test::Is),
        short().prop_map(Test::IsNot),
        short().prop_map(Test::Contains),
        short().prop_map(Test::NotContains),
        short().prop_map(Test::StartsWith),
        short().prop_map(Test::EndsWith),
        vec(short(), 0..3).prop_map(Test::OneOf),
        vec(short(), 0..3).prop_map(Test::NoneOf),
        short().prop_map(Test::Less),
        short().prop_map(Test::AtMost),
        short().prop_map(Test::Greater),
        short().prop_map(Test::AtLeast),
        (short(), short()).prop_map(|(low, high)| Test::Between(low, high)),
        any::<bool>().prop_map(Test::Exists),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = (name(), test()).prop_map(|(name, test)| Condition::Property(name, test));
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Condition::All),
            vec(inner, 0..3).prop_map(Condition::Any),
        ]
    })
}

fn media() -> impl Strategy<Value = MediaStep> {
    prop_oneof![
        Just(MediaStep::Play),
        Just(MediaStep::Complete),
        (0u8..=100).prop_map(MediaStep::Progress),
    ]
}

fn trigger() -> impl Strategy<Value = Trigger> {
    let selectors =
        || select(SELECTORS).prop_map(|text| Selector::parse_list(text).expect("a selector"));
    prop_oneof![
        4 => (select(PATTERNS), vec((name(), short()), 0..2)).prop_map(|(pattern, query)| {
            Trigger::Page(PagePattern::parse(pattern).expect("a pattern"), query)
        }),
        1 => selectors().prop_map(Trigger::Click),
        1 => selectors().prop_map(Trigger::Submit),
        1 => select(LinkKind::ALL.to_vec()).prop_map(Trigger::Link),
        1 => media().prop_map(Trigger::Media),
        1 => (1u8..=100).prop_map(Trigger::Scroll),
        1 => (1u32..=3_600).prop_map(Trigger::Dwell),
        1 => name().prop_map(Trigger::Event),
        1 => select(CommerceStep::ALL.to_vec()).prop_map(Trigger::Commerce),
    ]
}

fn currency() -> impl Strategy<Value = Currency> {
    select(vec!["JPY", "USD", "KWD"]).prop_map(|code| Currency::parse(code).expect("a currency"))
}

fn worth() -> impl Strategy<Value = Worth> {
    prop_oneof![
        any::<u32>().prop_map(Worth::Points),
        Just(Worth::Value(Amount::None)),
        (any::<i64>(), currency())
            .prop_map(|(minor, currency)| Worth::Value(Amount::Fixed(minor, currency))),
        (name(), currency())
            .prop_map(|(name, currency)| Worth::Value(Amount::Property(name, currency))),
    ]
}

fn definition() -> impl Strategy<Value = Definition> {
    let rule = (trigger(), vec(condition(), 0..3)).prop_map(|(trigger, conditions)| Rule {
        trigger,
        conditions,
    });
    (
        "[a-z]{1,8}",
        worth(),
        select(Counting::ALL.to_vec()),
        option::of(name()),
        vec(rule, 0..3),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(id, worth, count, dedup, when, server_only)| Definition {
            id,
            worth,
            count,
            dedup: dedup.unwrap_or_default(),
            when,
            server_only,
        })
}

pub(crate) fn rules() -> impl Strategy<Value = Rules> {
    (
        "[a-z]{1,8}",
        any::<(u32, bool, bool)>(),
        vec("[a-z]{1,5}", 0..3),
        currency(),
        vec((any::<i64>(), -50_000i32..50_000), 0..4),
        vec(definition(), 0..6),
    )
        .prop_map(
            |(site, (timeout, midnight, campaign), hosts, currency, mut changes, definitions)| {
                changes.sort_unstable();
                Rules {
                    site,
                    plan: "0123".to_owned(),
                    session_timeout_ms: timeout,
                    split_at_midnight: midnight,
                    split_by_campaign: campaign,
                    hosts,
                    currency,
                    zone: Zone::from_changes(3_600, changes),
                    definitions,
                }
            },
        )
}

fn value() -> impl Strategy<Value = Value> {
    let flat = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (-9_999i64..9_999, 0usize..3).prop_map(|(whole, decimals)| {
            Value::Number(format!("{whole}{}", ["", ".5", ".25"][decimals]))
        }),
        "\\PC{0,12}".prop_map(Value::Text),
        ".{0,6}".prop_map(Value::Text),
    ];
    flat.prop_recursive(1, 6, 3, |inner| {
        vec(vec(("[a-z_]{0,6}", inner), 0..3).prop_map(Properties), 0..3).prop_map(Value::List)
    })
}

fn properties() -> impl Strategy<Value = Properties> {
    vec((prop_oneof![name(), "\\PC{1,6}"], value()), 0..5).prop_map(Properties)
}

fn elements() -> impl Strategy<Value = Vec<Element>> {
    let element = (
        select(vec!["a", "b", "form", "section"]),
        select(vec!["", "x", "news"]),
        select(vec!["", "cta", "btn cta"]),
        vec((select(vec!["href", "data-x"]), "\\PC{0,8}"), 0..2),
    )
        .prop_map(|(tag, id, class, attributes)| Element {
            tag: tag.to_owned(),
            id: id.to_owned(),
            class: class.to_owned(),
            attributes: attributes
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        });
    vec(element, 0..4)
}

fn page() -> impl Strategy<Value = Seen> {
    (
        "[a-z.]{0,8}",
        vec((name(), short()), 0..3),
        ".{0,12}",
        "\\PC{0,12}",
    )
        .prop_map(|(host, query, title, referrer)| Seen::Page {
            host,
            query,
            title,
            referrer,
        })
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        page(),
        elements().prop_map(|elements| Seen::Click { elements }),
        elements().prop_map(|elements| Seen::Submit { elements }),
        (media(), short()).prop_map(|(step, video)| Seen::Media { step, video }),
        (1u8..=100).prop_map(|percent| Seen::Scroll { percent }),
        (1u32..=3_600).prop_map(|seconds| Seen::Dwell { seconds }),
        "\\PC{1,10}".prop_map(|name| Seen::Event { name }),
        select(CommerceStep::ALL.to_vec()).prop_map(|step| Seen::Commerce { step }),
        "[a-z-]{1,10}".prop_map(|definition| Seen::Trigger { definition }),
        "(email|phone|customer):[0-9a-f]{1,16}".prop_map(|contact| Seen::Identify { contact }),
    ]
}

fn of(seen: impl Strategy<Value = Seen>) -> impl Strategy<Value = Observation> {
    (id(), any::<u32>(), select(PATHS), seen, properties()).prop_map(
        |(id, seq, path, seen, mut properties)| {
            // A page renames the properties of a purchase when it captures it.
            if matches!(seen, Seen::Commerce { .. }) {
                commerce::rename(&mut properties);
            }
            Observation {
                id,
                seq,
                path: path.to_owned(),
                seen,
                properties,
            }
        },
    )
}

pub(crate) fn observation() -> impl Strategy<Value = Observation> {
    of(seen())
}

pub(crate) fn page_view() -> impl Strategy<Value = Observation> {
    of(page())
}
