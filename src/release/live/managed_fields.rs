//! Who wrote a field of a live object, and when.

use jiff::Timestamp;
use serde_json::Value;

/// Since when a field of a live object has been as it is: `path` is of field names as in
/// `managedFields`. Not earlier than that; `None` where the API server does not say.
#[must_use]
pub(crate) fn unchanged_since(object: &Value, path: &[&str]) -> Option<Timestamp> {
    owners(object, path)
        .filter_map(|entry| entry["time"].as_str()?.parse().ok())
        .max()
}

/// Who besides Helm owns a field of a live object, as server-side apply sees it.
#[must_use]
pub(crate) fn other_owners(object: &Value, path: &[&str]) -> Vec<String> {
    let mut managers: Vec<String> = owners(object, path)
        .filter_map(|entry| entry["manager"].as_str())
        .filter(|manager| *manager != "helm")
        .map(str::to_owned)
        .collect();
    managers.sort();
    managers.dedup();
    managers
}

fn owners<'a>(object: &'a Value, path: &[&str]) -> impl Iterator<Item = &'a Value> {
    let path: Vec<String> = path.iter().map(|field| format!("f:{field}")).collect();
    let entries = object["metadata"]["managedFields"].as_array();
    entries.into_iter().flatten().filter(move |entry| {
        let fields = path
            .iter()
            .try_fold(&entry["fieldsV1"], |at, field| at.get(field));
        fields.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_been_as_it_is_since_its_last_owner_wrote() {
        let object = serde_json::json!({"metadata": {"managedFields": [
            {"manager": "helm", "time": "2026-11-21T20:00:00Z",
                "fieldsV1": {"f:data": {"f:rstudio-connect.gcfg": {}}}},
            {"manager": "kubectl-edit", "time": "2026-11-21T20:01:00Z",
                "fieldsV1": {"f:data": {"f:rstudio-connect.gcfg": {}}}},
            {"manager": "kubectl-label", "time": "2026-11-21T20:02:00Z",
                "fieldsV1": {"f:metadata": {"f:labels": {"f:a": {}}}}}]}});
        let path = ["data", "rstudio-connect.gcfg"];
        let since = unchanged_since(&object, &path);
        assert_eq!(since, Some("2026-11-21T20:01:00Z".parse().unwrap()));
        assert_eq!(other_owners(&object, &path), ["kubectl-edit"]);
        assert_eq!(unchanged_since(&object, &["data", "x"]), None);
    }
}
