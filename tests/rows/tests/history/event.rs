//! What a process tells of what happened to it.

/// One thing that happened, from when to when, in microseconds by the wall clock.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// A call of the user's: its error's code, or `ok`.
    Call(String),
    /// An exchange on the wire, and the status; 0 for none.
    Exchange(u16),
    /// A request on the wire: a mark of its token, and the status.
    Request(u64, u16),
}

impl Event {
    pub(crate) fn line(&self) -> String {
        let Event { began, ended, what } = self;
        match what {
            What::Call(code) => format!("event: {began} {ended} call {code}"),
            What::Exchange(status) => format!("event: {began} {ended} exchange {status}"),
            What::Request(token, status) => {
                format!("event: {began} {ended} request {token} {status}")
            }
        }
    }

    /// Reads a line that a process wrote.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("event: ")?.split(' ');
        let mut word = || words.next();
        let (began, ended) = (word()?.parse().ok()?, word()?.parse().ok()?);
        let what = match word()? {
            "call" => What::Call(word()?.to_owned()),
            "exchange" => What::Exchange(word()?.parse().ok()?),
            _ => What::Request(word()?.parse().ok()?, word()?.parse().ok()?),
        };
        Some(Event { began, ended, what })
    }
}
