//! Connect versions, as far as the chart compares them.

/// Whether a version is older than another, as the chart's `semverCompare "<…"` has it: a leading
/// `v` and leading zeros do not count, and a pre-release is never older. `None` for what is no
/// version.
pub(super) fn is_older(version: &str, than: [u64; 3]) -> Option<bool> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = version.split_once('+').map_or(version, |(core, _)| core);
    let (core, pre) = match version.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (version, None),
    };
    let parts: Vec<u64> = core
        .split('.')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    if parts.is_empty() || parts.len() > 3 {
        return None;
    }
    let part = |at: usize| parts.get(at).copied().unwrap_or(0);
    Some(pre.is_none() && [part(0), part(1), part(2)] < than)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        let than = [2026, 8, 0];
        assert_eq!(is_older("2026.08.0", than), Some(false));
        assert_eq!(is_older("2026.07.1", than), Some(true));
        assert_eq!(is_older("v2026.7", than), Some(true));
        assert_eq!(is_older("2026.10.0", than), Some(false));
        assert_eq!(is_older("2026.07.0-dev+1", than), Some(false));
        assert_eq!(is_older("latest", than), None);
    }
}
