//! SH-07: in HTTP/2 a credential is in no table, neither here nor on the way.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use framekey::Platform;
use framekey_rows::canary::Search;
use framekey_rows::carriers::{CARRIERS, Carrier};
use framekey_rows::hpack::{Writing, fields};
use framekey_rows::http2::Server;
use framekey_rows::tls;
use framekey_runtime::native::{self, HttpTransport};

/// Calls of each kind, over one connection: what the first leaves in a table, the next would use.
const CALLS: usize = 20;

#[test]
fn the_examples_of_rfc_7541_are_read() {
    // C.2.3, a password never indexed; C.4.1, Huffman's code.
    let secret = fields(b"\x10\x08password\x06secret").unwrap();
    assert_eq!((secret[0].writing, secret[0].value.as_str()), (Writing::Never, "secret"));
    assert_eq!(secret[0].name, "password");
    let request =
        fields(b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff").unwrap();
    assert_eq!((request[3].writing, request[3].name.as_str()), (Writing::Remembered, "#1"));
    assert_eq!(request[3].value, "www.example.com");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sh_07_a_credential_header_is_never_indexed() {
    let authority = tls::authority();
    let transport = HttpTransport::trusting([authority.certificate()]).unwrap();
    let platform = Platform { transport: Arc::new(transport), ..native::platform().unwrap() };
    let search = Search::new(&Carrier::secrets());
    let mut written = BTreeMap::<(&str, String), usize>::new();
    for carrier in CARRIERS {
        let server = Server::start(tls::good(&authority, &["h2"]), Carrier::token_answer()).await;
        let base = format!("https://localhost:{}", server.port);
        let client = carrier.client(&base, Some(&platform)).unwrap();
        for _ in 0..CALLS {
            carrier.call(&client).await.unwrap();
        }
        let blocks = server.take();
        assert!(blocks.len() >= CALLS, "{}: {} requests", carrier.name, blocks.len());
        for block in blocks {
            for field in fields(&block).expect("a block by the rules") {
                if !search.hits(field.value.as_bytes()).is_empty() {
                    *written.entry((carrier.name, format!("{:?}", field.writing))).or_default() +=
                        1;
                }
            }
        }
    }
    let carried = |name: &str| {
        let of_name = written.iter().filter(|((carrier, _), _)| *carrier == name);
        of_name.map(|((_, writing), count)| (writing.as_str(), *count)).collect::<Vec<_>>()
    };
    for name in ["tl-key", "vv-key", "vv-jwt", "av-basic", "av-bearer", "av-exchange"] {
        assert_eq!(carried(name), [("Never", CALLS)], "{name}");
    }
    // The upload token stands in the path, as api.video wants it: not in our table. The order to
    // others is for header fields only.
    assert_eq!(carried("av-upload"), [("Passing", CALLS)]);
    // In the body, and nowhere else.
    assert_eq!((carried("av-create"), carried("av-refresh")), (vec![], vec![]));
}
