//! Reading the copy of a journal, from anywhere and again and again.

use super::part;
use super::store::Store;
use crate::release::AccessError;

/// Why a copy cannot be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::rebuild) enum ReadError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("{0:#}")]
    Content(anyhow::Error),
}

/// A copy, of which what does not change any more is read once.
#[derive(Debug)]
pub(in crate::rebuild) struct Reader {
    names: Vec<String>,
    /// How many of them are full.
    full: usize,
    bytes: Vec<u8>,
}

impl Reader {
    pub(in crate::rebuild) fn new(name: &str) -> Self {
        Self {
            names: part::names(name),
            full: 0,
            bytes: Vec::new(),
        }
    }

    /// The journal as far as it has come.
    ///
    /// # Errors
    /// There is no copy, it is not to be had, or something else is in it.
    pub(in crate::rebuild) async fn read(
        &mut self,
        store: &impl Store,
    ) -> Result<Vec<u8>, ReadError> {
        loop {
            let object = match store.get(&self.names[self.full]).await {
                // One full one was all that there was room for when it was made.
                Err(error) if self.full > 0 && error.is_missing() => return Ok(self.bytes.clone()),
                object => object?,
            };
            let more = part::bytes(&object).map_err(ReadError::Content)?;
            if part::is_full(&object) && self.full + 1 < self.names.len() {
                self.full += 1;
                self.bytes.extend(more);
                continue;
            }
            return Ok([self.bytes.as_slice(), &more].concat());
        }
    }
}
