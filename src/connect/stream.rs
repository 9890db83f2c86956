//! The elements of a JSON array that is too large to hold, one at a time.

use super::body::LIST;
use super::client::Connect;
use super::error::Error;
use super::failure::chain;
use super::request::Request;

/// Cuts a stream of bytes into the objects of a top-level array.
#[derive(Debug, Default)]
pub(super) struct Elements {
    /// The element under way.
    element: Vec<u8>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    ended: bool,
}

/// The most that one element may have, in bytes; the longest of Connect's, an item with its owner,
/// tags and vanity address, is a few KiB.
const ELEMENT: usize = 1 << 20;

/// An element longer than any of Connect's.
#[derive(Debug)]
pub(super) struct ElementTooLong;

impl Elements {
    /// Takes the next bytes; `each` gets every object that is complete with them.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), ElementTooLong> {
        for &byte in bytes {
            if self.depth > 1 {
                if self.element.len() == ELEMENT {
                    return Err(ElementTooLong);
                }
                self.element.push(byte);
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

impl Connect {
    /// Reads a list that is too large to hold; `each` gets every element's bytes.
    ///
    /// # Errors
    /// The server cannot be asked, the list breaks off, or it or an element does not end.
    pub(super) async fn elements(
        &self,
        request: Request<'_>,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let name = request.name();
        let too_long = |limit| Error::TooLong {
            request: name.clone(),
            limit,
        };
        let unreadable = |cause: String| Error::Unreadable {
            request: name.clone(),
            cause,
        };
        let mut response = self.ask_stream(request).await?;
        let (mut elements, mut read) = (Elements::default(), 0_u64);
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| unreadable(chain(&error)))?
        {
            read += chunk.len() as u64;
            if read > LIST.bytes {
                return Err(too_long(LIST.name));
            }
            elements
                .feed(&chunk, &mut each)
                .map_err(|ElementTooLong| too_long("1 MiB in one element"))?;
        }
        if elements.ended() {
            Ok(())
        } else {
            Err(unreadable("the list breaks off".to_owned()))
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
