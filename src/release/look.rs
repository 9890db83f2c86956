//! Reading any object, and asking what one may do. Nothing is changed.

use http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::access::{AccessError, Cluster};

/// What a name may hold beside letters and digits.
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Something that one may do, or not, in the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    pub verb: &'static str,
    /// API group; empty for the core.
    pub group: &'static str,
    pub resource: &'static str,
}

impl Cluster {
    /// An object by its kind's path and its name, such as `api/v1`, `secrets`; `None` where there is
    /// none. With `namespaced` off, one of the whole cluster's.
    ///
    /// # Errors
    /// It is not to be had.
    pub async fn object(
        &self,
        api: &str,
        resource: &str,
        namespaced: bool,
        name: &str,
    ) -> Result<Option<Value>, AccessError> {
        let place = self.path(api, resource, namespaced);
        let path = format!("{place}/{}", utf8_percent_encode(name, NAME));
        match self
            .get_json(&path, &format!("get {resource} {name}"))
            .await
        {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The objects of a kind in the namespace.
    ///
    /// # Errors
    /// They are not to be had.
    pub async fn objects(&self, api: &str, resource: &str) -> Result<Vec<Value>, AccessError> {
        let what = format!("list {resource} in the namespace {}", self.namespace);
        let mut list = self
            .get_json(&self.path(api, resource, true), &what)
            .await?;
        Ok(match list.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        })
    }

    /// Whether one may do something in the namespace.
    ///
    /// # Errors
    /// The cluster does not say.
    pub async fn may(&self, right: Right) -> Result<bool, AccessError> {
        let what = "ask what you may do";
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "namespace": self.namespace, "verb": right.verb,
                "group": right.group, "resource": right.resource,
            }},
        });
        let request = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(review.to_string().into_bytes())
            .map_err(|error| self.explain(what, kube::Error::HttpError(error)))?;
        let answer: Value = self
            .client
            .request(request)
            .await
            .map_err(|error| self.explain(what, error))?;
        Ok(answer["status"]["allowed"] == true)
    }

    fn path(&self, api: &str, resource: &str, namespaced: bool) -> String {
        if namespaced {
            let namespace = utf8_percent_encode(&self.namespace, NAME);
            format!("/{api}/namespaces/{namespace}/{resource}")
        } else {
            format!("/{api}/{resource}")
        }
    }

    async fn get_json(&self, path: &str, what: &str) -> Result<Value, AccessError> {
        let request = Request::get(path)
            .body(Vec::new())
            .map_err(|error| self.explain(what, kube::Error::HttpError(error)))?;
        self.client
            .request(request)
            .await
            .map_err(|error| self.explain(what, error))
    }
}
