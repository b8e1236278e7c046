//! All state of an emulator, behind one lock, and the way of a call through it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use framekey_catalog::{Method, Operation, Service};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::answer::Answer;
use crate::call::Call;
use crate::clock::{Clock, Moment};
use crate::courier::{Letter, Outbox, Sends};
use crate::credential::{Credentials, Given};
use crate::draw::Draw;
use crate::fault::{Fault, Planted};
use crate::files::{self, FileCall};
use crate::journal::{Entry, Journal};
use crate::ledger::{Keyed, Ledger};
use crate::limits::{self, Windows};
use crate::scenario::Scenario;
use crate::switches::Switches;
use crate::tls::Tls;
use crate::{api_video, control, synth, twelve_labs, videovector};

/// Where a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Place {
    Production,
    Sandbox,
    TwelveLabs,
    VideoVector,
}

impl Place {
    pub(crate) const ALL: [Place; 4] =
        [Place::Sandbox, Place::Production, Place::TwelveLabs, Place::VideoVector];

    pub(crate) const fn of(service: Service) -> Self {
        match service {
            Service::ApiVideo => Place::Production,
            Service::TwelveLabs => Place::TwelveLabs,
            Service::VideoVector => Place::VideoVector,
        }
    }

    pub(crate) const fn service(self) -> Service {
        match self {
            Place::Production | Place::Sandbox => Service::ApiVideo,
            Place::TwelveLabs => Service::TwelveLabs,
            Place::VideoVector => Service::VideoVector,
        }
    }

    /// The path that everything of this place is below.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Place::Production => "/api-video",
            Place::Sandbox => "/api-video-sandbox",
            Place::TwelveLabs => "/twelve-labs/v1.3",
            Place::VideoVector => "/videovector/api/v2",
        }
    }
}

pub(crate) struct World {
    clock: Clock,
    address: SocketAddr,
    files_address: SocketAddr,
    tls: Tls,
    pub(crate) credentials: RwLock<Arc<Credentials>>,
    /// What a reset goes back to.
    start: Mutex<Scenario>,
    switches: RwLock<Arc<Switches>>,
    state: Mutex<State>,
    journal: Mutex<Journal>,
    /// Rung when there may be something for the courier.
    bell: Notify,
}

/// What the services keep. All of it can be saved: a field that cannot does not compile.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Services {
    draw: Draw,
    production: api_video::Account,
    sandbox: api_video::Account,
    twelve_labs: twelve_labs::Account,
    videovector: videovector::Account,
    outbox: Outbox,
}

pub(crate) struct State {
    pub(crate) services: Services,
    pub(crate) counts: BTreeMap<(Service, &'static str), u64>,
    pub(crate) faults: Vec<Planted>,
    pub(crate) ledger: Ledger,
    pub(crate) windows: Windows,
    /// What rules draw from, so that faults do not change the ids.
    pub(crate) fault_draw: Draw,
}

/// Which operation's arguments are wanted.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    service: String,
    operation: String,
}

/// What came of a call.
pub(crate) struct Met {
    /// The fault that is still to happen to the answer.
    pub(crate) fault: Option<Arc<Fault>>,
    pub(crate) answer: Answer,
}

impl Met {
    /// Whether the call was not carried out.
    pub(crate) fn is_forestalled(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.forestalls())
    }
}

impl World {
    pub(crate) fn new(start: Scenario, address: SocketAddr, files_address: SocketAddr) -> Self {
        let clock = Clock::default();
        clock.set(start.clock);
        let (credentials, state) = fresh(&start, clock.now());
        World {
            clock,
            address,
            files_address,
            tls: Tls::new(address.ip()),
            credentials: RwLock::new(Arc::new(credentials)),
            switches: RwLock::new(Arc::new(start.switches.clone())),
            state: Mutex::new(state),
            journal: Mutex::default(),
            start: Mutex::new(start),
            bell: Notify::new(),
        }
    }

    /// Starts over as a scenario has it.
    pub(crate) fn apply(&self, scenario: Scenario) -> Result<(), String> {
        scenario.check()?;
        let mut state = self.lock();
        self.clock.reset();
        self.clock.set(scenario.clock);
        let (credentials, fresh) = fresh(&scenario, self.clock.now());
        *state = fresh;
        *self.pages() = Journal::default();
        *self.credentials.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(credentials);
        self.set_switches(scenario.switches.clone())?;
        *self.start.lock().unwrap_or_else(PoisonError::into_inner) = scenario;
        Ok(())
    }

    /// Starts over as it started, or as the last scenario had it.
    pub(crate) fn reset(&self) {
        let start = self.start.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // It was checked when it came.
        let _ = self.apply(start);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where all places are: `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// The second origin, where presigned addresses are.
    pub(crate) fn files_origin(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.files_address)
    }

    /// The scheme of the URLs that are told before anybody has called.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.switches().tls.https { "https" } else { "http" }
    }

    /// The base URL of a place, as it is told before anybody has called.
    pub(crate) fn base_url(&self, place: Place) -> String {
        format!("{}{}", self.origin(self.scheme()), place.prefix())
    }

    pub(crate) fn tls(&self) -> &Tls {
        &self.tls
    }

    pub(crate) fn credentials(&self) -> Arc<Credentials> {
        Arc::clone(&self.credentials.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn plant(&self, fault: Fault) -> Result<(), String> {
        fault.check()?;
        let mut state = self.lock();
        let draw = state.fault_draw.fork();
        state.faults.push(Planted::new(fault, draw));
        Ok(())
    }

    pub(crate) fn switches(&self) -> Arc<Switches> {
        Arc::clone(&self.switches.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_switches(&self, switches: Switches) -> Result<(), String> {
        switches.check()?;
        *self.switches.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(switches);
        Ok(())
    }

    pub(crate) fn revoke_access_tokens(&self) -> u64 {
        let Services { production, sandbox, .. } = &mut self.lock().services;
        production.revoke_access_tokens() + sandbox.revoke_access_tokens()
    }

    /// Puts a live stream on air, in production or in the sandbox.
    pub(crate) fn broadcast(&self, live_stream: &str) -> bool {
        let now = self.now();
        let Services { production, sandbox, .. } = &mut self.lock().services;
        let found = production.broadcast(live_stream, now) || sandbox.broadcast(live_stream, now);
        self.bell.notify_one();
        found
    }

    pub(crate) fn calls(&self, service: Service, operation: &str) -> u64 {
        let state = self.lock();
        let of = |(known, id): &(Service, &str)| *known == service && *id == operation;
        state.counts.iter().find(|(key, _)| of(key)).map_or(0, |(_, count)| *count)
    }

    pub(crate) fn faults(&self) -> Vec<Planted> {
        self.lock().faults.clone()
    }

    pub(crate) fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    pub(crate) fn journal(&self) -> Vec<Entry> {
        self.pages().entries()
    }

    pub(crate) fn clear_journal(&self) {
        self.pages().clear();
    }

    pub(crate) fn note(&self, entry: Entry) {
        let limit = self.switches().journal_limit;
        self.pages().note(entry, limit);
    }

    fn pages(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often each operation was called.
    pub(crate) fn counters(&self) -> Value {
        let state = self.lock();
        let of = |service: Service| {
            let calls = state.counts.iter().filter(|((known, _), _)| *known == service);
            calls
                .map(|((_, operation), count)| ((*operation).to_owned(), json!(count)))
                .collect::<serde_json::Map<_, _>>()
        };
        let mut counters: serde_json::Map<_, _> = Service::ALL
            .into_iter()
            .map(|service| (service.slug().to_owned(), Value::Object(of(service))))
            .collect();
        let credentials = json!({
            "api-video": state.services.production.counts(),
            "api-video-sandbox": state.services.sandbox.counts(),
        });
        counters.insert("credentials".to_owned(), credentials);
        counters.insert("idempotency_keys".to_owned(), json!(state.ledger.len()));
        Value::Object(counters)
    }

    /// Arguments with which an operation succeeds, and what else people do in a service's dashboard;
    /// `None` where there is no such thing.
    pub(crate) fn desk(&self, method: &str, path: &str, body: &[u8]) -> Option<Answer> {
        if (method, path) == ("POST", "example") {
            return Some(control::with(body, |wanted: Wanted| self.example(&wanted)));
        }
        let now = self.now();
        let Services { draw, twelve_labs, videovector, .. } = &mut self.lock().services;
        let mut ready = self.credentials.write().unwrap_or_else(PoisonError::into_inner);
        match path.split_once('/')? {
            ("twelve-labs", rest) => {
                // What has ended already may be told to a new webhook.
                self.bell.notify_one();
                twelve_labs.dashboard(method, rest, body, now, draw, Arc::make_mut(&mut ready))
            }
            ("videovector", rest) => {
                videovector.desk(method, rest, body, now, draw, Arc::make_mut(&mut ready))
            }
            _ => None,
        }
    }

    fn example(&self, wanted: &Wanted) -> Result<Answer, String> {
        let service = Service::from_slug(&wanted.service)
            .ok_or("service: api-video, twelve-labs or videovector")?;
        let operation = framekey_catalog::find(service, &wanted.operation)
            .ok_or_else(|| format!("operation: no operation is called `{}`", wanted.operation))?;
        let (files_origin, base_url) =
            (self.files_origin(self.scheme()), self.base_url(Place::of(service)));
        let call = Call::new(operation, base_url, files_origin, self.now(), self.switches());
        let Services { draw, production, twelve_labs, videovector, .. } = &mut self.lock().services;
        let example = match service {
            Service::ApiVideo => production.example(call, draw),
            Service::TwelveLabs => twelve_labs.example(operation, call.now, draw),
            Service::VideoVector => videovector.example(call, draw),
        };
        Ok(Answer::json(200, &example))
    }

    /// Answers a request to the second origin, unless a fault comes before.
    pub(crate) fn file(&self, call: &FileCall) -> Met {
        let mut state = self.lock();
        let fault =
            state.first_fault(|planted| planted.meets_file(call.service(), call.operation()));
        if fault.as_ref().is_some_and(|fault| fault.forestalls()) {
            return Met { fault, answer: Answer::empty(0) };
        }
        let Services { draw, twelve_labs, videovector, .. } = &mut state.services;
        let answer = match call.service() {
            Some(Service::TwelveLabs) => twelve_labs.file(call, draw),
            Some(Service::VideoVector) => videovector.file(call),
            _ => files::missing(),
        };
        Met { fault, answer }
    }

    /// A refusal of VideoVector bears an id and a time, whoever refused, and an answer of api.video its
    /// limits.
    pub(crate) fn stamped(&self, service: Option<Service>, answer: Answer) -> Answer {
        if service == Some(Service::ApiVideo) {
            return limits::told_by_default(answer);
        }
        if service != Some(Service::VideoVector) || answer.status < 400 {
            return answer;
        }
        let now = self.now();
        videovector::stamped(answer, now, &mut self.lock().services.draw)
    }

    /// Carries a call out: credential, rules, and the schema where there are no rules; not where a
    /// fault comes before.
    pub(crate) fn carry_out(&self, place: Place, call: &Call, given: &Given) -> Met {
        let mut state = self.lock();
        let fault = state.meet(call.operation);
        if fault.as_ref().is_some_and(|fault| fault.forestalls()) {
            return Met { fault, answer: Answer::empty(0) };
        }
        let operation = call.operation;
        let standing = state.windows.count(&call.switches.rate_limits, operation, call.now);
        if let Some(refusal) = standing.as_ref().and_then(|standing| standing.refusal(operation)) {
            return Met { fault, answer: refusal };
        }
        let keyed = Keyed::of(operation, call, given);
        if let Some(answer) = keyed.as_ref().and_then(|keyed| state.ledger.known(keyed, call.now)) {
            let answer = state.services.videovector.again(call, given, answer);
            return Met { fault, answer };
        }
        let told = state.windows.told(&call.switches.rate_limits, operation, call.now);
        let told = told.map(|limits| Call { limits, ..call.clone() });
        let answer = state.services.answer(place, told.as_ref().unwrap_or(call), given);
        let answer = match (keyed, answer) {
            (Some(keyed), answer) => {
                let answer = answer.unwrap_or_else(|| synth::answer(call));
                state.ledger.keep(keyed, &answer, call.now);
                Some(answer)
            }
            (None, answer) => answer,
        };
        drop(state);
        if call.operation.method != Method::Get {
            self.bell.notify_one();
        }
        // A schema needs no state: what it makes is made without the lock.
        let answer = answer.unwrap_or_else(|| synth::answer(call));
        let answer = match standing {
            Some(standing) => standing.told(operation.service, answer),
            None => answer,
        };
        Met { fault, answer }
    }
}

/// What there is when nothing has happened yet.
fn fresh(scenario: &Scenario, now: Moment) -> (Credentials, State) {
    let seed = scenario.seed.unwrap_or(1);
    let mut draw = Draw::new(seed);
    let credentials = scenario.credentials.clone().filled(&mut draw);
    let services = Services {
        draw,
        production: api_video::Account::new(&credentials.api_video_key),
        sandbox: api_video::Account::sandbox(&credentials.api_video_sandbox_key),
        twelve_labs: twelve_labs::Account::new(&credentials.twelve_labs_key, now),
        videovector: videovector::Account::new(&credentials, now),
        outbox: Outbox::default(),
    };
    let mut fault_draw = Draw::new(seed).fork();
    let plant = |fault: &Fault| Planted::new(fault.clone(), fault_draw.fork());
    let faults = scenario.faults.iter().map(plant).collect();
    let state = State {
        services,
        counts: BTreeMap::new(),
        faults,
        ledger: Ledger::default(),
        windows: Windows::default(),
        fault_draw,
    };
    (credentials, state)
}

/// For the courier.
impl World {
    /// Letters that are to go out now, and whether others may come due by time alone.
    pub(crate) fn letters(&self) -> (Vec<(Place, Letter)>, bool) {
        let now = self.now();
        let services = &mut self.lock().services;
        let mut is_waiting = false;
        for place in Place::ALL {
            let sender = services.sender(place);
            let letters = sender.letters(now);
            is_waiting |= sender.is_waiting();
            services.outbox.put(place, letters);
        }
        let due = services.outbox.take_due(now);
        (due, is_waiting || !services.outbox.is_empty())
    }

    /// What became of one try.
    pub(crate) fn tried(&self, place: Place, letter: Letter, status: Option<u16>) {
        let now = self.now();
        let services = &mut self.lock().services;
        services.sender(place).tried(&letter, status, now);
        services.outbox.tried(place, letter, status, now);
    }

    /// Keeps the answer of a call that took a while, for the same call with the same key.
    pub(crate) fn keep(&self, call: &Call, given: &Given, answer: &Answer) {
        if let Some(keyed) = Keyed::of(call.operation, call, given) {
            self.lock().ledger.keep(keyed, answer, call.now);
        }
    }

    /// What became of a letter that somebody waits for.
    pub(crate) fn ran_errand(&self, letter: &Letter, status: Option<u16>) -> Answer {
        let now = self.now();
        self.lock().services.videovector.tested(letter, status, now)
    }

    /// Has the courier look.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until something may have changed.
    pub(crate) async fn news(&self) {
        self.bell.notified().await;
    }
}

impl State {
    /// Counts a call, and finds the first fault that meets it.
    fn meet(&mut self, operation: &'static Operation) -> Option<Arc<Fault>> {
        *self.counts.entry((operation.service, operation.id)).or_default() += 1;
        self.first_fault(|planted| planted.meets(operation))
    }

    /// Each rule counts what it could have met.
    fn first_fault(&mut self, meets: impl Fn(&mut Planted) -> bool) -> Option<Arc<Fault>> {
        let mut met = None;
        for planted in &mut self.faults {
            if meets(planted) && met.is_none() {
                met = Some(Arc::clone(&planted.fault));
            }
        }
        met
    }
}

impl Services {
    fn sender(&mut self, place: Place) -> &mut dyn Sends {
        match place {
            Place::Production => &mut self.production,
            Place::Sandbox => &mut self.sandbox,
            Place::TwelveLabs => &mut self.twelve_labs,
            Place::VideoVector => &mut self.videovector,
        }
    }

    fn answer(&mut self, place: Place, call: &Call, given: &Given) -> Option<Answer> {
        let Services { draw, production, sandbox, twelve_labs, videovector, .. } = self;
        match place {
            Place::Production => production.answer(call, given, draw),
            Place::Sandbox => sandbox.answer(call, given, draw),
            Place::TwelveLabs => twelve_labs.answer(call, given, draw),
            Place::VideoVector => videovector.answer(call, given, draw),
        }
    }
}
