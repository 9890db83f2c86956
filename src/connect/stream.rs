//! The elements of a JSON array that is too large to hold, one at a time.

use serde::de::DeserializeOwned;

use super::body;
use super::client::{Connect, Retries};
use super::error::Error;
use super::request::{Request, foreign};

/// Cuts a stream of bytes into the objects of a top-level array.
#[derive(Debug, Default)]
pub(super) struct Elements {
    /// The element under way.
    element: Vec<u8>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    begun: bool,
    ended: bool,
}

/// The most that one element may have, in bytes; the longest of Connect's, an item with its owner,
/// tags and vanity address, is a few KiB.
const ELEMENT: usize = 1 << 20;

/// Why what comes is not taken for an array of objects.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotAList {
    /// An element longer than any of Connect's.
    ElementTooLong,
    /// An object, such as that of an error, or a list of something else. As a list it would look empty.
    SomethingElse,
}

impl Elements {
    /// Takes the next bytes; `each` gets every object that is complete with them.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), NotAList> {
        for &byte in bytes {
            if self.depth > 1 {
                if self.element.len() == ELEMENT {
                    return Err(NotAList::ElementTooLong);
                }
                self.element.push(byte);
            } else if !byte.is_ascii_whitespace() {
                let fits = match byte {
                    b'[' => !self.begun,
                    b'{' | b',' | b']' => self.depth == 1,
                    _ => false,
                };
                if !fits {
                    return Err(NotAList::SomethingElse);
                }
                self.begun = true;
            }
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'[' | b'{' => {
                    self.depth += 1;
                    if self.depth == 2 {
                        self.element.clear();
                        self.element.push(byte);
                    }
                }
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    match self.depth {
                        1 => each(&self.element),
                        0 => self.ended = true,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the array was closed.
    pub(super) const fn ended(&self) -> bool {
        self.ended
    }
}

/// The most items that a server is believed to have; the largest have some 20,000.
pub(super) const ITEMS: u64 = 100_000;

/// Whether the elements of a list are kept, or only counted as they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Keep,
    Count,
}

impl Connect {
    /// Reads an answer that is one array of objects.
    ///
    /// # Errors
    /// The server cannot be asked, or the list or an element does not end.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        request: &Request<'_>,
    ) -> Result<Vec<T>, Error> {
        self.fold(request, Purpose::Keep, |list: &mut Vec<T>, element| {
            list.push(serde_json::from_slice(element).map_err(|error| error.to_string())?);
            Ok(())
        })
        .await
    }

    /// Reads a list that is too large to hold, element by element. One that breaks off is asked for
    /// again, from an empty result on.
    ///
    /// # Errors
    /// The server cannot be asked, `take` refuses an element, or the list or an element does not end.
    pub(super) async fn fold<A: Default>(
        &self,
        request: &Request<'_>,
        purpose: Purpose,
        mut take: impl FnMut(&mut A, &[u8]) -> Result<(), String>,
    ) -> Result<A, Error> {
        let (limit, most) = match purpose {
            Purpose::Keep => (body::KEPT, ITEMS),
            Purpose::Count => (body::LIST, u64::MAX),
        };
        let too_long = |limit| Error::TooLong {
            request: request.name(),
            limit,
        };
        let unreadable = |cause: String| Error::Unreadable {
            request: request.name(),
            cause,
        };
        let mut again = Retries::new(self);
        'attempt: loop {
            let mut response = match self.attempt(request).await {
                Ok(response) => response,
                Err(failure) => {
                    again.after(failure).await?;
                    continue;
                }
            };
            let (mut elements, mut result) = (Elements::default(), A::default());
            let (mut wrong, mut read, mut count) = (None, 0, 0);
            loop {
                let chunk = match response.chunk().await {
                    Ok(Some(chunk)) => chunk,
                    Ok(None) => break,
                    Err(error) => {
                        again.after(self.broken(request, &error)).await?;
                        continue 'attempt;
                    }
                };
                if read == 0
                    && let Some(got) = foreign(response.headers(), &chunk)
                {
                    return Err(Error::NotConnect {
                        url: response.url().to_string(),
                        got,
                    });
                }
                read += chunk.len() as u64;
                if read > limit.bytes {
                    return Err(too_long(limit.name));
                }
                elements
                    .feed(&chunk, |element| {
                        count += 1;
                        if let Err(cause) = take(&mut result, element) {
                            wrong.get_or_insert(cause);
                        }
                    })
                    .map_err(|not| match not {
                        NotAList::ElementTooLong => too_long("1 MiB in one element"),
                        NotAList::SomethingElse => {
                            unreadable("it is no list of objects".to_owned())
                        }
                    })?;
                if let Some(cause) = wrong {
                    return Err(unreadable(cause));
                }
                if count > most {
                    return Err(unreadable(format!("it lists more than {ITEMS} items")));
                }
            }
            if !elements.ended() {
                return Err(unreadable("the list breaks off".to_owned()));
            }
            self.answered();
            return Ok(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn elements(text: &str, cuts: usize) -> (Vec<String>, bool) {
        let mut found = Vec::new();
        let mut elements = Elements::default();
        for chunk in text.as_bytes().chunks(cuts) {
            elements
                .feed(chunk, |element| {
                    found.push(String::from_utf8(element.to_vec()).unwrap());
                })
                .unwrap();
        }
        (found, elements.ended())
    }

    #[test]
    fn braces_and_quotes_inside_strings_do_not_count() {
        let text = r#" [ {"a": "}]\"{", "b": [1, {"c": 2}]} , {"d": "\\"} ] "#;
        let (found, ended) = elements(text, 1);
        assert_eq!(
            found,
            [r#"{"a": "}]\"{", "b": [1, {"c": 2}]}"#, r#"{"d": "\\"}"#]
        );
        assert!(ended);
        assert!(!elements(&text[..20], 7).1);
    }

    #[test]
    fn what_is_no_list_of_objects_is_no_empty_list() {
        for text in [
            "{}",
            r#"{"code": 4, "error": "maintenance"}"#,
            r#"{"results": []}"#,
            "[1]",
            r#"["a"]"#,
            "[null]",
            "[[]]",
            "[}",
            "[] []",
            "null",
            r#""[]""#,
            "<html>[]</html>",
        ] {
            let mut elements = Elements::default();
            let fed = elements.feed(text.as_bytes(), |_| {});
            assert_eq!(fed, Err(NotAList::SomethingElse), "{text}");
        }
        for text in ["[]", " [ ] \n", r#"[{"a": "]1"}]"#] {
            assert!(elements(text, 1).1, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn finds_what_was_written(texts in prop::collection::vec(".{0,12}", 0..8), cuts in 1_usize..9) {
            let objects: Vec<_> = texts.iter().map(|text| serde_json::json!({"t": text})).collect();
            let (found, ended) = elements(&serde_json::to_string(&objects).unwrap(), cuts);
            let read: Vec<serde_json::Value> =
                found.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(read, objects);
            prop_assert!(ended);
        }
    }
}
