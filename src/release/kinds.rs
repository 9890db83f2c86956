//! Objects of any kind, as a manifest has them: what the API server calls them, whether they are
//! there, and whether it would take them. Nothing is changed.

use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::core::discovery::Scope;
use serde_json::Value;

use super::access::{AccessError, Cluster};
use super::look::Permission;

/// Who tries objects, so that no other manager's fields are his.
const TRIER: &str = "connect-migrate-check";

/// A kind that the API server has.
#[derive(Debug, Clone)]
pub(crate) struct ServedKind {
    resource: ApiResource,
    is_namespaced: bool,
}

impl ServedKind {
    pub(crate) fn group(&self) -> &str {
        &self.resource.group
    }

    /// In plural, as rights and quotas call it.
    pub(crate) fn plural(&self) -> &str {
        &self.resource.plural
    }

    /// The right to do something with an object of the kind, in the namespace where it would be.
    pub(crate) fn right(&self, verb: &'static str, namespace: &str) -> Permission {
        Permission {
            namespace: self.is_namespaced.then(|| namespace.to_owned()),
            group: self.resource.group.clone(),
            resource: self.resource.plural.clone(),
            verb,
        }
    }
}

impl Cluster {
    /// What the API server calls a kind; `None` where it has no such kind.
    ///
    /// # Errors
    /// It does not say.
    pub(crate) async fn served(
        &self,
        api_version: &str,
        kind: &str,
    ) -> Result<Option<ServedKind>, AccessError> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let wanted = GroupVersionKind::gvk(group, version, kind);
        match kube::discovery::pinned_kind(&self.client, &wanted).await {
            Ok((resource, capabilities)) => Ok(Some(ServedKind {
                resource,
                is_namespaced: capabilities.scope == Scope::Namespaced,
            })),
            Err(kube::Error::Discovery(_)) => Ok(None),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(self.explain(&format!("ask for the kind {kind}"), error)),
        }
    }

    /// The namespace that an object names, else the one that is worked in.
    pub(crate) fn namespace_of<'a>(&'a self, object: &'a Value) -> &'a str {
        let named = object["metadata"]["namespace"].as_str();
        named
            .filter(|name| !name.is_empty())
            .unwrap_or(&self.namespace)
    }

    /// An object as it is alive; `None` where it is not.
    ///
    /// # Errors
    /// It is not to be had.
    pub(crate) async fn alive(
        &self,
        kind: &ServedKind,
        object: &Value,
    ) -> Result<Option<Value>, AccessError> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let what = format!("get {} {name}", kind.plural());
        let found = self.any(kind, object).get_opt(name).await;
        let found = found.map_err(|error| self.explain(&what, error))?;
        Ok(found.and_then(|object| serde_json::to_value(object).ok()))
    }

    /// Has the API server apply an object as a trial: with all that admission says, and without the
    /// change. `Some`: why it refuses, in its own words.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn try_applying(
        &self,
        kind: &ServedKind,
        object: &Value,
    ) -> Result<Option<String>, AccessError> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let params = PatchParams {
            dry_run: true,
            ..PatchParams::apply(TRIER).force()
        };
        let api = self.any(kind, object);
        let tried = api.patch(name, &params, &Patch::Apply(object)).await;
        self.verdict(tried.map(drop))
    }

    /// The same for a pod, as its workload would make it.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn try_pod(&self, pod: &Value) -> Result<Option<String>, AccessError> {
        let api: Api<DynamicObject> = Api::namespaced_with(
            self.client.clone(),
            self.namespace_of(pod),
            &ApiResource::erase::<k8s_openapi::api::core::v1::Pod>(&()),
        );
        let params = PostParams {
            dry_run: true,
            field_manager: Some(TRIER.to_owned()),
        };
        let pod: DynamicObject = match serde_json::from_value(pod.clone()) {
            Ok(pod) => pod,
            Err(error) => return Ok(Some(error.to_string())),
        };
        self.verdict(api.create(&params, &pod).await.map(drop))
    }

    fn verdict(&self, tried: kube::Result<()>) -> Result<Option<String>, AccessError> {
        match tried {
            Ok(()) => Ok(None),
            Err(kube::Error::Api(status)) if (400..500).contains(&status.code) => {
                Ok(Some(status.message.clone()))
            }
            Err(error) => Err(self.explain("try it", error)),
        }
    }

    fn any(&self, kind: &ServedKind, object: &Value) -> Api<DynamicObject> {
        if kind.is_namespaced {
            let namespace = self.namespace_of(object);
            Api::namespaced_with(self.client.clone(), namespace, &kind.resource)
        } else {
            Api::all_with(self.client.clone(), &kind.resource)
        }
    }
}
