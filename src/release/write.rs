//! Objects of our own in the namespace: made, replaced, removed. Nothing of a release is touched here.

use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, TypeMeta,
};
use kube::core::GroupVersionKind;
use serde_json::Value;

use super::access::{AccessError, Cluster};

/// Who applies objects, for those who ask the API server.
const MANAGER: &str = "connect-migrate";

/// What became of an object that was to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    Now,
    /// It was there.
    Before,
}

impl Cluster {
    /// Makes an object, or makes it what it is to be.
    ///
    /// # Errors
    /// The API server refuses it, or is not to be had.
    pub(crate) async fn apply(&self, object: &Value) -> Result<(), AccessError> {
        let (api, name, what) = self.kind_of(object, "make");
        let params = PatchParams::apply(MANAGER).force();
        api.patch(&name, &params, &Patch::Apply(object))
            .await
            .map(drop)
            .map_err(|error| self.explain(&what, error))
    }

    /// Makes an object unless there is one.
    ///
    /// # Errors
    /// The API server refuses it, or is not to be had.
    pub(crate) async fn make(&self, object: &Value) -> Result<Made, AccessError> {
        let (api, _, what) = self.kind_of(object, "make");
        let typed: DynamicObject = serde_json::from_value(object.clone())
            .map_err(|error| self.explain(&what, kube::Error::SerdeError(error)))?;
        match api.create(&PostParams::default(), &typed).await {
            Ok(_) => Ok(Made::Now),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Made::Before),
            Err(error) => Err(self.explain(&what, error)),
        }
    }

    /// Replaces an object as it was read; gives it as it is now. `None` when somebody else has
    /// changed it since.
    ///
    /// # Errors
    /// The API server refuses it, or is not to be had.
    pub(crate) async fn replace(&self, object: &Value) -> Result<Option<Value>, AccessError> {
        let (api, name, what) = self.kind_of(object, "write");
        let typed: DynamicObject = serde_json::from_value(object.clone())
            .map_err(|error| self.explain(&what, kube::Error::SerdeError(error)))?;
        match api.replace(&name, &PostParams::default(), &typed).await {
            Ok(now) => Ok(serde_json::to_value(now).ok()),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(None),
            Err(error) => Err(self.explain(&what, error)),
        }
    }

    /// Removes an object with what belongs to it, if it is there.
    ///
    /// # Errors
    /// The API server refuses, or is not to be had.
    pub(crate) async fn remove(&self, object: &Value) -> Result<(), AccessError> {
        let (api, name, what) = self.kind_of(object, "remove");
        match api.delete(&name, &DeleteParams::background()).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(self.explain(&what, error)),
        }
    }

    fn kind_of(&self, object: &Value, verb: &str) -> (Api<DynamicObject>, String, String) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
        let what = format!(
            "{verb} the {kind} {name} in the namespace {}",
            self.namespace
        );
        let types = TypeMeta {
            api_version: text(&object["apiVersion"]),
            kind,
        };
        let kind = GroupVersionKind::try_from(&types)
            .unwrap_or_else(|_| GroupVersionKind::gvk("", "", &types.kind));
        let resource = ApiResource::from_gvk(&kind);
        let api = Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
        (api, name, what)
    }
}
