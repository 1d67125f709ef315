//! What visitors do, and what happens to them.

use crate::{
    broken::Broken,
    browser::{Browser, Lock, Tab},
    disk::Disk,
    fault::Fault,
    visit::Deed,
    world::World,
};
use goalpost_core::{Id, beacon::Form, limits};
use goalpost_sdk::engine::{Captured, Consent, Engine, Input, Settings};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// After that no page waits for its plan any longer.
const PLAN_PATIENCE_MS: i64 = 5_000;

impl World<'_> {
    pub(crate) fn begin_browser(&mut self) {
        let off = if self.happens(Fault::ClockOff) {
            self.random.between(-6 * 86_400_000, 6 * 86_400_000)
        } else {
            self.random.between(-2_000, 2_000)
        };
        let consent = if self.happens(Fault::ConsentLate) {
            Consent::Unknown
        } else {
            Consent::Granted
        };
        let lock = if self.weather.rate(Fault::LockAbsent) > 0 && self.random.chance(500) {
            Lock::Absent
        } else {
            Lock::Works
        };
        let stubborn = self.weather.rate(Fault::StorageRefused) > 0 && self.random.chance(300);
        self.browsers.push(Browser {
            contact: "customer:1",
            consent,
            offset: off,
            lock,
            disk: Disk::default(),
            left: BTreeMap::new(),
            safe_left: BTreeMap::new(),
            disk_refuses: stubborn,
            record_refuses: stubborn,
            record: None,
            safe_record: None,
            cookie: None,
            signals_refusal: self.random.chance(30),
            sessions_torn: stubborn || lock == Lock::Absent,
            clock_went_back: false,
            records_lost: 0,
            tabs: Vec::new(),
        });
    }

    /// Somebody does something, or something goes wrong by itself.
    pub(crate) fn act(&mut self) -> Result<(), Broken> {
        let b = self.random.below(self.browsers.len());
        self.misfortune(b)?;
        if self.browsers[b].tabs.is_empty() {
            return self.open(b);
        }
        let t = self.random.below(self.browsers[b].tabs.len());
        match self.random.below(100) {
            0..56 => {
                if self.browsers[b].tabs[t].hidden {
                    self.show(b, t)?;
                }
                let deed = Deed::draw(&mut self.random, self.browsers[b].contact);
                self.see(b, t, deed)?;
                // The moment that matters most.
                let kill = self.random.chance(200) && deed.is_urgent();
                if kill && self.happens(Fault::BrowserKilled) {
                    let moment = self.random.between(0, 2_000);
                    self.pass(moment)?;
                    self.kill_browser(b);
                    return Ok(());
                }
                // People press twice.
                if self.random.chance(120) {
                    self.see(b, t, deed)
                } else {
                    Ok(())
                }
            }
            56..59 => self.see_nothing(b, t),
            59..68 if self.browsers[b].tabs[t].hidden => self.show(b, t),
            59..68 => self.hide(b, t),
            68..82 => {
                self.close(b, t)?;
                self.open(b)
            }
            82..87 => self.close(b, t),
            87..93 if self.browsers[b].tabs.len() < 3 => self.open(b),
            93..95 => {
                self.tell(b, t, Input::Flush)?;
                self.settle(b, t)
            }
            95 => {
                let debug = self.random.chance(500);
                self.tell(b, t, Input::Debug(debug))?;
                self.settle(b, t)
            }
            // The browser says that there is no network.
            96 if !self.browsers[b].tabs[t].engine.is_busy() => {
                self.browsers[b].tabs[t].failing = true;
                self.tell(b, t, Input::Failed(None))?;
                self.settle(b, t)
            }
            _ => self.come_back(b, t),
        }
    }

    fn come_back(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        self.browsers[b].tabs[t].failing = false;
        self.tell(b, t, Input::Back)?;
        self.settle(b, t)
    }

    pub(crate) fn show(&mut self, b: usize, t: usize) -> Result<(), Broken> {
        self.browsers[b].tabs[t].hidden = false;
        self.come_back(b, t)
    }

    fn misfortune(&mut self, b: usize) -> Result<(), Broken> {
        let browser = &mut self.browsers[b];
        if self.random.chance(400) {
            browser.safe_record.clone_from(&browser.record);
            browser.safe_left.clone_from(&browser.left);
            browser.disk.sync();
        }
        if self.happens(Fault::ClockAhead) {
            self.browsers[b].offset += self.random.between(60_000, 5 * 3_600_000);
        }
        if self.happens(Fault::ClockBack) {
            let browser = &mut self.browsers[b];
            browser.offset -= self.random.between(60_000, 3 * 3_600_000);
            browser.sessions_torn = true;
            browser.clock_went_back = true;
        }
        if !self.browsers[b].record_refuses && self.happens(Fault::StorageRefused) {
            self.browsers[b].disk_refuses ^= true;
        }
        if self.happens(Fault::PlanChanged) {
            self.edge.current = 1;
        }
        let consent = self.browsers[b].consent;
        match consent {
            Consent::Unknown if self.random.chance(100) => self.decide(b, Consent::Granted)?,
            Consent::Unknown | Consent::Granted if self.happens(Fault::ConsentWithdrawn) => {
                self.decide(b, Consent::Denied)?;
            }
            Consent::Denied if self.random.chance(150) => self.decide(b, Consent::Granted)?,
            _ => {}
        }
        if self.happens(Fault::BrowserKilled) {
            self.kill_browser(b);
        }
        let tabs = self.browsers[b].tabs.len();
        if tabs > 0 && self.random.chance(self.weather.rate(Fault::TabKilled)) {
            let t = self.random.below(tabs);
            self.kill(b, t);
        }
        if self.random.chance(30) && !self.browsers[b].tabs.is_empty() && self.happens(Fault::Burst)
        {
            for _ in 0..=limits::OUTBOX_ITEMS {
                self.see(b, 0, Deed::Other)?;
            }
        }
        Ok(())
    }

    /// A page is loaded in a new tab.
    pub(crate) fn open(&mut self, b: usize) -> Result<(), Broken> {
        self.tabs += 1;
        let device = self.device(b);
        let page = Id::new(device, self.random.id_bytes());
        let settings = Settings {
            site: "cloud-kicks".into(),
            sdk: "0.1.0".into(),
            form: Form::Wasm,
            page,
            consent: self.browsers[b].consent,
            purposes: String::new(),
            cookieless: false,
            retells: false,
            debug: self.random.chance(50),
        };
        let tab = Tab {
            number: self.tabs,
            page,
            engine: Engine::new(settings, device),
            effects: VecDeque::new(),
            disk_wait: None,
            writes: VecDeque::new(),
            unsure: Vec::new(),
            left: Vec::new(),
            failing: false,
            lock_wait: None,
            load_wait: None,
            plan_wait: self.plan_for_page(),
            has_plan: false,
            wake: None,
            hidden: false,
            holds: BTreeSet::new(),
            tries: BTreeMap::new(),
            request: None,
            left_behind: false,
            let_go: Default::default(),
            own_record: None,
        };
        let number = self.tabs;
        self.browsers[b].tabs.push(tab);
        let t = self.browsers[b].tabs.len() - 1;
        self.note("page", [b as u64, u64::from(number)], || {
            format!("tab {number}, page {page}")
        });
        let held = if self.random.chance(300) {
            self.random.below(4)
        } else {
            0
        };
        for index in 0..held {
            let time = device - 900 + 200 * index as i64;
            let id = Id::new(time, self.random.id_bytes());
            let deed = Deed::draw(&mut self.random, self.browsers[b].contact);
            self.see_held(
                b,
                t,
                deed,
                Captured {
                    id,
                    index: index as u32,
                },
            )?;
        }
        if held > 0 && self.happens(Fault::LoaderOverflow) {
            let count = 1 + self.random.below(4) as u32;
            self.overflow(b, t, count)?;
        }
        let deed = if self.random.chance(200) {
            Deed::Guide
        } else {
            Deed::Page
        };
        self.see(b, t, deed)
    }

    fn plan_for_page(&mut self) -> VecDeque<(i64, Option<usize>)> {
        let plan = Some(self.edge.current);
        let patience = (self.now + PLAN_PATIENCE_MS, None);
        if self.happens(Fault::PlanNever) {
            return VecDeque::from([patience]);
        }
        if self.happens(Fault::PlanLate) {
            let due = self.now + self.random.between(PLAN_PATIENCE_MS, 60_000);
            return VecDeque::from([patience, (due, plan)]);
        }
        VecDeque::from([(self.now + self.random.between(5, 600), plan)])
    }
}
