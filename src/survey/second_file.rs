//! The second configuration file of a server that runs: what Connect reads behind the file in the
//! ConfigMap counts, and the object that holds it need not be the release's.

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use serde_json::Value;

use crate::effective::Reference;
use crate::overlay::second_file_of;
use crate::release::{AccessError, Cluster, Workload};

/// The live object that holds the second file.
#[derive(Default)]
pub(super) struct SecondObject {
    /// As a manifest; empty where there is none, or it cannot be read.
    pub manifest: String,
    /// Why it cannot be read.
    pub unread: Option<String>,
}

/// Reads what the pods of a workload have as their second file.
pub(super) async fn second_object(
    cluster: &Cluster,
    workload: &Workload,
    config_map: &str,
) -> SecondObject {
    let kept = second_file_of(&workload.object.to_string(), config_map);
    let (found, kind) = match &kept {
        Some(Reference::Secret { name, .. }) => (cluster.find::<Secret>(name).await, "Secret"),
        Some(Reference::ConfigMap { name, .. }) => {
            (cluster.find::<ConfigMap>(name).await, "ConfigMap")
        }
        Some(Reference::Cluster) | None => return SecondObject::default(),
    };
    let place = kept.map(|kept| kept.describe()).unwrap_or_default();
    read(found, kind, &place)
}

fn read(found: Result<Option<Value>, AccessError>, kind: &str, place: &str) -> SecondObject {
    match found {
        Ok(Some(mut object)) => {
            object["apiVersion"] = "v1".into();
            object["kind"] = kind.into();
            SecondObject {
                manifest: object.to_string(),
                unread: None,
            }
        }
        Ok(None) => SecondObject::default(),
        Err(error) => SecondObject {
            manifest: String::new(),
            unread: Some(format!(
                "the second configuration file, {place}, was not looked into: {error}"
            )),
        },
    }
}
