//! The three services and where their files are.

/// One of the services, as files and names know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// The folder below `spec/`.
    pub(crate) slug: &'static str,
    /// The variant of `framekey_catalog::Service`.
    pub(crate) variant: &'static str,
    /// The module in the catalog and the facade.
    pub(crate) module: &'static str,
    /// The crate of the typed door, below `crates/`.
    pub(crate) core: &'static str,
}

/// In the order in which framekey lists them.
pub(crate) const SERVICES: [Service; 3] = [
    Service { slug: "api-video", variant: "ApiVideo", module: "api_video", core: "core-apivideo" },
    Service {
        slug: "twelve-labs",
        variant: "TwelveLabs",
        module: "twelve_labs",
        core: "core-twelvelabs",
    },
    Service {
        slug: "videovector",
        variant: "VideoVector",
        module: "videovector",
        core: "core-videovector",
    },
];
