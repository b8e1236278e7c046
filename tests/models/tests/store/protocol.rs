//! The model: three processes, a lock, a file, and a service that takes a refresh token once.

use stateright::{Model, Property};

const PROCESSES: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The key is exchanged, which harms nobody when it is done twice.
    Key,
    /// The refresh token is presented, which may be done once.
    Session,
}

/// What the protocol might do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    /// Whoever gets the lock does not read the file once more.
    DoesNotLookAgain,
    /// The lock is given back before the file is written.
    ReleasesBeforeSaving,
    /// Who has waited long enough presents the refresh token without the lock.
    ProceedsWithoutLock,
    /// A lock that is a file, say.
    KeepsLockInDeath,
}

pub(crate) struct Protocol {
    pub(crate) mode: Mode,
    pub(crate) flaw: Flaw,
    /// How many processes may die.
    pub(crate) crashes: u8,
    /// How many answers may be lost on their way.
    pub(crate) losses: u8,
}

/// Tokens are numbers; the pair that was given first is 1. 0 is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct System {
    lock: Option<usize>,
    /// The newest pair in the file.
    file: u8,
    /// The refresh token that the service takes.
    good: u8,
    exchanges: u8,
    /// How often each refresh token was presented until the service refused it, and how often nobody
    /// knows what came of it. That it was refused only its process knows: another one may present it
    /// too, and is refused as well.
    presented: [u8; 8],
    refused: [bool; 8],
    unknown: [u8; 8],
    /// A pair went down with its process, or with its answer.
    went_down: bool,
    gave_up: bool,
    crashes: u8,
    losses: u8,
    processes: [Process; PROCESSES],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Process {
    at: At,
    /// The pair in memory, whose access token has ended.
    pair: u8,
    /// How often it presented that pair's refresh token.
    times: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    /// Has looked into the file and found nothing.
    Looked,
    /// The lock was taken: polls the file and the lock.
    Waits,
    Locked,
    /// On its way to the service.
    Sent,
    /// The answer is on its way back.
    Served(u8),
    Refused,
    Answered(u8),
    /// The new file is written beside the old one.
    Written(u8),
    Saved,
    Done,
    /// `auth.session_lost`.
    Lost,
    /// `auth.exchange_unavailable`, to be tried again.
    Barred,
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    /// The process goes on.
    Step(usize),
    /// It is killed.
    Crash(usize),
    /// Its answer is lost.
    Lose(usize),
    /// It has waited for the lock long enough.
    GiveUp(usize),
}

impl At {
    fn exchanges(self) -> bool {
        matches!(self, At::Sent | At::Served(_))
    }

    fn is_over(self) -> bool {
        matches!(self, At::Done | At::Lost | At::Barred | At::Dead)
    }
}

impl Model for Protocol {
    type State = System;
    type Action = Action;

    fn init_states(&self) -> Vec<System> {
        let process = Process { at: At::Looked, pair: 1, times: 0 };
        vec![System {
            lock: None,
            file: 0,
            good: 1,
            exchanges: 0,
            presented: [0; 8],
            refused: [false; 8],
            unknown: [0; 8],
            went_down: false,
            gave_up: false,
            crashes: 0,
            losses: 0,
            processes: [process; PROCESSES],
        }]
    }

    fn actions(&self, system: &System, actions: &mut Vec<Action>) {
        for (i, process) in system.processes.iter().enumerate() {
            if process.at.is_over() {
                continue;
            }
            // Polling while nothing has changed is no step.
            let stands =
                process.at == At::Waits && system.lock.is_some() && system.file <= process.pair;
            if stands {
                actions.push(Action::GiveUp(i));
            } else {
                actions.push(Action::Step(i));
            }
            if system.crashes < self.crashes {
                actions.push(Action::Crash(i));
            }
            if matches!(process.at, At::Served(_)) && system.losses < self.losses {
                actions.push(Action::Lose(i));
            }
        }
    }

    fn next_state(&self, last: &System, action: Action) -> Option<System> {
        let mut system = last.clone();
        match action {
            Action::Step(i) => self.step(&mut system, i),
            Action::Crash(i) => self.crash(&mut system, i),
            Action::Lose(i) => self.lose(&mut system, i),
            Action::GiveUp(i) => self.give_up(&mut system, i),
        }
        Some(system)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let shared: Vec<Property<Self>> = vec![
            Property::always("death frees the lock", |_, system: &System| {
                system.lock.is_none_or(|i| system.processes[i].at != At::Dead)
            }),
            Property::eventually("everyone alive is answered", |_, system: &System| {
                system.processes.iter().all(|process| process.at.is_over())
            }),
            Property::sometimes("reached: all done by one exchange", |_, system: &System| {
                system.exchanges == 1 && system.processes.iter().all(|one| one.at == At::Done)
            }),
            Property::always("I1: one exchange in all while nobody fails", |_, system: &System| {
                let calm = system.crashes + system.losses == 0 && !system.gave_up;
                !calm || system.exchanges <= 1
            }),
        ];
        let own: Vec<Property<Self>> = match self.mode {
            Mode::Key => {
                vec![Property::always("a key never ends in an error", |_, system: &System| {
                    !system.processes.iter().any(|one| matches!(one.at, At::Lost | At::Barred))
                })]
            }
            Mode::Session => vec![
                Property::always("I1: one exchange at a time", |_, system: &System| {
                    system.processes.iter().filter(|process| process.at.exchanges()).count() <= 1
                }),
                Property::always(
                    "I5: presented again only after an unknown outcome",
                    |_, system: &System| {
                        let pairs = system.presented.iter().zip(&system.unknown);
                        let once = system.processes.iter().all(|process| process.times <= 2);
                        once && pairs.into_iter().all(|(times, unknown)| *times <= 1 + unknown)
                    },
                ),
                Property::always(
                    "no session is lost but by a pair that went down",
                    |_, system: &System| {
                        system.went_down || !system.processes.iter().any(|one| one.at == At::Lost)
                    },
                ),
            ],
        };
        shared.into_iter().chain(own).collect()
    }
}

impl Protocol {
    fn step(&self, system: &mut System, i: usize) {
        let process = system.processes[i];
        system.processes[i].at = match process.at {
            At::Looked | At::Waits if system.lock.is_none() => {
                system.lock = Some(i);
                At::Locked
            }
            At::Waits if system.file > process.pair => {
                system.processes[i].pair = system.file;
                At::Done
            }
            At::Looked | At::Waits => At::Waits,
            At::Locked => self.look_again(system, i),
            At::Sent => self.serve(system, i),
            At::Served(pair) => {
                if self.flaw == Flaw::ReleasesBeforeSaving {
                    release(system, i);
                }
                At::Answered(pair)
            }
            At::Refused => {
                release(system, i);
                At::Lost
            }
            At::Answered(pair) => At::Written(pair),
            At::Written(pair) => {
                // The rename; an older pair does not replace a newer one.
                system.file = system.file.max(pair);
                system.processes[i].pair = pair;
                At::Saved
            }
            At::Saved => {
                release(system, i);
                At::Done
            }
            over => over,
        };
    }

    /// Under the lock: another process may have left a pair, whose access token is good, or whose
    /// refresh token is the one to present.
    fn look_again(&self, system: &mut System, i: usize) -> At {
        let process = &mut system.processes[i];
        if self.flaw != Flaw::DoesNotLookAgain && system.file > process.pair {
            process.pair = system.file;
            release(system, i);
            return At::Done;
        }
        send(self.mode, system, i)
    }

    fn serve(&self, system: &mut System, i: usize) -> At {
        let pair = system.processes[i].pair;
        if self.mode == Mode::Session && pair != system.good {
            system.refused[usize::from(pair)] = true;
            return At::Refused;
        }
        system.exchanges += 1;
        system.good = system.exchanges + 1;
        At::Served(system.good)
    }

    fn crash(&self, system: &mut System, i: usize) {
        let process = system.processes[i];
        let at = process.at;
        system.crashes += 1;
        if matches!(at, At::Sent | At::Served(_) | At::Answered(_) | At::Written(_)) {
            system.unknown[usize::from(process.pair)] += 1;
        }
        system.went_down |= matches!(at, At::Served(_) | At::Answered(_) | At::Written(_));
        system.processes[i].at = At::Dead;
        if self.flaw != Flaw::KeepsLockInDeath {
            release(system, i);
        }
    }

    /// Nobody knows what came of it: the same token is presented once more, under the same lock.
    fn lose(&self, system: &mut System, i: usize) {
        let process = system.processes[i];
        system.losses += 1;
        system.went_down = true;
        system.unknown[usize::from(process.pair)] += 1;
        system.processes[i].at = match (self.mode, process.times) {
            (Mode::Session, 2..) => {
                release(system, i);
                At::Lost
            }
            _ => self.look_again(system, i),
        };
    }

    fn give_up(&self, system: &mut System, i: usize) {
        system.gave_up = true;
        let proceeds = self.mode == Mode::Key || self.flaw == Flaw::ProceedsWithoutLock;
        system.processes[i].at = if proceeds { send(self.mode, system, i) } else { At::Barred };
    }
}

fn send(mode: Mode, system: &mut System, i: usize) -> At {
    if mode == Mode::Session {
        let process = &mut system.processes[i];
        process.times += 1;
        let pair = usize::from(process.pair);
        system.presented[pair] += u8::from(!system.refused[pair]);
    }
    At::Sent
}

fn release(system: &mut System, i: usize) {
    if system.lock == Some(i) {
        system.lock = None;
    }
}
