//! The elements of a JSON array that is too large to hold, one at a time.

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

impl Elements {
    /// Takes the next bytes; `each` gets every object that is complete with them.
    pub(super) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        for &byte in bytes {
            if self.depth > 1 {
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
    }

    /// Whether the array was closed.
    pub(super) const fn ended(&self) -> bool {
        self.ended
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
            elements.feed(chunk, |element| {
                found.push(String::from_utf8(element.to_vec()).unwrap());
            });
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
