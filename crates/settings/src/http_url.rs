//! Addresses of HTTP interfaces.

use std::{fmt, str::FromStr};

use http::Uri;

/// An absolute `http` or `https` URL with a host, and without credentials, which would appear in logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// The URL as it was written.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Messages do not quote the text: it may hold a password.
        let uri: Uri = text.parse().map_err(|error| format!("is not a URL: {error}"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err("is not an http:// or https:// URL".into());
        }
        let authority = uri.authority().ok_or("is a URL without a host")?;
        if authority.host().is_empty() {
            return Err("is a URL without a host".into());
        }
        if authority.as_str().contains('@') {
            return Err("has a user or a password in it; an address must not carry secrets".into());
        }
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
            return Err("has a port that is not from 1 to 65535".into());
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_web_addresses_are_taken_as_they_stand() {
        for right in ["http://127.0.0.1:9100/verify", "https://api.example.org/v1?x=1", "http://[::1]:80/"] {
            assert_eq!(right.parse::<HttpUrl>().map(HttpUrl::into_string), Ok(right.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in [
            "",
            "verify",
            "/verify",
            "ftp://host/",
            "http://",
            "http:///verify",
            "http://host:0/",
            "http://host:99999/",
            "http://host:/",
            "http://ho st/",
        ] {
            assert!(wrong.parse::<HttpUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refused_secret_is_not_repeated() {
        let error = "http://user:hunter2@host/".parse::<HttpUrl>().unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
