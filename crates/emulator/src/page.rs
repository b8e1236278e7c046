//! Pages by number, as api.video and Twelve Labs have them.

use crate::answer::{Answer, refuse};
use crate::call::Call;

/// A page number and size of the query, checked.
pub(crate) struct Wanted {
    pub(crate) page: usize,
    pub(crate) size: usize,
}

/// Reads the two parameters; a value outside 1..=`largest` is refused.
pub(crate) fn wanted(
    call: &Call,
    page: &str,
    size: &str,
    default: usize,
    largest: usize,
) -> Result<Wanted, Answer> {
    let number = |name: &str, default: usize, largest: usize| match call.query(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().ok().filter(|number| (1..=largest).contains(number)).ok_or_else(|| {
                let code = if call.operation.service == framekey_catalog::Service::TwelveLabs {
                    "parameter_invalid"
                } else {
                    "request-invalid-query-parameter"
                };
                refuse(
                    call.operation.service,
                    400,
                    code,
                    &format!("{name} is a whole number from 1 to {largest}."),
                    Some(name),
                )
            })
        }
    };
    Ok(Wanted { page: number(page, 1, usize::MAX)?, size: number(size, default, largest)? })
}

impl Wanted {
    /// The items of this page and the count of pages.
    pub(crate) fn cut<T>(&self, items: Vec<T>) -> (Vec<T>, usize, usize) {
        let total = items.len();
        let pages = total.div_ceil(self.size).max(1);
        let start = (self.page - 1).saturating_mul(self.size);
        (items.into_iter().skip(start).take(self.size).collect(), pages, total)
    }
}
