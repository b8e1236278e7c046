//! `cargo xtask bench auth`: the access token, beside a mutex held across the fetch and a once-cell.
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use framekey_bench::{HeldMutex, OnceCellShape, Ours, Service, Shape, ShiftedClock};
use framekey_runtime::Clock as _;
use framekey_runtime::native::SystemClock;
use futures_util::future::join_all;

type Failure = Box<dyn std::error::Error>;
/// Whether all that is wanted is met.
type Outcome = Result<bool, Failure>;

const MANY: usize = 10_000;
/// The naive shapes fetch once for each waiter when fetching fails: with all of them it takes minutes.
const FEW: usize = 200;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let met = runtime.block_on(async {
        Ok::<_, Failure>([fresh_reads().await?, crowds().await?, refusals().await?])
    })?;
    if met.contains(&false) {
        return Err("a figure is NOT MET".into());
    }
    Ok(())
}

/// Says what is wanted, and whether it is so.
fn wanted(what: &str, met: bool) -> bool {
    line(&format!("  wanted of framekey: {what}: {}", if met { "met" } else { "NOT MET" }));
    met
}

fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn now() -> Instant {
    Instant::now()
}

/// CPU time of the process so far.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanos = u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0);
    Duration::from_nanos(nanos)
}

/// A shape that holds a fresh token, its service and the clock.
struct Stage<S> {
    shape: S,
    service: Arc<Service>,
    clock: Arc<ShiftedClock>,
}

impl<S: Shape> Stage<S> {
    async fn new() -> Result<Self, Failure> {
        let (service, clock) = (Arc::<Service>::default(), Arc::<ShiftedClock>::default());
        let shape = S::over(Arc::clone(&service), Arc::clone(&clock))?;
        shape.token().await.map_err(|()| "the first exchange failed")?;
        Ok(Stage { shape, service, clock })
    }
}

/// What one piece of work cost.
struct Cost {
    wall: Duration,
    cpu: Duration,
    allocations: u64,
}

/// Polls a future to its end on this thread and counts.
async fn cost<T>(work: impl Future<Output = T>) -> (T, Cost) {
    let (began, cpu_before) = (now(), cpu());
    let mut work = std::pin::pin!(work);
    let mut allocations = 0;
    let output = std::future::poll_fn(|context| {
        let mut polled = std::task::Poll::Pending;
        let counted = allocation_counter::measure(|| polled = work.as_mut().poll(context));
        allocations += counted.count_total;
        polled
    })
    .await;
    (output, Cost { wall: began.elapsed(), cpu: cpu().saturating_sub(cpu_before), allocations })
}

async fn fresh_reads() -> Outcome {
    let ours = Stage::<Ours>::new().await?;
    let mutex = Stage::<HeldMutex>::new().await?;
    let cell = Stage::<OnceCellShape>::new().await?;
    line("reading a fresh token, one at a time             p50 ns  p99 ns  allocations");
    row("the clock alone", &mut || {
        black_box(ours.clock.now());
    });
    let (p99, allocations) = row("framekey, handed out", &mut || poll_once(ours.shape.0.token()));
    row("mutex held across the fetch", &mut || poll_once(mutex.shape.token()));
    row("once-cell", &mut || poll_once(cell.shape.token()));
    // What a request is made of: a list of headers, and a copy that is overwritten after it.
    row("framekey, and its header copied for a request", &mut || poll_once(ours.shape.token()));
    Ok(wanted("p99 of at most 100 ns and no allocation", p99 <= 100.0 && allocations == 0))
}

/// Measures one way of reading and prints it; its 99th percentile, and how often it allocates.
fn row(name: &str, read: &mut dyn FnMut()) -> (f64, u64) {
    let (p50, p99) = percentiles(read);
    let allocations = allocation_counter::measure(&mut *read).count_total;
    line(&format!("  {name:<45} {p50:>7.0} {p99:>7.0} {allocations:>12}"));
    (p99, allocations)
}

/// A future that is ready at once is polled once.
fn poll_once(future: impl Future) {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = black_box(std::pin::pin!(future).poll(&mut context));
}

/// Half and 99 % of single calls take at most so many nanoseconds, the stopwatch taken off: in the
/// quietest of five rounds, since what else a machine does only ever adds.
fn percentiles(work: &mut dyn FnMut()) -> (f64, f64) {
    let rounds = (0..5).map(|_| round(work));
    rounds.min_by(|(_, one), (_, other)| one.total_cmp(other)).unwrap_or((f64::NAN, f64::NAN))
}

fn round(work: &mut dyn FnMut()) -> (f64, f64) {
    let sorted = |work: &mut dyn FnMut()| -> Vec<f64> {
        let mut times: Vec<f64> = (0..100_000)
            .map(|_| {
                let began = now();
                work();
                began.elapsed().as_secs_f64() * 1e9
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let empty = sorted(&mut || ());
    let times = sorted(work);
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or(f64::NAN);
    let stopwatch = empty.get(empty.len() / 2).copied().unwrap_or(0.0);
    (at(50) - stopwatch, at(99) - stopwatch)
}

/// One line of the tables of crowds.
struct Tally {
    exchanges: u64,
    errors: usize,
    cpu: Duration,
}

fn heading(title: &str) {
    line(&format!("\n{title}"));
    line(&format!(
        "  {:<36} {:>7} {:>9} {:>7} {:>8} {:>8} {:>12}  beside framekey",
        "", "callers", "exchanges", "errors", "wall ms", "CPU ms", "allocations"
    ));
}

impl Tally {
    /// Prints what a shape took, and how many times what `base` took.
    fn print(
        name: &str,
        callers: usize,
        (service, errors, cost): (&Service, usize, Cost),
        base: Option<&Tally>,
    ) -> Self {
        // The first token was fetched before.
        let exchanges = service.exchanges.load(Relaxed).saturating_sub(1);
        let (wall, cpu) = (cost.wall.as_secs_f64() * 1e3, cost.cpu.as_secs_f64() * 1e3);
        let beside = base.map_or_else(String::new, |base| {
            let times = exchanges as f64 / base.exchanges.max(1) as f64;
            let cpu = cost.cpu.as_secs_f64() / base.cpu.as_secs_f64().max(1e-9);
            format!("{times:.1} x exchanges, {cpu:.1} x CPU")
        });
        line(&format!(
            "  {name:<36} {callers:>7} {exchanges:>9} {errors:>7} {wall:>8.0} {cpu:>8.1} {:>12}  {beside}",
            cost.allocations
        ));
        Tally { exchanges, errors, cpu: cost.cpu }
    }
}

async fn crowds() -> Outcome {
    heading("10,000 callers at a token that has ended; the exchange takes 50 ms");
    let base = crowd::<Ours>("framekey", MANY, false, None).await?;
    crowd::<HeldMutex>("mutex held across the fetch", MANY, false, Some(&base)).await?;
    crowd::<OnceCellShape>("once-cell", MANY, false, Some(&base)).await?;
    let renewed = wanted("1 exchange, 0 errors", (base.exchanges, base.errors) == (1, 0));
    heading("200 callers at a token that has ended; the exchange fails after 20 ms");
    let base = crowd::<Ours>("framekey, three attempts with pauses", FEW, true, None).await?;
    crowd::<HeldMutex>("mutex held across the fetch", FEW, true, Some(&base)).await?;
    crowd::<OnceCellShape>("once-cell", FEW, true, Some(&base)).await?;
    let many = crowd::<Ours>("framekey with 10,000 callers", MANY, true, None).await?;
    let told = wanted(
        "1 cycle of at most 3 attempts, an answer for each of 10,000",
        many.exchanges <= 3 && many.errors == MANY,
    );
    Ok(renewed && told)
}

async fn crowd<S: Shape>(
    name: &str,
    count: usize,
    fails: bool,
    base: Option<&Tally>,
) -> Result<Tally, Failure> {
    let stage = Stage::<S>::new().await?;
    stage.clock.skip(7200);
    stage.service.takes.store(if fails { 20 } else { 50 }, Relaxed);
    stage.service.fails.store(u64::from(fails), Relaxed);
    let callers = join_all((0..count).map(|_| stage.shape.token()));
    let (answers, cost) = cost(callers).await;
    let errors = answers.iter().filter(|answer| answer.is_err()).count();
    Ok(Tally::print(name, count, (&stage.service, errors, cost), base))
}

/// 1,000 calls are under way when their token is revoked; the refusals come in over 100 ms.
async fn refusals() -> Outcome {
    heading("1,000 calls in flight are refused with 401 over 100 ms; the exchange takes 50 ms");
    let base = refused::<Ours>("framekey", None).await?;
    refused::<HeldMutex>("mutex held across the fetch", Some(&base)).await?;
    refused::<OnceCellShape>("once-cell", Some(&base)).await?;
    Ok(wanted("1 exchange, 1,000 successes", (base.exchanges, base.errors) == (1, 0)))
}

async fn refused<S: Shape>(name: &str, base: Option<&Tally>) -> Result<Tally, Failure> {
    let stage = Stage::<S>::new().await?;
    stage.service.takes.store(50, Relaxed);
    let (shape, service) = (&stage.shape, &stage.service);
    let begun = join_all((0..1000).map(|_| shape.token())).await;
    service.revoke();
    let calls = begun.into_iter().enumerate().map(|(number, begun)| async move {
        let Ok((token, receipt)) = begun else { return false };
        let answer_after = Duration::from_micros(100 * u64::try_from(number).unwrap_or(0));
        SystemClock.sleep(answer_after).await;
        if service.takes_token(token) {
            return true;
        }
        shape.refused(receipt).await;
        shape.token().await.is_ok_and(|(token, _)| service.takes_token(token))
    });
    let (answers, cost) = cost(join_all(calls)).await;
    let errors = answers.iter().filter(|good| !**good).count();
    Ok(Tally::print(name, 1000, (service, errors, cost), base))
}
