//! A visitor's session: activity with no gap of the timeout or more.
//!
//! The browser gives out the session's id, shared by its tabs, so a late observation can never
//! bridge two sessions: each already carries the id of its own.

use crate::{
    id::Id,
    json, limits,
    observation::Seen,
    parts::Parts,
    rules::{Rules, is_campaign_key},
};
use alloc::string::String;

/// What the tabs of one browser share about the visitor's presence.
///
/// ```
/// use goalpost_core::{Id, SessionRecord};
/// let id = |n| Id::new(n, [1; 10]);
/// let record = SessionRecord { visitor: id(1), session: id(2), last: 10_000, page_loads: 3 };
/// // Where no plan says otherwise, half an hour without activity ends a session.
/// assert!(record.continues(10_000 + 1_799_999, 0, None));
/// assert!(!record.continues(10_000 + 1_800_000, 0, None));
/// assert_eq!(SessionRecord::parse(&record.text()), Some(record));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The anonymous browser.
    pub visitor: Id,
    /// The session that goes on, or the last one.
    pub session: Id,
    /// The visitor's last activity in any tab: Unix milliseconds.
    pub last: i64,
    /// Page loads of this visitor so far: the upper half of the next page's sequence numbers.
    pub page_loads: u16,
}

impl SessionRecord {
    /// Whether activity at `time`, reached by that campaign (see [`Rules::campaign_mark`]), belongs
    /// to this session: the gap is below the timeout, and nothing that splits sessions lies between.
    ///
    /// A clock that went backwards is no gap, and no midnight either.
    pub fn continues(&self, time: i64, campaign: u32, rules: Option<&Rules>) -> bool {
        let timeout = rules.map_or(limits::SESSION_TIMEOUT_MS.1, |rules| {
            rules.session_timeout_ms
        });
        let day = |time| {
            rules
                .filter(|rules| rules.split_at_midnight)
                .map(|rules| rules.zone.date(time))
        };
        time.saturating_sub(self.last) < i64::from(timeout)
            && day(time) <= day(self.last)
            && (campaign == 0 || campaign == self.session.end())
    }

    /// Begins another session under a new id. The id's end is made the mark of the campaign that
    /// began it, so that every tab that shares the id knows the campaign too, and nothing else is kept.
    pub fn begin(&mut self, id: Id, campaign: u32) {
        self.session = if campaign == 0 {
            id
        } else {
            id.ending(campaign)
        };
    }

    /// The record as kept in the browser's storage.
    pub fn text(&self) -> String {
        let mut text = self.visitor.text();
        text.push(' ');
        text.push_str(&self.session.text());
        for number in [self.last, i64::from(self.page_loads)] {
            text.push(' ');
            json::push_integer(&mut text, number);
        }
        text
    }

    /// Reads what [`Self::text`] wrote; anything else is as if nothing had been stored.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = Parts(Some(text));
        Some(Self {
            visitor: Id::parse(words.until(b' '))?,
            session: Id::parse(words.until(b' '))?,
            last: json::read_integer(words.until(b' ')).filter(|last| *last >= 0)?,
            page_loads: json::read_integer(words.until(b' '))?.try_into().ok()?,
        })
    }
}

impl Rules {
    /// A number that stands for the campaign that a page was reached by, where another campaign
    /// begins another session: of source, medium and name, or of a click id's name. Else 0.
    pub fn campaign_mark(&self, seen: &Seen) -> u32 {
        let Seen::Page { query, .. } = seen else {
            return 0;
        };
        if !self.split_by_campaign {
            return 0;
        }
        let mut mark = 0;
        for name in ["utm_source", "utm_medium", "utm_campaign"] {
            let pair = query.iter().find(|(key, _)| key == name);
            mark = marked(mark, pair.map_or("", |(_, value)| value));
        }
        if mark == 0 {
            let click = |key: &str| is_campaign_key(key) && !key.starts_with("utm_");
            let pair = query.iter().find(|(key, _)| click(key));
            mark = marked(mark, pair.map_or("", |(key, _)| key));
        }
        mark
    }
}

/// FNV with a zero behind each text, so that its place counts, and nothing but empty texts is 0.
fn marked(mark: u32, text: &str) -> u32 {
    let step = |mark: u32, byte| (mark ^ u32::from(byte)).wrapping_mul(16_777_619);
    step(text.bytes().fold(mark, step), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use alloc::{
        string::{String, ToString as _},
        vec::Vec,
    };

    const MIDNIGHT: bool = true;
    const CAMPAIGN: bool = true;
    /// 20 November 2026, 00:00 in Tokyo.
    const DAY: i64 = 1_795_100_400_000;

    fn rules(split_at_midnight: bool, split_by_campaign: bool) -> Rules {
        Rules {
            split_at_midnight,
            split_by_campaign,
            ..testing::rules()
        }
    }

    fn page(query: &[(&str, &str)]) -> Seen {
        Seen::Page {
            host: "shop.example".to_string(),
            query: query
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect(),
            title: String::new(),
            referrer: String::new(),
        }
    }

    /// How many sessions these page views are, each with its time and its `utm_source`.
    fn visits(rules: &Rules, views: &[(i64, &str)]) -> usize {
        let mut begun = 0u8;
        let mut record: Option<SessionRecord> = None;
        for (time, source) in views {
            let campaign = rules.campaign_mark(&page(&[("utm_source", source)]));
            let mut now = record.unwrap_or_else(|| SessionRecord {
                visitor: Id::new(*time, [0; 10]),
                session: Id::new(*time, [0; 10]),
                last: *time,
                page_loads: 0,
            });
            if record.is_none() || !now.continues(*time, campaign, Some(rules)) {
                begun = begun.saturating_add(1);
                now.begin(Id::new(*time, [begun; 10]), campaign);
            }
            now.last = now.last.max(*time);
            record = Some(now);
        }
        usize::from(begun)
    }

    fn sessions(rules: &Rules, times: &[i64]) -> usize {
        let views: Vec<_> = times.iter().map(|time| (*time, "")).collect();
        visits(rules, &views)
    }

    #[test]
    fn a_gap_of_the_timeout_ends_a_session_and_it_slides() {
        let none = rules(false, false);
        assert_eq!(sessions(&none, &[0, 1_799_999]), 1);
        assert_eq!(sessions(&none, &[0, 1_800_000]), 2);
        assert_eq!(sessions(&none, &[0, 1_799_000, 3_598_000]), 1);
    }

    #[test]
    fn a_clock_that_steps_back_is_no_gap_and_no_midnight() {
        for rules in [rules(false, false), rules(MIDNIGHT, CAMPAIGN)] {
            assert_eq!(sessions(&rules, &[600_000, 0]), 1);
            assert_eq!(sessions(&rules, &[DAY + 300_000, DAY - 300_000]), 1);
        }
    }

    #[test]
    fn midnight_ends_a_session_only_where_the_plan_says_so_and_in_its_zone() {
        let around = [DAY - 60_000, DAY + 60_000];
        assert_eq!(sessions(&rules(false, CAMPAIGN), &around), 1);
        assert_eq!(sessions(&rules(MIDNIGHT, false), &around), 2);
        let utc = Rules {
            zone: crate::Zone::fixed(0),
            ..rules(MIDNIGHT, false)
        };
        assert_eq!(sessions(&utc, &around), 1);
    }

    #[test]
    fn another_campaign_ends_a_session_only_where_the_plan_says_so() {
        let other = [(0, "a"), (60_000, "b")];
        assert_eq!(visits(&rules(MIDNIGHT, false), &other), 1);
        let split = rules(false, CAMPAIGN);
        assert_eq!(visits(&split, &other), 2);
        assert_eq!(visits(&split, &[(0, "a"), (60_000, "a")]), 1);
        // No campaign is no other campaign; a campaign after none is.
        assert_eq!(visits(&split, &[(0, "a"), (60_000, ""), (90_000, "a")]), 1);
        assert_eq!(visits(&split, &[(0, ""), (60_000, "a")]), 2);
    }

    #[test]
    fn a_sessions_id_is_an_id_whatever_campaign_began_it() {
        let mut record = SessionRecord {
            visitor: Id::new(1, [1; 10]),
            session: Id::new(1, [1; 10]),
            last: 1,
            page_loads: 1,
        };
        record.begin(Id::new(DAY, [0xff; 10]), 0x0102_0304);
        assert_eq!(record.session.time(), DAY);
        assert_eq!(Id::parse(&record.session.text()), Some(record.session));
        assert_eq!(record.session.end(), 0x0102_0304);
    }

    #[test]
    fn a_record_of_the_raw_form_is_one_too() {
        let id = Id::new(1, [1; 10]);
        let short = id.text().replace('-', "");
        let record = SessionRecord::parse(&[&short, " ", &short, " 5 7"].concat());
        assert_eq!(
            record.map(|record| (
                record.visitor,
                record.session,
                record.last,
                record.page_loads
            )),
            Some((id, id, 5, 7))
        );
    }

    #[test]
    fn foreign_storage_is_no_record() {
        let id = Id::new(1, [1; 10]).text();
        for numbers in [" 5 70000", " 5 x", " -5 1"] {
            let text = [&id, " ", &id, numbers].concat();
            assert_eq!(SessionRecord::parse(&text), None, "{numbers}");
        }
        for text in ["", "x", "1 2 3 4", "null"] {
            assert_eq!(SessionRecord::parse(text), None, "{text}");
        }
    }

    #[cfg(feature = "edge")]
    mod marks {
        use super::*;
        use proptest::{collection::vec, prelude::*, sample::select};

        fn query() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
            let keys = vec![
                "utm_source",
                "utm_medium",
                "utm_campaign",
                "utm_term",
                "gclid",
                "dclid",
                "ldtag_cl",
                "page",
            ];
            vec((select(keys), select(vec!["", "a", "b", "ab"])), 0..5)
        }

        proptest! {
            #[test]
            fn two_campaigns_have_one_mark_where_they_have_one_name(one in query(), other in query()) {
                let rules = rules(false, CAMPAIGN);
                let (one, other) = (page(&one), page(&other));
                let name = |seen: &Seen| match seen {
                    Seen::Page { query, .. } => crate::trail::campaign(query),
                    _ => String::new(),
                };
                let (mark, mark_of_other) = (rules.campaign_mark(&one), rules.campaign_mark(&other));
                prop_assert_eq!(mark == mark_of_other, name(&one) == name(&other));
                prop_assert_eq!(mark == 0, name(&one).is_empty());
            }
        }
    }
}
