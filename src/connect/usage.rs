//! How often content was used.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash as _, Hasher as _};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::ids::ContentGuid;
use super::lenient;
use super::request::Request;
use super::stream::{ITEMS, Purpose};
use super::version::Feature;

/// Uses per content item.
pub(crate) type Usage = HashMap<ContentGuid, u64>;

/// Records a page may have.
const PAGE: &str = "500";

#[derive(Deserialize)]
struct UsageRecord {
    #[serde(default, deserialize_with = "lenient::id")]
    content_guid: Option<ContentGuid>,
}

/// A stretch of time.
#[derive(Clone, Copy)]
struct Span<'a> {
    from: &'a str,
    to: Option<&'a str>,
}

impl<'a> Span<'a> {
    fn query(self) -> Vec<(&'a str, &'a str)> {
        let to = self.to.map(|to| ("to", to));
        [("from", self.from)].into_iter().chain(to).collect()
    }
}

/// A count under way.
#[derive(Default)]
struct Tally {
    usage: Usage,
    read: u64,
}

type Progress<'a> = &'a mut (dyn FnMut(u64) + Send);

impl Tally {
    fn count(&mut self, record: UsageRecord, progress: Progress<'_>) -> Result<(), String> {
        if let Some(guid) = record.content_guid {
            *self.usage.entry(guid).or_default() += 1;
            if self.usage.len() as u64 > ITEMS {
                return Err(format!("it tells of more than {ITEMS} items"));
            }
        }
        self.read += 1;
        if self.read.is_multiple_of(10_000) {
            progress(self.read);
        }
        Ok(())
    }
}

/// Cursors are as long as a server likes, and there are many.
fn hash(cursor: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    cursor.hash(&mut hasher);
    hasher.finish()
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    results: Vec<UsageRecord>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    #[serde(default)]
    cursors: Option<Cursors>,
}

#[derive(Deserialize)]
struct Cursors {
    #[serde(default, deserialize_with = "lenient::text")]
    next: Option<String>,
}

impl Connect {
    /// The uses of each item since a moment: hits where the server counts those, else visits and
    /// Shiny sessions. `progress` is called with the number of records read so far.
    ///
    /// # Errors
    /// The key may not see them, or the server cannot be asked.
    pub(crate) async fn usage(
        &self,
        since: Timestamp,
        progress: impl FnMut(u64) + Send,
    ) -> Result<Usage, Error> {
        self.usage_between(since, None, progress).await
    }

    /// As [`Connect::usage`], up to a moment. Both ends count, to the server's precision.
    ///
    /// # Errors
    /// As [`Connect::usage`].
    pub(crate) async fn usage_between(
        &self,
        since: Timestamp,
        until: Option<Timestamp>,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Usage, Error> {
        let from = since.to_string();
        let to = until.map(|until| until.to_string());
        let span = Span {
            from: &from,
            to: to.as_deref(),
        };
        if self.has(Feature::Hits) != Some(false)
            && let Some(tally) = self.hits(span, &mut progress).await?
        {
            return Ok(tally.usage);
        }
        let mut tally = Tally::default();
        for kind in [["content", "visits"], ["shiny", "usage"]] {
            self.visits(kind, span, &mut tally, &mut progress).await?;
        }
        Ok(tally.usage)
    }

    /// Hits come as one array without pages, which is read as it comes. `None` where there is no
    /// such record.
    async fn hits(&self, span: Span<'_>, progress: Progress<'_>) -> Result<Option<Tally>, Error> {
        let path = ["v1", "instrumentation", "content", "hits"];
        let request = Request::get(self.server().api(&path))
            .query(&span.query())
            .needs(RequiredRole::Publisher)
            .extra(Duration::from_secs(600));
        let counted = self.fold(&request, Purpose::Count, |tally: &mut Tally, element| {
            // A record of a shape that is not known is no use of anything.
            match serde_json::from_slice(element) {
                Ok(record) => tally.count(record, progress),
                Err(_) => Ok(()),
            }
        });
        match counted.await {
            Ok(tally) => Ok(Some(tally)),
            Err(Error::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn visits(
        &self,
        kind: [&str; 2],
        span: Span<'_>,
        tally: &mut Tally,
        progress: Progress<'_>,
    ) -> Result<(), Error> {
        let url = self
            .server()
            .api(&["v1", "instrumentation", kind[0], kind[1]]);
        let mut next: Option<String> = None;
        let mut seen = HashSet::new();
        loop {
            let mut request = Request::get(url.clone())
                .query(&span.query())
                .query(&[("limit", PAGE)])
                .needs(RequiredRole::Publisher);
            if let Some(next) = &next {
                // The ready-made URL of the next page names the host as the server knows it.
                request = request.query(&[("next", next)]);
            }
            let page: Page = self.ask(request).await?.json()?;
            let empty = page.results.is_empty();
            for record in page.results {
                tally
                    .count(record, progress)
                    .map_err(|cause| Error::Unreadable {
                        request: format!("GET {}", url.path()),
                        cause,
                    })?;
            }
            let cursor = page
                .paging
                .and_then(|paging| paging.cursors)
                .and_then(|cursors| cursors.next);
            let Some(cursor) = cursor.filter(|_| !empty) else {
                return Ok(());
            };
            if !seen.insert(hash(&cursor)) {
                return Err(Error::Unreadable {
                    request: format!("GET {}", url.path()),
                    cause: "its pages go in circles".to_owned(),
                });
            }
            next = Some(cursor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_and_told_now_and_then() {
        let mut tally = Tally::default();
        let mut told = Vec::new();
        for guid in ["a", "b"].into_iter().cycle().take(20_001) {
            let record = UsageRecord {
                content_guid: Some(guid.into()),
            };
            tally.count(record, &mut |read| told.push(read)).unwrap();
        }
        assert_eq!(told, [10_000, 20_000]);
        assert_eq!(
            (tally.usage[&"a".into()], tally.usage[&"b".into()]),
            (10_001, 10_000)
        );
    }
}
