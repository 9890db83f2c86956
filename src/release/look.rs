//! Reading any object, and asking what one may do. Nothing is changed.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::api::{ListParams, PostParams};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::access::{AccessError, Cluster};

/// Something that one may do, or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// Where; `None` for what no namespace holds.
    pub namespace: Option<String>,
    /// API group; empty for the core.
    pub group: String,
    /// In plural, a subresource behind a slash.
    pub resource: String,
    pub verb: &'static str,
}

impl Cluster {
    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// An object of the namespace as JSON; `None` where there is none.
    ///
    /// # Errors
    /// It is not to be had.
    pub async fn find<K>(&self, name: &str) -> Result<Option<Value>, AccessError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + Debug
            + Serialize
            + DeserializeOwned,
    {
        self.found(&self.api::<K>(), name).await
    }

    /// An object of the whole cluster's as JSON; `None` where there is none.
    ///
    /// # Errors
    /// It is not to be had.
    pub async fn find_global<K>(&self, name: &str) -> Result<Option<Value>, AccessError>
    where
        K: Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned,
    {
        self.found(&Api::<K>::all(self.client.clone()), name).await
    }

    async fn found<K>(&self, api: &Api<K>, name: &str) -> Result<Option<Value>, AccessError>
    where
        K: Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned,
    {
        let what = format!("get {} {name}", K::plural(&()));
        let found = api.get_opt(name).await;
        let found = found.map_err(|error| self.explain(&what, error))?;
        Ok(found.map(|object| serde_json::to_value(object).unwrap_or_default()))
    }

    /// The objects of a kind in the namespace, as JSON.
    ///
    /// # Errors
    /// They are not to be had.
    pub async fn list<K>(&self) -> Result<Vec<Value>, AccessError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + Debug
            + Serialize
            + DeserializeOwned,
    {
        let (resource, namespace) = (K::plural(&()), &self.namespace);
        let what = format!("list {resource} in the namespace {namespace}");
        let list = self.api::<K>().list(&ListParams::default()).await;
        let list = list.map_err(|error| self.explain(&what, error))?;
        let objects = list.iter().map(serde_json::to_value);
        Ok(objects.filter_map(Result::ok).collect())
    }

    /// The objects of a kind in every namespace, or of none, as JSON.
    ///
    /// # Errors
    /// They are not to be had.
    pub async fn list_everywhere<K>(&self) -> Result<Vec<Value>, AccessError>
    where
        K: Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned,
    {
        let what = format!("list {} of the whole cluster", K::plural(&()));
        let api = Api::<K>::all(self.client.clone());
        let list = api.list(&ListParams::default()).await;
        let list = list.map_err(|error| self.explain(&what, error))?;
        let objects = list.iter().map(serde_json::to_value);
        Ok(objects.filter_map(Result::ok).collect())
    }

    /// Whether one may do something.
    ///
    /// # Errors
    /// The cluster does not say.
    pub async fn may(&self, permission: &Permission) -> Result<bool, AccessError> {
        let (resource, subresource) = match permission.resource.split_once('/') {
            Some((resource, sub)) => (resource, Some(sub.to_owned())),
            None => (permission.resource.as_str(), None),
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    namespace: permission.namespace.clone(),
                    verb: Some(permission.verb.to_owned()),
                    group: Some(permission.group.clone()),
                    resource: Some(resource.to_owned()),
                    subresource,
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let reviews: Api<SelfSubjectAccessReview> = Api::all(self.client.clone());
        let answer = reviews.create(&PostParams::default(), &review).await;
        let answer = answer.map_err(|error| self.explain("ask what you may do", error))?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }
}
