//! The data directory as a pod sees it, listed by the tools of its image.

use std::ffi::OsStr;
use std::path::Path;

use super::summary::{EntryKind, FileEntry};
use super::{Owner, Summary};

/// Lists what in a folder is not the account's own, and keys, each with a NUL behind it; who the account
/// is comes first. An empty line now and then on standard error shows that it is still at work.
pub(crate) const SCRIPT: &str = r#"
u=$(id -u) && groups=$(id -G) || exit
printf '%s %s\0' "$u" "$groups"
folder=$1
set --
for g in $groups; do set -- "$@" ! -gid "$g"; done
while sleep 5 >/dev/null 2>&1; do echo >&2 || exit; done &
find "$folder" -xdev \( ! -uid "$u" -o \( "$@" \) -o -name '*.key' -o -name 'id_rsa' \
    -o -name 'id_ed25519' -o -name 'id_ecdsa' -o -name '.netrc' -o -name '.pgpass' \) \
    -printf '%y %U %G %m %p\0'
ended=$?
kill $!
exit "$ended"
"#;

/// Who a pod's processes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub uid: u32,
    /// Its group first, then those that it has besides (fsGroup, supplementalGroups).
    pub groups: Vec<u32>,
}

impl Account {
    /// Whether something is its own, or its group's.
    pub(crate) fn owns(&self, owner: Owner) -> bool {
        owner.uid == self.uid && self.groups.contains(&owner.gid)
    }
}

/// What [`SCRIPT`] has listed; `None` where it is not that.
pub(crate) fn listed(output: &[u8]) -> Option<(Account, Summary)> {
    let mut records = output.split(|byte| *byte == 0);
    let account = std::str::from_utf8(records.next()?).ok()?;
    let mut ids = account.split(' ').map(str::parse);
    let account = Account {
        uid: ids.next()?.ok()?,
        groups: ids.collect::<Result<_, _>>().ok()?,
    };
    let mut summary = Summary::default();
    // What stands behind the last NUL was cut off, or is nothing.
    let records: Vec<_> = records.collect();
    for record in records.split_last()?.1 {
        let record = String::from_utf8_lossy(record);
        let mut fields = record.splitn(5, ' ');
        let kind = match fields.next()? {
            "f" => EntryKind::File,
            "d" => EntryKind::Folder,
            "l" => EntryKind::Link,
            _ => EntryKind::Other,
        };
        let mut number = |radix| u32::from_str_radix(fields.next()?, radix).ok();
        let owner = Owner {
            uid: number(10)?,
            gid: number(10)?,
        };
        let entry = FileEntry {
            owner,
            mode: number(8)?,
            bytes: 0,
            allocated: 0,
            kind,
        };
        let path = Path::new(fields.next()?);
        let folder = path.parent().unwrap_or(path);
        summary.count(entry, folder, path.file_name().unwrap_or(OsStr::new("")));
    }
    Some((account, summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_and_nothing_else() {
        let text = b"999 999 2000\0f 999 999 644 /d/db/secret.key\0d 0 0 755 /d/a b\nc\0f 1 1";
        let (account, summary) = listed(text).unwrap();
        assert_eq!((account.uid, &*account.groups), (999, &[999, 2000][..]));
        assert_eq!(
            (summary.files, summary.folders),
            (1, 1),
            "the last is cut off"
        );
        assert_eq!(summary.keys[0].mode, 0o644);
        assert_eq!(summary.keys[0].path, Path::new("/d/db/secret.key"));
        let of = |uid, gid| account.owns(Owner { uid, gid });
        assert!(of(999, 2000) && !of(999, 0) && !of(0, 999));
        for other in ["", "no such shell", "999 999\0x", "999 999\0f a b c d\0"] {
            let is_empty = listed(other.as_bytes()).is_none_or(|(_, all)| all.entries() == 0);
            assert!(is_empty, "{other}");
        }
    }
}
