//! The body of a request: bounded by its stated length before it is read, by counting while it is
//! read, and by counting what comes out of it if it is compressed.

use crate::{
    http::{Failure, header},
    problem::{Kind, Problem},
};
use flate2::bufread::MultiGzDecoder;
use futures_util::StreamExt as _;
use std::{
    borrow::Cow,
    io::{self, BufRead, Read as _},
};
use worker::Request;

/// Reads a body of at most `limit` bytes, and opens it if it is compressed.
///
/// # Errors
/// [`Kind::TooLarge`] and [`Kind::BadEncoding`]; what is beyond the limit is never held.
pub(crate) async fn read(request: &mut Request, limit: usize) -> Result<Vec<u8>, Failure> {
    let encoding = header(request, "content-encoding");
    let body = as_it_came(request, limit).await?;
    Ok(opened(&encoding, &body, limit)?.into_owned())
}

/// Reads a body of at most `limit` bytes, and leaves it as it came.
///
/// # Errors
/// [`Kind::TooLarge`]; what is beyond the limit is never held.
pub(crate) async fn as_it_came(request: &mut Request, limit: usize) -> Result<Vec<u8>, Failure> {
    let stated = header(request, "content-length");
    if let Ok(length) = stated.parse::<usize>() {
        if length > limit {
            return Err(too_large(&stated, limit).into());
        }
        // The runtime ends the body at its stated length.
        return Ok(request.bytes().await?);
    }
    if request.inner().body().is_none() {
        return Ok(Vec::new());
    }
    let mut stream = request.stream()?;
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(too_large("more", limit).into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What a body of this `Content-Encoding` holds: at most `limit` bytes, whatever it would grow to.
///
/// # Errors
/// [`Kind::TooLarge`] and [`Kind::BadEncoding`]
pub(crate) fn opened<'a>(
    encoding: &str,
    body: &'a [u8],
    limit: usize,
) -> Result<Cow<'a, [u8]>, Problem> {
    let encoding = encoding.trim();
    if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
        return Ok(Cow::Borrowed(body));
    }
    if !["gzip", "x-gzip"]
        .iter()
        .any(|own| encoding.eq_ignore_ascii_case(own))
    {
        return Err(Problem::new(
            Kind::BadEncoding,
            "Content-Encoding: is not gzip; send the body as it is, or with gzip",
        ));
    }
    let (out, read) = inflate(body, limit);
    if out.len() > limit {
        return Err(too_large("more", limit));
    }
    match read {
        Ok(()) => Ok(Cow::Owned(out)),
        Err(_) => Err(Problem::new(
            Kind::BadEncoding,
            "body: is not what its Content-Encoding gzip says; send it as it is, or compress it anew",
        )),
    }
}

/// What comes out of it, up to one byte more than fits: that tells a body that is full from one that is
/// too large. Nothing behind it is read.
fn inflate(packed: impl BufRead, limit: usize) -> (Vec<u8>, io::Result<()>) {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut out = Vec::new();
    let read = MultiGzDecoder::new(packed).take(most).read_to_end(&mut out);
    (out, read.map(drop))
}

fn too_large(size: &str, limit: usize) -> Problem {
    Problem::new(
        Kind::TooLarge,
        format!("body: has {size} bytes; at most {limit} fit, so send it in parts"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write as _;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut writer = GzEncoder::new(Vec::new(), Compression::best());
        writer.write_all(body).unwrap();
        writer.finish().unwrap()
    }

    fn kind(encoding: &str, body: &[u8], limit: usize) -> Result<usize, Kind> {
        opened(encoding, body, limit)
            .map(|body| body.len())
            .map_err(|problem| problem.kind)
    }

    #[test]
    fn a_body_is_counted_after_it_is_opened() {
        let body = gzip(&[b'x'; 1_000]);
        assert!(body.len() < 100);
        assert_eq!(kind("gzip", &body, 1_000), Ok(1_000));
        assert_eq!(kind("gzip", &body, 999), Err(Kind::TooLarge));
        assert_eq!(kind(" GZip ", &body, 1_000), Ok(1_000));
        assert_eq!(kind("", &body, 10), Ok(body.len()));
        assert_eq!(kind("identity", b"{}", 10), Ok(2));
    }

    #[test]
    fn a_bomb_is_opened_no_further_than_it_fits() {
        // 200 MB in 200 KB: opening all of it would take more memory than a Worker has.
        let megabyte = gzip(&vec![0; 1_000_000]);
        let bomb = megabyte.repeat(200);
        assert!(bomb.len() < 250_000, "{}", bomb.len());
        let limit = 60_000;
        assert_eq!(kind("gzip", &bomb, limit), Err(Kind::TooLarge));
        let mut rest = bomb.as_slice();
        let (out, _) = inflate(&mut rest, limit);
        assert_eq!(out.len(), limit + 1);
        let consumed = bomb.len() - rest.len();
        assert!(consumed < megabyte.len(), "{consumed} bytes of it");
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let whole = gzip(b"{\"v\":1}");
        for broken in [&b"{}"[..], &[], &whole[..whole.len() - 1], &whole[1..]] {
            assert_eq!(
                kind("gzip", broken, 100),
                Err(Kind::BadEncoding),
                "{broken:?}"
            );
        }
        let mut forged = whole.clone();
        let at = forged.len() - 5;
        forged[at] ^= 1;
        assert_eq!(
            kind("gzip", &forged, 100),
            Err(Kind::BadEncoding),
            "its checksum"
        );
        for encoding in ["br", "deflate", "gzip, gzip", "zstd"] {
            assert_eq!(
                kind(encoding, &whole, 100),
                Err(Kind::BadEncoding),
                "{encoding}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_compressed_body_says_what_was_put_in(body: Vec<u8>) {
            let packed = gzip(&body);
            prop_assert_eq!(&*opened("gzip", &packed, body.len()).unwrap(), &*body);
        }

        #[test]
        fn no_bytes_open_to_more_than_fits(body: Vec<u8>, limit in 0_usize..64) {
            if let Ok(out) = opened("gzip", &body, limit) {
                prop_assert!(out.len() <= limit);
            }
        }
    }
}
