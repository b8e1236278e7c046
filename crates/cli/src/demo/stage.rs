//! Where the stories play: the emulator or a live service, and the report that grows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use framekey::dynamic::Client;
use framekey::runtime::native;
use framekey::{CallOptions, ClientBuilder, Error, ErrorKind, Platform, Service};
use framekey_emulator::{Credentials, Emulator};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};

use super::ahead::Ahead;
use super::expect::{Expect, Seen};
use super::made::Made;
use super::recorder::Recorder;
use super::report::{Report, Row};

/// What a step needs beside a service to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// It only reads.
    Nothing,
    /// It creates, changes or deletes: live runs skip it without `--write`.
    Write,
    /// It needs the emulator: its clock, or credentials that a live account does not give.
    Emulator,
}

impl Needs {
    /// And that this is so, or `why` it is not run.
    pub(crate) fn and(self, so: bool, why: &'static str) -> When {
        When { needs: self, missing: (!so).then_some(why) }
    }

    /// And what an earlier step was to give.
    pub(crate) fn after<T>(self, given: &Option<T>) -> When {
        self.and(given.is_some(), "an earlier step did not give what it needs")
    }
}

/// When a step is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    needs: Needs,
    missing: Option<&'static str>,
}

impl From<Needs> for When {
    fn from(needs: Needs) -> Self {
        When { needs, missing: None }
    }
}

/// Where the stories play.
pub(crate) struct Stage {
    place: Place,
    platform: Platform,
    clock: Ahead,
    story: &'static str,
    rows: Vec<Row>,
    draws: bool,
    /// The step that is being run.
    running: Option<&'static str>,
    /// What was made and is not deleted yet.
    pub(super) made: Vec<Made>,
}

enum Place {
    Emulated { emulator: Emulator, seen: usize },
    Live { write: bool, kinds: Vec<&'static str>, seen: Arc<Mutex<Vec<Seen>>> },
}

impl Stage {
    pub(crate) fn emulated(emulator: Emulator, draws: bool) -> Result<Self, Error> {
        Ok(Stage::new(Place::Emulated { emulator, seen: 0 }, native::platform()?, draws))
    }

    /// At the service itself, with credentials of these `kinds` in the environment.
    pub(crate) fn live(
        service: Service,
        kinds: Vec<&'static str>,
        write: bool,
    ) -> Result<Self, Error> {
        let mut platform = native::platform()?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        platform.transport =
            Arc::new(Recorder::new(service, platform.transport, Arc::clone(&seen)));
        Ok(Stage::new(Place::Live { write, kinds, seen }, platform, true))
    }

    fn new(place: Place, mut platform: Platform, draws: bool) -> Self {
        let clock = Ahead::new(Arc::clone(&platform.clock));
        platform.clock = Arc::new(clock.clone());
        Stage {
            place,
            platform,
            clock,
            story: "",
            rows: Vec::new(),
            draws,
            running: None,
            made: Vec::new(),
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.place, Place::Live { .. })
    }

    /// Whether there is a credential of this kind, as `framekey auth status` calls it.
    pub(crate) fn has(&self, kind: &str) -> bool {
        match &self.place {
            Place::Emulated { .. } => true,
            Place::Live { kinds, .. } => kinds.iter().any(|found| found.contains(kind)),
        }
    }

    pub(crate) fn story(&mut self, title: &'static str) {
        self.story = title;
    }

    /// The emulator's ready credentials; `None` when live.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        match &self.place {
            Place::Emulated { emulator, .. } => Some(emulator.credentials()),
            Place::Live { .. } => None,
        }
    }

    /// A client builder for the place that the stories play at. Against the emulator it sees no
    /// environment variables, so that a developer's own keys stay out of it.
    pub(crate) fn builder(&self, service: Service) -> ClientBuilder {
        let builder = Client::builder(service).platform(self.platform.clone());
        match &self.place {
            Place::Emulated { emulator, .. } => {
                builder.base_url(emulator.base_url(service)).environment(|_| None)
            }
            Place::Live { .. } => builder,
        }
    }

    /// A client with the `key` at the emulator, or with what the environment has when live.
    pub(crate) fn client(
        &mut self,
        builder: ClientBuilder,
        key: impl FnOnce(ClientBuilder, Credentials) -> ClientBuilder,
    ) -> Option<Client> {
        let builder = match self.credentials() {
            Some(ready) => key(builder, ready),
            None => builder,
        };
        self.open(builder)
    }

    /// The client; what is wrong with its credential is a row of its own.
    pub(crate) fn open(&mut self, builder: ClientBuilder) -> Option<Client> {
        match builder.build() {
            Ok(client) => Some(client),
            Err(error) => {
                let differs = Some(format!("failed: {error}"));
                self.rows.push(self.row("configure", &[], error.to_string(), differs, None));
                None
            }
        }
    }

    /// The emulated sandbox of api.video.
    pub(crate) fn sandbox_url(&self) -> String {
        match &self.place {
            Place::Emulated { emulator, .. } => emulator.sandbox_url(),
            Place::Live { .. } => Service::ApiVideo.sandbox_url().unwrap_or_default().to_owned(),
        }
    }

    /// Moves the emulator's clock and the client's.
    pub(crate) fn advance(&self, time: Duration) {
        if let Place::Emulated { emulator, .. } = &self.place {
            emulator.advance(time);
            self.clock.advance(time);
        }
    }

    /// Has the emulator's ready key of Twelve Labs end two months after its start.
    pub(crate) fn end_key(&self) {
        if let Place::Emulated { emulator, .. } = &self.place {
            emulator.switch(|switches| switches.twelve_labs.key_days = Some(60));
        }
    }

    /// Runs one step and notes what was seen on the other side.
    pub(crate) async fn step<T>(
        &mut self,
        name: &'static str,
        when: impl Into<When>,
        expect: Expect,
        work: impl Future<Output = Result<T, Error>>,
        tell: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        if let Some(why) = self.why_skip(when.into()) {
            self.rows.push(self.row(name, &[], String::new(), None, Some(why)));
            return None;
        }
        self.running = Some(name);
        let outcome = work.await;
        self.running = None;
        let seen = self.take_seen();
        let differs = expect.differs(&seen, outcome.as_ref());
        let result = match &outcome {
            Ok(value) => tell(value),
            Err(error) => error.to_string(),
        };
        self.rows.push(self.row(name, &seen, result, differs, None));
        outcome.ok()
    }

    fn why_skip(&self, when: When) -> Option<&'static str> {
        match (&self.place, when.needs) {
            (Place::Live { write: false, .. }, Needs::Write) => Some("it writes; run with --write"),
            (Place::Live { .. }, Needs::Emulator) => {
                Some("it needs the emulator's clock or accounts")
            }
            _ => when.missing,
        }
    }

    /// The step that was being run when somebody stopped the demo.
    pub(crate) fn stopped(&mut self) {
        let seen = self.take_seen();
        if let Some(name) = self.running.take() {
            let why = Some("stopped; what it had sent may have been done");
            self.rows.push(self.row(name, &seen, String::new(), None, why));
        }
    }

    fn row(
        &self,
        step: &'static str,
        seen: &[Seen],
        result: String,
        differs: Option<String>,
        skipped: Option<&'static str>,
    ) -> Row {
        Row {
            story: self.story,
            step,
            operations: distinct(seen.iter().map(|seen| &seen.operation)),
            credentials: distinct(seen.iter().map(|seen| &seen.credential)),
            requests: seen.len(),
            result,
            differs,
            skipped,
        }
    }

    /// The requests since the last step, from the other side's own record.
    fn take_seen(&mut self) -> Vec<Seen> {
        match &mut self.place {
            Place::Emulated { emulator, seen } => {
                let journal = emulator.journal();
                let fresh = journal.iter().skip(*seen).map(|entry| Seen {
                    operation: entry.operation.map_or_else(|| "?".to_owned(), str::to_owned),
                    credential: entry.credential.kind.as_str().to_owned(),
                    status: Some(entry.status),
                });
                let fresh = fresh.collect();
                *seen = journal.len();
                fresh
            }
            Place::Live { seen, .. } => {
                std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }

    /// A progress bar on standard error, hidden where nobody sees it.
    pub(crate) fn bar(&self, title: &'static str) -> ProgressBar {
        let target =
            if self.draws { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(title);
        match ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }

    pub(crate) fn finish(self) -> Report {
        Report { rows: self.rows }
    }
}

fn distinct<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts {
        if !kept.contains(text) {
            kept.push(text.clone());
        }
    }
    kept
}

/// Calls an operation and reads its JSON; null for an empty answer. There is no client only where the
/// step is skipped.
pub(crate) async fn call<'a>(
    client: impl Into<Option<&'a Client>>,
    operation: &str,
    arguments: Value,
) -> Result<Value, Error> {
    let client = client.into().ok_or_else(|| {
        Error::new(ErrorKind::Internal, "internal", "a step was run without its client")
    })?;
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => Map::new(),
    };
    let response = client.call(operation, arguments, Vec::new(), CallOptions::default()).await?;
    Ok(serde_json::from_slice(&response.body).unwrap_or_default())
}

/// A text inside an answer, for the result column.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "?".to_owned(),
    }
}
