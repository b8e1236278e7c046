//! Where a service is. A credential is bound to this origin.

use std::fmt;

use crate::{Error, ErrorKind};

/// The base URL of a service: scheme, host, port and a path prefix.
///
/// `https`, or `http` where the host is a loopback address. No user name, query or fragment;
/// international names in their ASCII form.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    prefix: String,
}

impl BaseUrl {
    /// Reads a base URL.
    ///
    /// # Errors
    /// `config.bad_base_url` where the text is no such URL, `auth.insecure` for `http` to a host
    /// that is not this machine.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if let Some(at) = text.bytes().position(|byte| !(0x21..0x7f).contains(&byte)) {
            return Err(bad(&format!(
                "byte {} of {} is a control character, a space or not ASCII",
                at + 1,
                text.len()
            )));
        }
        let (secure, rest) = if let Some(rest) = strip_scheme(text, "https://") {
            (true, rest)
        } else if let Some(rest) = strip_scheme(text, "http://") {
            (false, rest)
        } else {
            return Err(bad("it must begin with https://"));
        };
        if rest.contains(['?', '#']) {
            return Err(bad("it must not have a query or a fragment"));
        }
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(bad("it must not have a user name or password"));
        }
        let (host, port) = split_port(authority)?;
        check_host(&host)?;
        if !secure && !is_loopback(&host) {
            return Err(Error::new(
                ErrorKind::Configuration,
                "auth.insecure",
                "refusing to send a credential over http to another machine; use https (http is for loopback addresses only)",
            ));
        }
        let prefix = path.trim_end_matches('/');
        if prefix.contains('\\') || prefix.split('/').any(is_dots) {
            return Err(bad("its path has a backslash or a segment of dots"));
        }
        let scheme = if secure { "https" } else { "http" };
        let default_port = if secure { 443 } else { 80 };
        let origin = match port {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        };
        Ok(BaseUrl { origin, prefix: prefix.to_owned() })
    }

    /// Scheme, host and port: `https://ws.api.video`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let rest = self.origin.trim_start_matches(|c| c != '/').trim_start_matches('/');
        split_port(rest).is_ok_and(|(host, _)| is_loopback(&host))
    }

    /// The URL of a path below the base.
    #[must_use]
    pub fn join(&self, path: &str, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{}{path}{mark}{query}", self.origin, self.prefix)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

/// Whether a path segment is `.` or `..`, also in its encoded forms.
pub(crate) fn is_dots(segment: &str) -> bool {
    let (mut rest, mut dots) = (segment, 0);
    while let Some(after) = [".", "%2e", "%2E"].iter().find_map(|dot| rest.strip_prefix(dot)) {
        (rest, dots) = (after, dots + 1);
    }
    rest.is_empty() && matches!(dots, 1 | 2)
}

fn bad(why: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        "config.bad_base_url",
        format!("the base URL cannot be used: {why}"),
    )
}

fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let head = text.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
}

fn split_port(authority: &str) -> Result<(String, Option<u16>), Error> {
    let colon = match authority.rfind(']') {
        Some(end) => authority[end..].find(':').map(|at| end + at),
        None => authority.find(':'),
    };
    let (host, port) = match colon {
        Some(at) => (&authority[..at], Some(&authority[at + 1..])),
        None => (authority, None),
    };
    let port = match port {
        Some(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            Some(text.parse::<u16>().map_err(|_| bad("its port is not a number up to 65535"))?)
        }
        Some(_) => return Err(bad("its port is not a number up to 65535")),
        None => None,
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn check_host(host: &str) -> Result<(), Error> {
    if let Some(inside) = host.strip_prefix('[') {
        let address = inside.strip_suffix(']').unwrap_or("");
        return match is_ipv6(address) {
            true => Ok(()),
            false => Err(bad("its IPv6 address is wrong")),
        };
    }
    let good = !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
    if good {
        Ok(())
    } else {
        Err(bad("its host name is empty or has a character that host names do not have"))
    }
}

fn is_loopback(host: &str) -> bool {
    // Not the names below `localhost`: a name server may send them anywhere.
    matches!(host, "localhost" | "[::1]" | "[0:0:0:0:0:0:0:1]") || v4(host) == Some("127")
}

/// The first part of an IPv4 address in the one form that everybody reads alike: four numbers up to
/// 255, no leading zero.
fn v4(host: &str) -> Option<&str> {
    let mut parts = 0;
    for part in host.split('.') {
        parts += 1;
        let plain = part == "0" || !part.starts_with('0');
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || !digits || part.parse::<u8>().is_err() {
            return None;
        }
    }
    if parts == 4 { host.split('.').next() } else { None }
}

/// Eight groups of up to four digits, fewer where `::` stands for the others; an IPv4 address may be
/// the last two. The standard library's reader is large in a browser.
fn is_ipv6(text: &str) -> bool {
    let (mut groups, mut empty, mut dotted) = (0, 0, false);
    for group in text.split(':') {
        let digits = group.bytes().all(|byte| byte.is_ascii_hexdigit());
        match group.len() {
            _ if dotted => return false,
            0 => empty += 1,
            1..=4 if digits => groups += 1,
            _ if v4(group).is_some() => (dotted, groups) = (true, groups + 2),
            _ => return false,
        }
    }
    // A text that begins or ends with `::` has one more empty group there; with `:` it is none.
    let (begins, ends) = (text.starts_with("::"), text.ends_with("::"));
    if begins != text.starts_with(':') || ends != text.ends_with(':') {
        return false;
    }
    match empty {
        0 => groups == 8,
        _ => groups < 8 && empty == 1 + usize::from(begins) + usize::from(ends) && !text.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::BaseUrl;

    fn code(text: &str) -> &'static str {
        match BaseUrl::parse(text) {
            Ok(_) => "ok",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn rd_04_plain_http_is_for_loopback_only() {
        for good in [
            "http://127.0.0.1:8080",
            "http://[::1]:9",
            "http://localhost/api",
            "http://127.255.0.9",
            "http://[0:0:0:0:0:0:0:1]",
            "https://ws.api.video",
        ] {
            assert_eq!(code(good), "ok", "{good}");
        }
        for bad in [
            "http://ws.api.video",
            "http://127.0.0.1.evil.example",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://evil.localhost",
            "http://127.0.0.256",
            "http://127.0.0.01",
            "http://127.0.0",
            "http://127.0.0.1.1",
            "http://0177.0.0.1",
            "http://2130706433",
            "http://[::2]",
            "http://[::]",
            "http://[fe80::1]",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert_eq!(code(bad), "auth.insecure", "{bad}");
        }
    }

    #[test]
    fn rd_06_odd_base_urls_are_refused() {
        for bad in [
            "",
            "ws.api.video",
            "ftp://x",
            "https://",
            "https://user@host",
            "https://a b",
            "https://host:99999",
            "https://host:",
            "https://host:1x",
            "https://ho/st?x=1",
            "https://host/#f",
            "https://[::1",
            "https://[1]",
            "https://[::g]",
            "https://höst",
            "https://host/a/../b",
            "https://host/%2e%2e/b",
            "https://a..b",
            "https://host\\@evil",
        ] {
            assert_eq!(code(bad), "config.bad_base_url", "{bad}");
        }
    }

    #[test]
    fn an_ipv6_address_is_told_from_what_is_none() {
        for good in [
            "::",
            "::1",
            "1::",
            "1::2",
            "1:2:3:4:5:6:7:8",
            "::2:3:4:5:6:7:8",
            "fe80::a:BCD",
            "::1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4",
        ] {
            assert!(super::is_ipv6(good) && good.parse::<std::net::Ipv6Addr>().is_ok(), "{good}");
        }
        let none = [
            "",
            ":",
            ":::",
            ":1::2",
            "1::2:",
            "1::2::3",
            "1:2",
            "12345::",
            "g::",
            "1:2:3:4:5:6:7:8:9",
            "1.2.3.4::",
            "1:2:3:4:5:6:7:1.2.3.4",
            "::1.2.3",
        ];
        for bad in none {
            assert!(!super::is_ipv6(bad) && bad.parse::<std::net::Ipv6Addr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rd_06_ipv6_addresses_are_those_of_the_standard_library() {
        let alphabet = b"::::::0123456789abF.g";
        let (mut seed, mut good) = (1_u64, 0);
        for _ in 0..300_000 {
            // Knuth's multiplier; the high bits are the random ones.
            let mut next = |below: usize| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                usize::try_from(seed >> 33).unwrap() % below
            };
            let text: String = match next(3) {
                0 => (0..next(9)).map(|_| char::from(alphabet[next(alphabet.len())])).collect(),
                _ => {
                    let group = ["", "", "0", "1", "ff", "abcd", "1.2.3.4", "12345"];
                    let groups: Vec<&str> =
                        (0..1 + next(10)).map(|_| group[next(group.len())]).collect();
                    groups.join(":")
                }
            };
            let standard = text.parse::<std::net::Ipv6Addr>().is_ok();
            assert_eq!(super::is_ipv6(&text), standard, "{text}");
            good += u32::from(standard);
        }
        assert!(good > 1000, "{good}");
    }

    #[test]
    fn default_ports_and_trailing_slashes_fall_away() {
        let base = BaseUrl::parse("HTTPS://Api.Example:443/v1.3/").unwrap();
        assert_eq!(base.origin(), "https://api.example");
        assert_eq!(base.join("/indexes", "page=2"), "https://api.example/v1.3/indexes?page=2");
    }

    #[test]
    fn an_origin_is_written_one_way_and_knows_whether_it_is_this_machine() {
        for (text, origin, loopback) in [
            ("https://Host.example:443/v1", "https://host.example", false),
            ("https://host.example:444", "https://host.example:444", false),
            ("http://localhost:80/", "http://localhost", true),
            ("http://[::1]:443", "http://[::1]:443", true),
            ("https://a-b_c.example", "https://a-b_c.example", false),
        ] {
            let base = BaseUrl::parse(text).unwrap();
            assert_eq!((base.origin(), base.is_loopback()), (origin, loopback), "{text}");
        }
        let host =
            |length: usize| format!("https://{}a", "a.".repeat(126) + &"a".repeat(length - 253));
        assert_eq!((code(&host(253)), code(&host(254))), ("ok", "config.bad_base_url"));
    }
}
