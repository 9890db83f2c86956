//! Where the ConfigMaps are.

use serde_json::Value;

use crate::release::{AccessError, Cluster};

/// A place that keeps objects by their names, each in a version that a write names.
pub(crate) trait Store {
    /// # Errors
    /// It is not there, or not to be had.
    async fn get(&self, name: &str) -> Result<Value, AccessError>;

    /// Replaces an object as it was read; gives it as it is now. `None` when somebody else has changed it.
    ///
    /// # Errors
    /// It is refused, or the place is not to be had.
    async fn replace(&self, object: &Value) -> Result<Option<Value>, AccessError>;
}

impl Store for Cluster {
    async fn get(&self, name: &str) -> Result<Value, AccessError> {
        self.config_map(name).await
    }

    async fn replace(&self, object: &Value) -> Result<Option<Value>, AccessError> {
        Self::replace(self, object).await
    }
}
