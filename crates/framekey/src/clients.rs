//! The typed clients: one a service, over one dynamic client each.

macro_rules! typed_client {
    ($(#[$doc:meta])* $name:ident, $service:expr, $core:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            pub(crate) core: $core,
            dynamic: crate::dynamic::Client,
        }

        impl $name {
            /// Configures a client.
            #[must_use]
            pub fn builder() -> crate::ClientBuilder<$name> {
                crate::ClientBuilder::new($service)
            }

            /// The same client by operation ids and JSON.
            #[must_use]
            pub fn dynamic(&self) -> &crate::dynamic::Client {
                &self.dynamic
            }

            /// The same client with settings for the calls made through it.
            #[must_use]
            pub fn with_options(&self, options: crate::CallOptions) -> Self {
                self.dynamic.with_options(options).into()
            }
        }

        impl From<crate::dynamic::Client> for $name {
            fn from(dynamic: crate::dynamic::Client) -> Self {
                let core = <$core>::new(dynamic.session().clone());
                $name { core, dynamic }
            }
        }
    };
}

#[cfg(feature = "api-video")]
typed_client!(
    /// A client of api.video. Clones share the access token and the connections.
    ApiVideo, crate::Service::ApiVideo, framekey_core_apivideo::Client
);
#[cfg(feature = "twelve-labs")]
typed_client!(
    /// A client of Twelve Labs. Clones share the connections.
    TwelveLabs, crate::Service::TwelveLabs, framekey_core_twelvelabs::Client
);
#[cfg(feature = "videovector")]
typed_client!(
    /// A client of VideoVector. Clones share the connections.
    VideoVector, crate::Service::VideoVector, framekey_core_videovector::Client
);
