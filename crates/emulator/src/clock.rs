//! The emulator's clock: it starts with the machine's, and then goes as a test has it go.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment by the emulator's clock, since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Duration);

impl Moment {
    /// The moment `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Moment(self.0.saturating_add(Duration::from_secs(seconds)))
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0.as_secs()
    }

    /// Reads RFC 3339: `2026-11-21T10:20:30.5Z`; nothing before 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time: Timestamp = text.parse().ok()?;
        Duration::try_from(time.as_duration()).ok().map(Moment)
    }
}

/// RFC 3339 in UTC, seconds: `2026-11-21T10:20:30Z`.
impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX);
        match Timestamp::from_second(seconds) {
            Ok(time) => write!(f, "{time}"),
            // Beyond the year 9999: as far as the format goes.
            Err(_) => f.write_str("9999-12-31T23:59:59Z"),
        }
    }
}

/// RFC 3339 with all digits, so that what is saved is what is loaded.
impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let nanos = i128::try_from(self.0.as_nanos()).unwrap_or(i128::MAX);
        to.collect_str(&Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::MAX))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Moment::parse(&text).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is not a time: 2026-01-31T00:00:00Z"))
        })
    }
}

/// A thousand years: steps stop there, so that time never wraps round.
const FARTHEST: Duration = Duration::from_secs(1000 * 366 * 86_400);
/// The fastest that it goes: a year in half a minute.
const FASTEST: f64 = 1_000_000.0;

/// What to make of the clock. The same fields are the JSON that `POST /__emulator/clock` and a
/// scenario take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockSetting {
    /// The time that it shows now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Moment>,
    /// Seconds that it steps ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<f64>,
    /// How fast it goes beside real time, from 0, which freezes it, to 1000000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
}

impl ClockSetting {
    /// What is wrong with it: the field, and what it should be.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.advance.is_some_and(|step| Duration::try_from_secs_f64(step).is_err()) {
            return Err("advance: a number of seconds from 0".to_owned());
        }
        if self.speed.is_some_and(|speed| !(0.0..=FASTEST).contains(&speed)) {
            return Err("speed: a number from 0, which freezes the clock, to 1000000".to_owned());
        }
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct Clock(Mutex<Hands>);

#[derive(Clone, Copy, Debug)]
struct Hands {
    /// What it showed at `since`.
    shown: Duration,
    since: Instant,
    speed: f64,
}

impl Hands {
    fn fresh() -> Self {
        Hands { shown: machine_time(), since: machine_instant(), speed: 1.0 }
    }

    fn now(&self) -> Duration {
        let passed = machine_instant().saturating_duration_since(self.since);
        let passed = if self.speed == 1.0 { passed } else { passed.mul_f64(self.speed) };
        self.shown.saturating_add(passed)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock(Mutex::new(Hands::fresh()))
    }
}

impl Clock {
    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Moment {
        Moment(self.hands().now())
    }

    pub(crate) fn advance(&self, time: Duration) {
        let mut hands = self.hands();
        let farthest = machine_time().saturating_add(FARTHEST).max(hands.now());
        hands.shown = hands.now().saturating_add(time).min(farthest);
        hands.since = machine_instant();
    }

    /// Sets what was checked.
    pub(crate) fn set(&self, setting: ClockSetting) {
        let mut hands = self.hands();
        hands.shown = setting.now.map_or_else(|| hands.now(), |now| now.0);
        hands.since = machine_instant();
        hands.speed = setting.speed.unwrap_or(hands.speed);
        drop(hands);
        if let Some(Ok(step)) = setting.advance.map(Duration::try_from_secs_f64) {
            self.advance(step);
        }
    }

    /// The machine's time again, at the machine's speed.
    pub(crate) fn reset(&self) {
        *self.hands() = Hands::fresh();
    }

    pub(crate) fn speed(&self) -> f64 {
        self.hands().speed
    }

    /// How it is to be set to go on as it goes: a clock at real speed keeps its distance before the
    /// machine's, any other starts where it stood. Clocks drift: a second behind is no distance.
    pub(crate) fn saved(&self) -> ClockSetting {
        let (hands, machine) = (*self.hands(), machine_time());
        let now = hands.now();
        if hands.speed == 1.0 && now + Duration::from_secs(1) >= machine {
            let ahead = now.saturating_sub(machine).as_secs_f64();
            return ClockSetting { advance: Some(ahead), ..ClockSetting::default() };
        }
        ClockSetting { now: Some(Moment(now)), advance: None, speed: Some(hands.speed) }
    }
}

/// Lets real time pass.
#[expect(clippy::disallowed_methods, reason = "the one place where the emulator waits")]
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the emulator reads the machine's clock"
)]
fn machine_time() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the emulator reads the machine's clock"
)]
fn machine_instant() -> Instant {
    Instant::now()
}
