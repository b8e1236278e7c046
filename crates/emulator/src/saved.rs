//! The whole state as one document, saved and loaded.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use framekey_catalog::{Operation, Service};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::ClockSetting;
use crate::control;
use crate::credential::Credentials;
use crate::draw::Draw;
use crate::fault::Planted;
use crate::ledger::Ledger;
use crate::limits::Windows;
use crate::switches::Switches;
use crate::world::{Services, World};

/// The form of the document. Another number is another form.
const VERSION: u64 = 1;

/// Calls by service and operation.
type Calls = BTreeMap<String, BTreeMap<String, u64>>;

/// What every form has.
#[derive(Deserialize)]
struct Form {
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    #[serde(rename = "version")]
    _version: u64,
    clock: ClockSetting,
    credentials: Credentials,
    switches: Switches,
    faults: Vec<Planted>,
    fault_draw: Draw,
    calls: Calls,
    services: Services,
    ledger: Ledger,
    /// Not there in older documents.
    #[serde(default)]
    windows: Windows,
}

/// The same as it is written; it borrows.
#[derive(Serialize)]
struct Saving<'a> {
    version: u64,
    clock: ClockSetting,
    credentials: &'a Credentials,
    switches: &'a Switches,
    faults: &'a [Planted],
    fault_draw: &'a Draw,
    calls: Calls,
    services: &'a Services,
    ledger: &'a Ledger,
    windows: &'a Windows,
}

impl World {
    pub(crate) fn save(&self) -> Value {
        let (credentials, switches) = (self.credentials(), self.switches());
        let state = self.lock();
        let mut calls = Calls::new();
        for ((service, operation), count) in &state.counts {
            let of = calls.entry(service.slug().to_owned()).or_default();
            of.insert((*operation).to_owned(), *count);
        }
        json!(Saving {
            version: VERSION,
            clock: self.clock().saved(),
            credentials: &credentials,
            switches: &switches,
            faults: &state.faults,
            fault_draw: &state.fault_draw,
            calls,
            services: &state.services,
            ledger: &state.ledger,
            windows: &state.windows,
        })
    }

    pub(crate) fn load(&self, json: &[u8]) -> Result<(), String> {
        // First of all: the fields of another form are other ones.
        let Form { version } = control::document(json)?;
        if version != VERSION {
            return Err(format!("version: {VERSION} is known to this emulator, not {version}"));
        }
        let saved: Saved = control::document(json)?;
        saved.clock.check().map_err(|why| format!("clock.{why}"))?;
        for (at, planted) in saved.faults.iter().enumerate() {
            planted.fault.check().map_err(|why| format!("faults[{at}].fault.{why}"))?;
        }
        let operation = |service: &str, id: &str| -> Option<&'static Operation> {
            framekey_catalog::find(Service::from_slug(service)?, id)
        };
        let mut counts = BTreeMap::new();
        for (service, calls) in &saved.calls {
            for (id, count) in calls {
                let operation = operation(service, id)
                    .ok_or_else(|| format!("calls.{service}.{id}: there is no such operation"))?;
                counts.insert((operation.service, operation.id), *count);
            }
        }
        let mut state = self.lock();
        self.set_switches(saved.switches).map_err(|why| format!("switches.{why}"))?;
        self.clock().reset();
        self.clock().set(saved.clock);
        *self.credentials.write().unwrap_or_else(PoisonError::into_inner) =
            saved.credentials.into();
        state.services = saved.services;
        state.ledger = saved.ledger;
        state.windows = saved.windows;
        state.faults = saved.faults;
        state.fault_draw = saved.fault_draw;
        state.counts = counts;
        drop(state);
        self.clear_journal();
        self.ring();
        Ok(())
    }
}
