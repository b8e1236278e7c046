//! The three services and what is fixed about each.

/// One of the three video services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// api.video: hosting, live streams, delegated uploads.
    ApiVideo,
    /// Twelve Labs: video understanding (API v1.3).
    TwelveLabs,
    /// VideoVector: video search and extraction (API v2).
    VideoVector,
}

impl Service {
    /// All services, in the order in which framekey lists them.
    pub const ALL: [Service; 3] = [Service::ApiVideo, Service::TwelveLabs, Service::VideoVector];

    /// The short name used on the command line and in files: `api-video`.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Service::ApiVideo => "api-video",
            Service::TwelveLabs => "twelve-labs",
            Service::VideoVector => "videovector",
        }
    }

    /// The name that people know: `api.video`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Service::ApiVideo => "api.video",
            Service::TwelveLabs => "Twelve Labs",
            Service::VideoVector => "VideoVector",
        }
    }

    /// The production base URL, with the path that every operation is below.
    #[must_use]
    pub const fn base_url(self) -> &'static str {
        match self {
            Service::ApiVideo => "https://ws.api.video",
            Service::TwelveLabs => "https://api.twelvelabs.io/v1.3",
            Service::VideoVector => "https://api.vectormethods.com/api/v2",
        }
    }

    /// The sandbox base URL, where the service has one (api.video: separate keys, videos go after 24 h).
    #[must_use]
    pub const fn sandbox_url(self) -> Option<&'static str> {
        match self {
            Service::ApiVideo => Some("https://sandbox.api.video"),
            Service::TwelveLabs | Service::VideoVector => None,
        }
    }

    /// Reads a [`slug`](Self::slug).
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Service> {
        Service::ALL.into_iter().find(|service| service.slug() == slug)
    }
}
