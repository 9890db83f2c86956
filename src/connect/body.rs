//! Bodies of answers, read up to a limit. Limits are on what comes out of decompression: a small
//! answer can unpack to anything.

use reqwest::Response;

/// The most that an answer in one piece may have. Read into values it can take twenty times as much.
pub(super) const USUAL: Limit = Limit {
    bytes: 4 << 20,
    name: "4 MiB",
};

/// The same where it has the lines of a log.
pub(super) const LOG: Limit = Limit {
    bytes: 32 << 20,
    name: "32 MiB",
};

/// The most that a list which is kept may have in all: the largest servers have some 50 MiB.
pub(super) const KEPT: Limit = Limit {
    bytes: 128 << 20,
    name: "128 MiB",
};

/// The most that a list which is read element by element may have in all: far above a
/// day's hits.
pub(super) const LIST: Limit = Limit {
    bytes: 2 << 30,
    name: "2 GiB",
};

#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub bytes: u64,
    pub name: &'static str,
}

/// A body that broke off, or did not end.
pub(super) enum Cut {
    Broken(reqwest::Error),
    TooLong(Limit),
}

/// The whole of a body.
pub(super) async fn whole(mut response: Response, limit: Limit) -> Result<Vec<u8>, Cut> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Cut::Broken)? {
        if (body.len() + chunk.len()) as u64 > limit.bytes {
            return Err(Cut::TooLong(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The start of a body, whatever becomes of the rest.
pub(super) async fn start(mut response: Response, bytes: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = bytes - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == bytes {
            break;
        }
    }
    body
}
