//! What a step should do on the wire, and whether it did.

use framekey::Error;

/// One request as it was seen on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The operation's id, or the method and path that fits none.
    pub(crate) operation: String,
    /// `none`, `basic`, `bearer`, `api_key`, `upload_token`.
    pub(crate) credential: String,
    /// The status that was answered; `None` where it cannot be seen.
    pub(crate) status: Option<u16>,
}

/// What a step should do.
pub(crate) struct Expect {
    requests: Vec<Wanted>,
    outcome: Outcome,
}

struct Wanted {
    operation: &'static str,
    credential: &'static str,
    least: usize,
    most: usize,
}

enum Outcome {
    Done,
    Fails { code: &'static str, says: Vec<&'static str> },
}

impl Expect {
    /// No request at all, so far.
    pub(crate) const fn nothing() -> Self {
        Expect { requests: Vec::new(), outcome: Outcome::Done }
    }

    /// Then this operation with this credential, once.
    pub(crate) fn then(self, operation: &'static str, credential: &'static str) -> Self {
        self.times(operation, credential, 1, 1)
    }

    /// Then this operation with this credential, `least` to `most` times.
    pub(crate) fn times(
        mut self,
        operation: &'static str,
        credential: &'static str,
        least: usize,
        most: usize,
    ) -> Self {
        self.requests.push(Wanted { operation, credential, least, most });
        self
    }

    /// The step should fail with this code and a text that has these words.
    pub(crate) fn fails(mut self, code: &'static str, says: &'static str) -> Self {
        self.outcome = Outcome::Fails { code, says: vec![says] };
        self
    }

    /// The failure should have these words too.
    pub(crate) fn and_says(mut self, words: &'static str) -> Self {
        if let Outcome::Fails { says, .. } = &mut self.outcome {
            says.push(words);
        }
        self
    }

    /// What differs, in words.
    pub(crate) fn differs<T>(&self, seen: &[Seen], outcome: Result<&T, &Error>) -> Option<String> {
        match (&self.outcome, outcome) {
            (Outcome::Done, Ok(_)) => {}
            (Outcome::Done, Err(error)) => return Some(format!("failed: {error}")),
            (Outcome::Fails { code, .. }, Ok(_)) => {
                return Some(format!("should have failed with {code}"));
            }
            (Outcome::Fails { code, says }, Err(error)) => {
                let text = error.to_string();
                if error.code() != *code || !says.iter().all(|words| text.contains(words)) {
                    let says = says.join("\" and \"");
                    return Some(format!(
                        "should have failed with {code} and \"{says}\", not: {error}"
                    ));
                }
            }
        }
        let mut rest = seen;
        for wanted in &self.requests {
            let fitting = rest
                .iter()
                .take(wanted.most)
                .take_while(|seen| {
                    seen.operation == wanted.operation && seen.credential == wanted.credential
                })
                .count();
            if fitting < wanted.least {
                return Some(format!(
                    "should have sent {} with {} {}, sent {}",
                    wanted.operation,
                    wanted.credential,
                    times(wanted.least),
                    sent(seen)
                ));
            }
            rest = &rest[fitting..];
        }
        (!rest.is_empty()).then(|| format!("sent more than it should: {}", sent(rest)))
    }
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn sent(seen: &[Seen]) -> String {
    if seen.is_empty() {
        return "nothing".to_owned();
    }
    let each: Vec<String> =
        seen.iter().map(|seen| format!("{} ({})", seen.operation, seen.credential)).collect();
    each.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Expect, Seen};
    use framekey::{Error, ErrorKind};

    fn seen(operation: &str, credential: &str) -> Seen {
        Seen {
            operation: operation.to_owned(),
            credential: credential.to_owned(),
            status: Some(200),
        }
    }

    #[test]
    fn a_request_too_many_too_few_or_with_another_credential_is_told() {
        let expect = || Expect::nothing().then("a.list", "bearer").times("b.get", "bearer", 1, 2);
        let good = [seen("a.list", "bearer"), seen("b.get", "bearer")];
        assert_eq!(expect().differs(&good, Ok(&())), None);
        assert!(expect().differs(&good[..1], Ok(&())).is_some());
        assert!(
            expect()
                .differs(&[seen("a.list", "basic"), seen("b.get", "bearer")], Ok(&()))
                .is_some()
        );
        let more = [good[0].clone(), good[1].clone(), good[1].clone(), good[1].clone()];
        assert!(expect().differs(&more, Ok(&())).is_some());
        let error = Error::new(ErrorKind::Usage, "usage.bad_value", "no");
        assert!(expect().differs::<()>(&good, Err(&error)).is_some());
        assert!(Expect::nothing().fails("http.404", "").differs(&[], Ok(&())).is_some());
        assert!(
            Expect::nothing()
                .fails("usage.bad_value", "yes")
                .differs::<()>(&[], Err(&error))
                .is_some()
        );
        assert!(
            Expect::nothing()
                .fails("usage.bad_value", "no")
                .and_says("yes")
                .differs::<()>(&[], Err(&error))
                .is_some()
        );
        assert_eq!(
            Expect::nothing().fails("usage.bad_value", "no").differs::<()>(&[], Err(&error)),
            None
        );
    }
}
