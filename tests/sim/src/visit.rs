//! What a visitor may do, and how a page reports it.

use crate::random::Random;
use goalpost_core::{CommerceStep, Element, MediaStep, Properties, Seen, Value};

/// One thing that a visitor did, as the world itself knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Came to an ordinary page.
    Page,
    /// Came to a guide.
    Guide,
    /// Followed a telephone link.
    Call,
    /// Followed the link that the shop cares about.
    CallToAction,
    /// Followed any other link.
    Link,
    /// Started a video.
    Play(&'static str),
    /// Watched half of a video.
    Half(&'static str),
    /// Watched a video to its end.
    Ended(&'static str),
    /// Signed up for news.
    Newsletter,
    /// Sent another form.
    Search,
    /// Asked for a demonstration.
    Demo,
    /// Did something that no plan knows.
    Other,
    /// Went to the till.
    Checkout,
    /// Placed an order: one of [`ORDERS`].
    Order(usize),
    /// Placed an order that has no number.
    OrderWithoutNumber,
    /// Placed an order with an amount that its currency does not have.
    OrderWithBadAmount,
    /// Gave an order back.
    Refund(usize),
    /// The page triggers a definition that has no rule.
    Inert,
    /// The page triggers a definition that does not exist.
    Unregistered,
    /// The page triggers what only a server may.
    ServerOnly,
    /// The visitor said who they are.
    Identify(&'static str),
    /// Something that the loader could not hold.
    Unheld,
}

/// Amount as written, currency as written, what it is in the smallest coin of which currency.
pub const ORDERS: [(&str, &str, i64, &str); 6] = [
    ("14800", "JPY", 14_800, "JPY"),
    ("129.00", "USD", 12_900, "USD"),
    ("1.005", "KWD", 1_005, "KWD"),
    ("0", "", 0, "JPY"),
    ("9980.0", "", 9_980, "JPY"),
    ("25.5", "eur", 2_550, "EUR"),
];

const VIDEOS: [&str; 2] = ["intro", "care"];

impl Deed {
    /// Whether it must be on the disk before it is sent.
    pub const fn is_urgent(self) -> bool {
        matches!(
            self,
            Self::Checkout
                | Self::Order(_)
                | Self::OrderWithoutNumber
                | Self::OrderWithBadAmount
                | Self::Refund(_)
                | Self::Identify(_)
        )
    }

    /// Something that a visitor might do next.
    pub fn draw(random: &mut Random, contact: &'static str) -> Self {
        match random.below(100) {
            0..8 => Self::Page,
            8..14 => Self::Guide,
            14..20 => Self::Call,
            20..26 => Self::CallToAction,
            26..31 => Self::Link,
            31..45 => Self::Play(random.pick(&VIDEOS)),
            45..48 => Self::Half(random.pick(&VIDEOS)),
            48..50 => Self::Ended(random.pick(&VIDEOS)),
            50..56 => Self::Newsletter,
            56..58 => Self::Search,
            58..66 => Self::Demo,
            66..72 => Self::Other,
            72..76 => Self::Checkout,
            76..87 => Self::Order(random.below(ORDERS.len())),
            87..89 => Self::OrderWithoutNumber,
            89..90 => Self::OrderWithBadAmount,
            90..92 => Self::Refund(random.below(ORDERS.len())),
            92..94 => Self::Inert,
            94 => Self::Unregistered,
            95 => Self::ServerOnly,
            // Now and then somebody else uses the same browser.
            96 => Self::Identify("customer:other"),
            _ => Self::Identify(contact),
        }
    }

    /// What the page tells the engine.
    pub fn seen(self, random: &mut Random) -> (&'static str, Seen, Properties) {
        let plain = |seen| ("/shoes/", seen, Properties::default());
        let link = |class: &str, href: &str| {
            let mut link = element("a", "", class);
            link.attributes.push(("href".into(), href.into()));
            Seen::Click {
                elements: vec![element("span", "", ""), link, element("main", "top", "")],
            }
        };
        match self {
            Self::Page => ("/shoes/", page(), Properties::default()),
            Self::Guide => ("/guides/sizes", page(), Properties::default()),
            Self::Call => plain(link("", "tel:+810000")),
            Self::CallToAction => plain(link("big cta", "/shoes/red/")),
            Self::Link => plain(link("", "/help/")),
            Self::Play(video) => plain(media(video, MediaStep::Play)),
            Self::Half(video) => plain(media(video, MediaStep::Progress(50))),
            Self::Ended(video) => plain(media(video, MediaStep::Complete)),
            Self::Newsletter => plain(Seen::Submit {
                elements: vec![element("form", "newsletter", "")],
            }),
            Self::Search => plain(Seen::Submit {
                elements: vec![element("form", "search", "")],
            }),
            Self::Demo => plain(event("demo_requested")),
            Self::Other | Self::Unheld => plain(event("scrolled")),
            Self::Checkout => plain(commerce(CommerceStep::BeginCheckout)),
            Self::Order(order) => {
                let (amount, currency, ..) = ORDERS[order];
                let number = random.pick(&["order", "order_id", "transaction_id"]);
                let revenue = random.pick(&["revenue", "value", "total"]);
                let mut list = vec![(number, format!("A{order}")), (revenue, amount.to_owned())];
                if !currency.is_empty() {
                    list.push(("currency", currency.to_owned()));
                }
                (
                    "/thanks/",
                    commerce(CommerceStep::Purchase),
                    properties(list),
                )
            }
            Self::OrderWithoutNumber => {
                let list = vec![("revenue", "500".to_owned())];
                (
                    "/thanks/",
                    commerce(CommerceStep::Purchase),
                    properties(list),
                )
            }
            Self::OrderWithBadAmount => {
                let list = vec![("order", "A9".to_owned()), ("revenue", "12.5".to_owned())];
                (
                    "/thanks/",
                    commerce(CommerceStep::Purchase),
                    properties(list),
                )
            }
            Self::Refund(order) => {
                let list = vec![
                    ("order", format!("A{order}")),
                    ("revenue", "100".to_owned()),
                ];
                (
                    "/account/",
                    commerce(CommerceStep::Refund),
                    properties(list),
                )
            }
            Self::Inert => plain(trigger("inert")),
            Self::Unregistered => plain(trigger("no-such-goal")),
            Self::ServerOnly => plain(trigger("close-won")),
            Self::Identify(contact) => plain(Seen::Identify {
                contact: contact.into(),
            }),
        }
    }
}

/// A click that means nothing.
pub fn idle_click() -> Seen {
    Seen::Click {
        elements: vec![element("p", "", ""), element("body", "", "")],
    }
}

fn element(tag: &str, id: &str, class: &str) -> Element {
    Element {
        tag: tag.into(),
        id: id.into(),
        class: class.into(),
        attributes: Vec::new(),
    }
}

fn page() -> Seen {
    Seen::Page {
        host: "shop.example".into(),
        query: vec![
            ("utm_source".into(), "mail".into()),
            ("secret".into(), "1".into()),
        ],
        title: "Shoes \"雲\"".into(),
        referrer: String::new(),
    }
}

fn media(video: &str, step: MediaStep) -> Seen {
    Seen::Media {
        step,
        video: video.into(),
    }
}

fn event(name: &str) -> Seen {
    Seen::Event { name: name.into() }
}

fn commerce(step: CommerceStep) -> Seen {
    Seen::Commerce { step }
}

fn trigger(definition: &str) -> Seen {
    Seen::Trigger {
        definition: definition.into(),
    }
}

fn properties(list: Vec<(&str, String)>) -> Properties {
    Properties(
        list.into_iter()
            .map(|(name, text)| (name.into(), Value::Text(text)))
            .collect(),
    )
}
