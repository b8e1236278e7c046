//! What a row of the operation table says.

use crate::Service;

/// One operation of one service.
#[derive(Debug)]
pub struct Operation {
    /// Resource and verb: `videos.list`, `indexes.indexed_assets.get`. Unique within a service.
    pub id: &'static str,
    /// The service it belongs to.
    pub service: Service,
    /// The resource, nested by dots: `indexes.indexed_assets`.
    pub resource: &'static str,
    /// The verb: `list`.
    pub verb: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path template below the base URL: `/videos/{videoId}`.
    pub path: &'static str,
    /// Path, query and header parameters.
    pub params: &'static [Param],
    /// The request body.
    pub body: Body,
    /// The credentials that it accepts, in order of preference; empty: none is ever sent.
    pub security: &'static [Scheme],
    /// The scope that a VideoVector key needs, where it is known. Explains a 403; blocks nothing.
    pub scope: Option<Scope>,
    /// When it may be sent again.
    pub retry: Retry,
    /// How its pages are walked.
    pub page: Page,
    /// The stream that it can answer.
    pub stream: Option<Stream>,
    /// The media type that is asked for.
    pub accept: &'static str,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// `GET`, `POST`, …
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// A path, query or header parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The argument's name in our calls, in snake case: `page_size`.
    pub name: &'static str,
    /// The name on the wire: `pageSize`, `tags[]`.
    pub wire: &'static str,
    /// Where it goes.
    pub place: Place,
    /// How a list or an object is written.
    pub style: Style,
    /// Whether the call is refused without it.
    pub required: bool,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Place {
    Path,
    Query,
    Header,
}

/// How a parameter's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// One text. A list is written with commas.
    Plain,
    /// A list repeats the key: `status=ready&status=failed`, `tags[]=a&tags[]=b`.
    Repeat,
    /// An object becomes `name[key]=value`; a list inside repeats `name[key][]=value`.
    Deep,
}

/// A request body.
#[derive(Debug)]
pub enum Body {
    /// No body is sent.
    None,
    /// A JSON object; the fields that are known by name.
    Json {
        /// Whether a body is sent even when no field is given.
        required: bool,
        /// The top-level fields.
        fields: &'static [Field],
    },
    /// A `multipart/form-data` body.
    Multipart {
        /// The parts.
        fields: &'static [Field],
    },
}

/// A top-level field of a body, or a part of a form.
#[derive(Debug)]
pub struct Field {
    /// The argument's name in our calls, in snake case: `player_id`.
    pub name: &'static str,
    /// The name on the wire: `playerId`.
    pub wire: &'static str,
    /// What it takes.
    pub kind: FieldKind,
    /// Whether the call is refused without it.
    pub required: bool,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Any JSON value. In a form: a text, number or flag as it is; an object as JSON text.
    Value,
    /// Form only: a list whose items are sent as parts of the same name.
    List,
    /// Form only: the bytes of a file.
    File,
}

/// A kind of credential, as the operation's document declares it: by type, never by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP basic: the key as user name, an empty password.
    Basic,
    /// HTTP bearer.
    Bearer(Bearer),
    /// A header that carries an API key: `x-api-key`.
    ApiKeyHeader(&'static str),
    /// A query parameter that carries a token: `token` of a delegated upload.
    ApiKeyQuery(&'static str),
}

/// Which bearer token an operation accepts. They look alike on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// Any bearer token of the service.
    Any,
    /// Only the JWT of a user's web login.
    User,
    /// A user's JWT, but not an OAuth access token.
    NotOAuth,
}

/// A VideoVector key scope; each holds the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Scope {
    Search,
    Read,
    Write,
    Admin,
}

impl Scope {
    /// `search`, `read`, `write`, `admin`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Search => "search",
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Admin => "admin",
        }
    }
}

/// When an operation may be sent again after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It only reads.
    Safe,
    /// Sending it twice is the same as once.
    Idempotent,
    /// With an `Idempotency-Key`, sending it twice is the same as once.
    Keyed,
    /// Only when it is certain that the service did not see it.
    Unsafe,
}

/// How the pages of a list are walked. Paths are dotted (`pagination.next_cursor`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Not paged.
    None,
    /// By page number, from 1.
    Number {
        /// The query parameter of the page number.
        page: &'static str,
        /// The query parameter of the page size.
        size: &'static str,
        /// Where the items are in the answer.
        items: &'static str,
        /// Where the count of pages is in the answer.
        pages: &'static str,
    },
    /// By a cursor from the answer before.
    Cursor {
        /// The query parameter or body field of the cursor.
        cursor: &'static str,
        /// Whether the cursor goes into the body.
        in_body: bool,
        /// The parameter of the page size.
        size: &'static str,
        /// Where the items are.
        items: &'static str,
        /// Where the next cursor is.
        next: &'static str,
    },
    /// By a token that another operation takes.
    Token {
        /// The operation that fetches the next page.
        operation: &'static str,
        /// Its parameter for the token.
        param: &'static str,
        /// Where the items are.
        items: &'static str,
        /// Where the next token is.
        next: &'static str,
    },
    /// A list with a limit and no way on.
    Limit {
        /// The parameter of the limit.
        size: &'static str,
        /// Where the items are; empty: the answer is the list.
        items: &'static str,
    },
}

/// A stream that an operation can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its format.
    pub kind: StreamKind,
    /// The body field that asks for it; `None`: it always streams.
    pub when: Option<&'static str>,
}

/// The format of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// JSON values, one a line.
    Ndjson,
    /// Server-sent events.
    Sse,
    /// JSON Lines, as a file to be read once.
    Jsonl,
    /// Bytes of a file.
    Bytes,
}
