//! One document that says how an emulator starts: clock, seed, credentials, switches, faults.

use serde::{Deserialize, Serialize};

use crate::clock::ClockSetting;
use crate::control;
use crate::credential::Credentials;
use crate::fault::Fault;
use crate::switches::Switches;

/// How an emulator starts; whatever is left out is as in a fresh one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// What this is for; nothing else is done with it.
    pub about: String,
    /// Ids and ready credentials are drawn from this; 1 where it is not set.
    pub seed: Option<u64>,
    /// The clock; the machine's where nothing is set.
    pub clock: ClockSetting,
    /// Ready credentials in the place of drawn ones.
    pub credentials: Credentials,
    /// How the services behave where it can be chosen.
    pub switches: Switches,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

impl Scenario {
    /// Reads a document.
    ///
    /// # Errors
    /// The field that is wrong, and what was expected there.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let scenario: Scenario = control::document(json)?;
        scenario.check()?;
        Ok(scenario)
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        self.clock.check().map_err(|why| format!("clock.{why}"))?;
        self.switches.check().map_err(|why| format!("switches.{why}"))?;
        for (at, fault) in self.faults.iter().enumerate() {
            fault.check().map_err(|why| format!("faults[{at}].{why}"))?;
        }
        Ok(())
    }
}
