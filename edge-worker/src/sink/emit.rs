//! Sorted items as statements.

use super::{
    Param, Statement,
    delivery::Label,
    row::{Row, hex},
    sort::{Rows, Sorted, Tray},
    statements as sql,
};
use crate::pack::{Pack, packs};
use goalpost_core::{Fate, Id, beacon::Form, erasure::Subject, fate::Drop, limits};
use std::collections::BTreeMap;

/// More bytes than there can be, and within what a parameter holds.
const WITHOUT_END: i64 = (1 << 53) - 1;

/// The statements of each database that has some, by its number.
pub(super) fn statements(batch: Id, sorted: Sorted) -> BTreeMap<u32, Vec<Statement>> {
    let mut all: BTreeMap<u32, Vec<Statement>> = BTreeMap::new();
    let batch = hex(batch);
    let loads: Vec<(Id, String)> = sorted
        .page_loads
        .0
        .into_iter()
        .map(|((site, page), load)| {
            let row = Row::new(160)
                .text(&site)
                .id(Some(page))
                .text(&load.day)
                .text(&load.sdk)
                .text(load.form)
                .number(i64::from(load.captured))
                .number(i64::from(load.dropped.overflow))
                .number(i64::from(load.dropped.consent))
                .number(load.last_at);
            (page, row.end())
        })
        .collect();
    for ((database, label), tray) in sorted.trays {
        Emitter {
            label: &label,
            batch: &batch,
            out: all.entry(database).or_default(),
        }
        .tray(tray);
    }
    for ((database, site), shares) in sorted.sessions {
        let out = all.entry(database).or_default();
        for pack in in_order(shares) {
            out.push(Statement {
                sql: sql::SESSIONS,
                params: [&pack.json, &site, &batch].map(|part| text(part)).to_vec(),
            });
        }
    }
    for pack in in_order(loads) {
        all.entry(0).or_default().push(Statement {
            sql: sql::PAGE_LOADS,
            params: vec![Param::Text(pack.json)],
        });
    }
    all
}

struct Emitter<'a> {
    label: &'a Label,
    batch: &'a str,
    out: &'a mut Vec<Statement>,
}

impl Emitter<'_> {
    /// Stored items go first: a bad item asks whether its id is stored.
    fn tray(mut self, tray: Tray) {
        let Label {
            site, sdk, form, ..
        } = self.label;
        if !tray.named.is_empty() {
            let named = named(site, tray.named);
            self.push(sql::ERASED, [&named, site.as_str()].map(text).to_vec());
            self.is_no_copy(Fate::Dropped(Drop::Erased));
        }
        for (json, count) in counted(tray.store) {
            let rows = [&json, site, sdk, *form].map(text);
            let mut store = rows.to_vec();
            store.extend([self.batch, self.label.source()].map(text));
            self.push(sql::STORE, store);
            self.tally(sql::TALLY, count, Fate::Stored);
            let mut conflicts = rows.to_vec();
            conflicts.extend(self.room());
            self.push(sql::CONFLICTS, conflicts);
            let label = self.label();
            self.push(sql::CONFLICTS_ARE_NO_COPIES, label);
            self.doubt(&json);
        }
        for (json, count) in counted(tray.quarantine) {
            let origin = self.label.origin.name();
            let mut held = [&json, site, sdk, *form, origin].map(text).to_vec();
            held.extend(self.room());
            self.push(sql::QUARANTINE, held);
            let mut params = self.label();
            params.push(Param::Integer(count));
            self.push(sql::COPIES, params);
            let full = Fate::Dropped(Drop::QuarantineFull);
            if tray.is_nobodys {
                let mut params = self.label();
                params.extend([full.name(), full.reason(), &json].map(text));
                self.push(sql::NO_ROOM_OF_NOBODY, params);
            } else {
                self.push(sql::NO_ROOM, [&json, site.as_str()].map(text).to_vec());
                self.is_no_copy(full);
            }
        }
        for (reason, rows) in tray.drop {
            for (json, count) in counted(rows) {
                self.push(sql::DROP, [&json, site.as_str()].map(text).to_vec());
                self.tally(sql::TALLY, count, Fate::Dropped(reason));
            }
        }
        for (reason, count) in tray.count {
            self.tally(sql::COUNT, count, Fate::Dropped(reason));
        }
    }

    /// Marks what this batch has stored of these rows, and counts it.
    fn doubt(&mut self, rows: &str) {
        let Label { site, day, .. } = self.label;
        for doubt in &self.label.doubts {
            let name = doubt.name();
            self.push(
                sql::DOUBT,
                [rows, site, self.batch, name].map(text).to_vec(),
            );
            self.push(sql::COUNT_DOUBTS, [site, day, name].map(text).to_vec());
        }
    }

    /// What the statement before has noted as dropped.
    fn is_no_copy(&mut self, fate: Fate) {
        let mut params = self.label();
        params.extend([fate.name(), fate.reason()].map(text));
        self.push(sql::DROPPED_IS_NO_COPY, params);
    }

    /// The day, and how many bytes of it may wait in quarantine. What the site's own servers report is
    /// under no limit: pages must not be able to crowd it out.
    fn room(&self) -> [Param; 2] {
        let day = Param::Text(self.label.day.clone());
        let is_of_server = self.label.form == Form::Server.name();
        let bytes = if is_of_server {
            WITHOUT_END
        } else {
            limits::QUARANTINE_BYTES
        };
        [day, Param::Integer(bytes)]
    }

    fn tally(&mut self, sql: &'static str, count: i64, fate: Fate) {
        let mut params = self.label();
        params.push(Param::Integer(count));
        params.extend([fate.name(), fate.reason()].map(text));
        self.push(sql, params);
    }

    fn label(&self) -> Vec<Param> {
        let label = self.label;
        [
            &label.site,
            &label.day,
            label.origin.name(),
            &label.sdk,
            label.form,
        ]
        .map(text)
        .to_vec()
    }

    fn push(&mut self, sql: &'static str, params: Vec<Param>) {
        self.out.push(Statement { sql, params });
    }
}

fn text(text: &str) -> Param {
    Param::Text(text.to_owned())
}

/// Items by the tombstones of their names, for [`sql::ERASED`].
fn named(site: &str, names: BTreeMap<Subject, Vec<(Id, i64)>>) -> String {
    let mut out = String::from("[");
    for (name, items) in names {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str("[\"");
        out.push_str(&name.tombstone(site));
        out.push_str("\",");
        for (at, (id, time)) in items.into_iter().enumerate() {
            out.push(if at == 0 { '[' } else { ',' });
            out.push_str(&Row::new(64).id(Some(id)).number(time).end());
        }
        out.push_str("]]");
    }
    out.push(']');
    out
}

/// The rows as JSON texts, each with the number of items that its tally is about: its rows, and in
/// the first also all further copies.
fn counted(rows: Rows) -> impl Iterator<Item = (String, i64)> {
    let mut copies = rows.copies;
    let mut packs = in_order(rows.rows);
    if packs.is_empty() && copies > 0 {
        packs.push(Pack {
            json: String::from("[]"),
            rows: 0,
        });
    }
    packs.into_iter().map(move |pack| {
        let count = pack.rows.saturating_add(core::mem::take(&mut copies));
        (pack.json, count)
    })
}

/// Rows as lists in the order of their ids: what was captured first is inserted first, and rows that stand
/// together are written together.
fn in_order(mut rows: Vec<(Id, String)>) -> Vec<Pack> {
    rows.sort_by_key(|(id, _)| *id);
    packs(rows.iter().map(|(_, row)| row.as_str()))
}
