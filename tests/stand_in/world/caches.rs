//! Runtime caches.

use super::{Language, World};

/// The packages of one language version and image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cache {
    pub(crate) language: Language,
    pub(crate) version: String,
    /// `Local`, or the image's name with what can't be in a path replaced.
    pub(crate) image: String,
}

/// An image's name as a folder's.
pub(crate) fn sanitized(image: &str) -> String {
    image
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect()
}

impl World {
    pub(crate) fn find_cache(
        &self,
        language: Language,
        version: &str,
        image: &str,
    ) -> Option<&Cache> {
        self.caches.iter().find(|cache| {
            cache.language == language
                && cache.version == version
                && (cache.image == image || cache.image == sanitized(image))
        })
    }

    /// There is a cache from now on, if there wasn't.
    pub(crate) fn fill_cache(&mut self, language: Language, version: &str, image: Option<&str>) {
        let cache = Cache {
            language,
            version: version.to_owned(),
            image: image.map_or_else(|| "Local".to_owned(), sanitized),
        };
        if !self.caches.contains(&cache) {
            self.caches.push(cache);
        }
    }
}
