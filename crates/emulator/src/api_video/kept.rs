//! One object of a collection, or the service's word that there is none.

use framekey_catalog::Service;

use crate::answer::{Answer, not_found};
use crate::shelf::Shelf;

/// What `then` answers for one object; 404 where there is none.
pub(super) fn with<T>(
    shelf: &mut Shelf<T>,
    what: &str,
    id: &str,
    then: impl FnOnce(&mut T) -> Answer,
) -> Answer {
    match shelf.get_mut(id) {
        Some(item) => then(item),
        None => not_found(Service::ApiVideo, what),
    }
}

/// Takes one object away: 204; 404 where there is none.
pub(super) fn delete<T>(shelf: &mut Shelf<T>, what: &str, id: &str) -> Answer {
    match shelf.take(id) {
        Some(_) => Answer::empty(204),
        None => not_found(Service::ApiVideo, what),
    }
}
