//! api.video, Twelve Labs and VideoVector on loopback: their credentials, their state, their rules
//! and their error bodies, with a clock and faults under test control.
//!
//! Every operation of the three services answers. Where the emulator has no rules of its own yet, it
//! answers with a valid body made from the operation's schema.
#![forbid(unsafe_code)]

mod answer;
mod api_video;
mod call;
mod clock;
mod connection;
mod control;
mod courier;
mod credential;
mod draw;
mod fault;
mod files;
mod form;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz;
mod journal;
mod ledger;
mod limits;
mod near;
mod page;
mod request;
mod router;
mod saved;
mod scenario;
mod schemas;
mod server;
mod shelf;
mod switches;
mod synth;
pub mod tls;
mod twelve_labs;
mod videovector;
mod world;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use framekey_catalog::Service;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use clock::{ClockSetting, Moment};
pub use credential::Credentials;
pub use fault::{Code, Drip, Fault, GoAway};
pub use journal::{Entry, Headers, Presented, PresentedKind};
pub use limits::RateLimit;
pub use scenario::Scenario;
pub use switches::{ApiVideoSwitches, Switches, TwelveLabsSwitches, VideoVectorSwitches};
use world::{Place, World};

/// How the emulator is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen: 127.0.0.1, unless other machines or containers are to reach it too. Whoever
    /// does may use the control plane.
    pub listen: IpAddr,
    /// The port; any free one where it is not set.
    pub port: Option<u16>,
    /// Ids and ready credentials are drawn from this, unless the scenario has a seed of its own: the
    /// same seed gives the same ones.
    pub seed: u64,
    /// How it starts.
    pub scenario: Scenario,
}

impl Default for Config {
    fn default() -> Self {
        let listen = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Config { listen, port: None, seed: 1, scenario: Scenario::default() }
    }
}

/// Why the emulator did not start.
#[derive(Debug)]
pub enum StartError {
    /// It cannot listen.
    Port {
        /// The address that was wanted.
        listen: IpAddr,
        /// The port that was wanted; `None` for any.
        port: Option<u16>,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The scenario has a mistake: the field, and what was expected there.
    Scenario(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (listen, port, cause) = match self {
            StartError::Port { listen, port, cause } => (listen, *port, cause),
            StartError::Scenario(why) => return write!(f, "the scenario cannot be used: {why}"),
        };
        match port {
            Some(port) if cause.kind() == std::io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "port {port} on {listen} is in use: choose another one, or none for any free port"
                )
            }
            Some(port) => write!(f, "cannot listen on {listen} port {port}: {cause}"),
            None => write!(f, "cannot listen on {listen}: {cause}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Port { cause, .. } => Some(cause),
            StartError::Scenario(_) => None,
        }
    }
}

/// A running emulator. It ends when this value is dropped.
pub struct Emulator {
    world: Arc<World>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

/// The address that URLs bear: "any" is none that one could call.
fn told(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

impl Emulator {
    /// Starts to listen. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be had, or the scenario has a mistake.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let Config { listen, port, .. } = config;
        let failed = |cause| StartError::Port { listen, port, cause };
        let mut scenario = config.scenario;
        scenario.check().map_err(StartError::Scenario)?;
        scenario.seed.get_or_insert(config.seed);
        let wanted = SocketAddr::new(listen, port.unwrap_or(0));
        let listener = tokio::net::TcpListener::bind(wanted).await.map_err(failed)?;
        let address = told(listener.local_addr().map_err(failed)?);
        // Another port is another origin: what is minted there must not be given a key.
        let wanted = SocketAddr::new(listen, 0);
        let files = tokio::net::TcpListener::bind(wanted).await.map_err(failed)?;
        let files_address = told(files.local_addr().map_err(failed)?);
        let world = Arc::new(World::new(scenario, address, files_address));
        let (stop, stopped) = oneshot::channel();
        let both = server::serve([listener, files], Arc::clone(&world), stopped);
        let courier = courier::run(Arc::clone(&world));
        let task = tokio::spawn(async move {
            tokio::select! {
                () = both => {}
                () = courier => {}
            }
        });
        Ok(Emulator { world, address, stop: Some(stop), task: Some(task) })
    }

    /// The base URL of a service; for api.video that of production.
    #[must_use]
    pub fn base_url(&self, service: Service) -> String {
        self.world.base_url(Place::of(service))
    }

    /// The base URL of api.video's sandbox, which has videos and keys of its own.
    #[must_use]
    pub fn sandbox_url(&self) -> String {
        self.world.base_url(Place::Sandbox)
    }

    /// The authority whose certificates this emulator shows over TLS, for clients to trust and for
    /// servers of a test's own to be trusted by webhooks. It is made when it is first asked for.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn authority(&self) -> Result<&tls::Authority, tls::TlsError> {
        self.world.tls().authority()
    }

    /// Ready credentials. They open this emulator and nothing else.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        (*self.world.credentials()).clone()
    }

    /// Starts over as a scenario has it: no object, no journal, no counter is left.
    ///
    /// # Errors
    /// The field of the scenario that is wrong, and what was expected there.
    pub fn apply(&self, scenario: Scenario) -> Result<(), String> {
        self.world.apply(scenario)
    }

    /// Starts over as it started, or as the last scenario had it.
    pub fn reset(&self) {
        self.world.reset();
    }

    /// The whole state as one document: what the services keep, clock, credentials, switches, faults
    /// and counters. The journal is not part of it.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        self.world.save()
    }

    /// Goes back to a state that was saved.
    ///
    /// # Errors
    /// The field of the document that is wrong, and what was expected there.
    pub fn restore(&self, state: &Value) -> Result<(), String> {
        self.world.load(state.to_string().as_bytes())
    }

    /// Base URLs and ready credentials, as `GET /__emulator/info` answers them.
    #[must_use]
    pub fn info(&self) -> Value {
        control::info(&self.world)
    }

    /// Every request since the start or the last [`clear_journal`](Self::clear_journal).
    #[must_use]
    pub fn journal(&self) -> Vec<Entry> {
        self.world.journal()
    }

    /// Forgets the requests so far.
    pub fn clear_journal(&self) {
        self.world.clear_journal();
    }

    /// The emulator's time.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.world.now()
    }

    /// Moves the emulator's clock ahead.
    pub fn advance(&self, time: Duration) {
        self.world.clock().advance(time);
    }

    /// Stops the emulator's clock; [`advance`](Self::advance) moves it still.
    pub fn freeze(&self) {
        self.world.clock().set(ClockSetting { speed: Some(0.0), ..ClockSetting::default() });
    }

    /// Sets how fast the emulator's clock goes beside real time; 1 is real time.
    ///
    /// # Panics
    /// When it is not a number from 0 to 1000000.
    #[expect(clippy::panic, reason = "a mistake in the test that sets it")]
    pub fn set_speed(&self, speed: f64) {
        let setting = ClockSetting { speed: Some(speed), ..ClockSetting::default() };
        if let Err(why) = setting.check() {
            panic!("{why}");
        }
        self.world.clock().set(setting);
    }

    /// Plants a fault.
    ///
    /// # Panics
    /// When it makes no sense: it is part of a test, and the message says what is wrong with it.
    #[expect(clippy::panic, reason = "a mistake in the test that plants it")]
    pub fn fault(&self, fault: Fault) {
        if let Err(why) = self.world.plant(fault) {
            panic!("the fault cannot be planted: {why}");
        }
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.world.clear_faults();
    }

    /// How the services behave where it can be chosen.
    #[must_use]
    pub fn switches(&self) -> Switches {
        (*self.world.switches()).clone()
    }

    /// Sets how the services behave where it can be chosen.
    ///
    /// # Panics
    /// When a value is out of its range: it is part of a test, and the message says what is wrong.
    #[expect(clippy::panic, reason = "a mistake in the test that sets it")]
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        let mut switches = self.switches();
        change(&mut switches);
        if let Err(why) = self.world.set_switches(switches) {
            panic!("the switches cannot be set: {why}");
        }
    }

    /// Ends every access token of api.video before its time; how many there were.
    pub fn revoke_access_tokens(&self) -> u64 {
        self.world.revoke_access_tokens()
    }

    /// How often an operation was called.
    #[must_use]
    pub fn calls(&self, service: Service, operation: &str) -> u64 {
        self.world.calls(service, operation)
    }

    /// Calls by operation, and what happened to credentials, as `GET /__emulator/counters` answers.
    #[must_use]
    pub fn counters(&self) -> Value {
        self.world.counters()
    }

    /// Stops listening and waits until requests in progress are answered, for two seconds at most. Gives
    /// the state then, as [`snapshot`](Self::snapshot) does.
    pub async fn stop(mut self) -> Value {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            // Only then is the port free.
            let _ = task.await;
        }
        self.snapshot()
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("address", &self.address).finish_non_exhaustive()
    }
}
