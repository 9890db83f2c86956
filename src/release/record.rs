//! What Helm stores about a release: a Secret per revision.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{ListParams, PostParams};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::access::{AccessError, Cluster};

/// How large a record may become when it is unpacked; an API server holds 1.5 MB packed.
const LIMIT: u64 = 256 * 1024 * 1024;

/// Tells the revisions that `revert` makes from others, also those that Helm could not finish. A
/// partial, so that it renders nothing.
pub(crate) const REVERT_TEMPLATE: &str = "templates/_connect-migrate.tpl";

/// What the description of such a revision says.
pub(crate) const REVERT_DESCRIPTION: &str = "connect-migrate: temporary settings off";

/// One revision of a release.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Record {
    pub name: String,
    #[serde(rename = "version")]
    pub revision: u32,
    /// When it was made and how that went.
    #[serde(default)]
    pub info: Info,
    /// The chart, without its sub-charts.
    #[serde(default)]
    pub chart: Chart,
    /// The values that the user gave; `None` without any.
    #[serde(default)]
    pub config: Option<Map<String, Value>>,
    /// What was applied: the post-renderer's output, without hooks.
    #[serde(default)]
    pub manifest: String,
    /// What runs around an upgrade.
    #[serde(default)]
    pub hooks: Option<Vec<Hook>>,
    /// How Helm 4 applied it; empty for Helm 3, which knows one way.
    #[serde(default)]
    pub apply_method: String,
}

/// When a revision was made and how that went.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Info {
    pub status: RevisionStatus,
    /// What stands in `helm history`.
    pub description: String,
    /// What Helm prints after an upgrade.
    pub notes: String,
    /// When the revision was made, as Helm writes it.
    pub last_deployed: String,
}

/// How a revision went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum RevisionStatus {
    /// It is the one in force.
    Deployed,
    /// A later one took its place.
    Superseded,
    /// Helm gave up on it.
    Failed,
    /// The release was removed.
    Uninstalled,
    /// The release is being removed.
    Uninstalling,
    /// A first revision that Helm has not finished.
    PendingInstall,
    /// A revision that Helm has not finished.
    PendingUpgrade,
    /// A rollback that Helm has not finished.
    PendingRollback,
    #[default]
    #[serde(other)]
    Unknown,
}

impl RevisionStatus {
    /// Whether Helm has not finished, or was ended before it could.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(
            self,
            Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback
        )
    }
}

/// The chart of a revision.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Chart {
    pub metadata: Map<String, Value>,
    pub lock: Option<Value>,
    pub values: Option<Map<String, Value>>,
    /// Its templates; their contents do not matter here.
    pub templates: Option<Vec<TemplateName>>,
}

/// A template of a chart.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TemplateName {
    /// Its path in the chart.
    pub name: String,
}

impl Chart {
    /// A text of Chart.yaml.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_str()
    }

    /// Name and version, as Helm shows them.
    #[must_use]
    pub fn label(&self) -> String {
        format!(
            "{}-{}",
            self.text("name").unwrap_or("?"),
            self.text("version").unwrap_or("?")
        )
    }
}

/// Something that runs around an upgrade.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// The template that it came from, below the chart's name.
    pub path: String,
    pub manifest: String,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is not in the form that Helm writes.
    #[error("the {0} {1} is not a release record as Helm writes them: {2}")]
    Form(&'static str, String, String),
    /// Helm keeps its records where we do not look.
    #[error(
        "HELM_DRIVER is {0:?}: this reads Helm's records in Secrets and ConfigMaps only. 'helm \
         upgrade' without the post-renderer takes the temporary settings off as well"
    )]
    Driver(String),
    /// The cluster did not give it.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl Record {
    /// Reads the content of a Secret: base64 of gzip of JSON. Kubernetes' own base64 is off already.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(data: &[u8]) -> Result<Self, String> {
        let json = Self::unpack(data)?;
        let record = Self::read(&json)?;
        // It becomes part of commands and of folders' names.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let is_name = record.name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !is_name || !record.name.chars().all(plain) {
            return Err(format!("{:?} is no name of a release", record.name));
        }
        Ok(record)
    }

    fn read(json: &[u8]) -> Result<Self, String> {
        // The library's message may quote the values of the release.
        serde_json::from_slice(json).map_err(|error| {
            let kind = if error.is_data() {
                "a field of another type"
            } else {
                "no JSON"
            };
            format!("{kind} at line {}, column {}", error.line(), error.column())
        })
    }

    fn unpack(data: &[u8]) -> Result<Vec<u8>, String> {
        let packed = STANDARD.decode(data).map_err(|error| error.to_string())?;
        let mut json = Vec::new();
        if packed.starts_with(&[0x1f, 0x8b]) {
            flate2::read::GzDecoder::new(&*packed)
                .take(LIMIT)
                .read_to_end(&mut json)
                .map_err(|error| error.to_string())?;
        } else {
            // Helm 2 did not pack, and Helm still reads that.
            json = packed;
        }
        Ok(json)
    }

    /// Whether it was applied server-side, so that fields belong to whoever wrote them last.
    #[must_use]
    pub fn is_server_side(&self) -> bool {
        self.apply_method == "ssa"
    }

    /// Whether `revert` made it: out of the release, or of a chart.
    #[must_use]
    pub fn is_revert(&self) -> bool {
        let mut templates = self.chart.templates.iter().flatten();
        templates.any(|template| template.name == REVERT_TEMPLATE)
            || self.info.description == REVERT_DESCRIPTION
    }
}

impl Cluster {
    /// The revisions of a release, the newest first.
    ///
    /// # Errors
    /// Secrets cannot be listed, or one is no record.
    pub async fn history(&self, release: &str) -> Result<Vec<Record>, RecordError> {
        self.records(&format!("owner=helm,name={release}")).await
    }

    /// The newest revision of every release in the namespace.
    ///
    /// # Errors
    /// As [`Cluster::history`].
    pub async fn releases(&self) -> Result<Vec<Record>, RecordError> {
        let mut newest: Vec<Record> = Vec::new();
        for record in self.records("owner=helm").await? {
            if !newest.iter().any(|other| other.name == record.name) {
                newest.push(record);
            }
        }
        newest.retain(|record| record.info.status != RevisionStatus::Uninstalled);
        Ok(newest)
    }

    async fn records(&self, selector: &str) -> Result<Vec<Record>, RecordError> {
        let params = ListParams::default().labels(selector);
        let mut packed: Vec<(String, Option<Vec<u8>>)> = Vec::new();
        let resource = Driver::of_environment()?.resource();
        let what = format!("list {resource}s in the namespace {}", self.namespace);
        match resource {
            "Secret" => {
                let list = self.api::<Secret>().list(&params).await;
                for secret in list.map_err(|error| self.explain(&what, error))? {
                    if secret.type_.as_deref() == Some("helm.sh/release.v1") {
                        let data = secret.data.and_then(|mut data| data.remove(RELEASE));
                        let name = secret.metadata.name.unwrap_or_default();
                        packed.push((name, data.map(|data| data.0)));
                    }
                }
            }
            _ => {
                let list = self.api::<ConfigMap>().list(&params).await;
                for map in list.map_err(|error| self.explain(&what, error))? {
                    let data = map.data.and_then(|mut data| data.remove(RELEASE));
                    let name = map.metadata.name.unwrap_or_default();
                    packed.push((name, data.map(String::into_bytes)));
                }
            }
        }
        let mut records = Vec::new();
        for (name, data) in packed {
            let form = |why: String| RecordError::Form(resource, name.clone(), why);
            let data = data.ok_or_else(|| form(format!("it has no key {RELEASE}")))?;
            records.push(Record::decode(&data).map_err(form)?);
        }
        records.sort_by_key(|record| std::cmp::Reverse(record.revision));
        Ok(records)
    }

    /// Marks a revision that Helm did not finish as failed, as an interrupted Helm does itself, so
    /// that it takes the next one. `false` where the record has changed meanwhile.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub async fn give_up(&self, record: &Record) -> Result<bool, RecordError> {
        let resource = Driver::of_environment()?.resource();
        let name = format!("sh.helm.release.v1.{}.v{}", record.name, record.revision);
        let what = format!("mark the {resource} {name} as failed");
        let form = |why: String| RecordError::Form(resource, name.clone(), why);
        // What was read is replaced, or nothing: Helm may be about to finish it after all.
        macro_rules! replace {
            ($kind:ty, $read:expr, $written:expr) => {{
                let api = self.api::<$kind>();
                let read = api.get(&name).await;
                let mut object = read.map_err(|error| self.explain(&what, error))?;
                let data = object.data.as_mut().and_then(|data| data.get_mut(RELEASE));
                let data = data.ok_or_else(|| form(format!("it has no key {RELEASE}")))?;
                *data = $written(as_failed(&$read(data), record).map_err(form)?);
                let labels = object.metadata.labels.get_or_insert_default();
                labels.insert("status".to_owned(), "failed".to_owned());
                api.replace(&name, &PostParams::default(), &object)
                    .await
                    .map(drop)
            }};
        }
        let replaced = match resource {
            "Secret" => replace!(
                Secret,
                |data: &'_ ByteString| data.0.clone(),
                |text: String| ByteString(text.into_bytes())
            ),
            _ => replace!(
                ConfigMap,
                |data: &'_ String| data.clone().into_bytes(),
                |text: String| text
            ),
        };
        match replaced {
            Ok(()) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(self.explain(&what, error).into()),
        }
    }
}

/// The content of a Secret of a revision, as that of one that failed. Nothing but the one word is
/// changed: values may have numbers that do not survive being read.
fn as_failed(data: &[u8], record: &Record) -> Result<String, String> {
    let json = Record::unpack(data)?;
    let text = String::from_utf8(json).map_err(|error| error.to_string())?;
    let status = "\"status\":\"pending-";
    let at = text.find(status).ok_or("it is not pending")?;
    let end = at + status.len();
    let rest = text[end..].trim_start_matches(|c: char| c.is_ascii_lowercase());
    let text = format!("{}\"status\":\"failed{rest}", &text[..at]);
    let mut wanted = record.clone();
    wanted.info.status = RevisionStatus::Failed;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let packed = gzip.write_all(text.as_bytes()).and_then(|()| gzip.finish());
    let packed = STANDARD.encode(packed.map_err(|error| error.to_string())?);
    if Record::decode(packed.as_bytes())? != wanted {
        return Err("its status is not where Helm writes it, or it has changed".to_owned());
    }
    Ok(packed)
}

/// The key of a record in its Secret or ConfigMap.
const RELEASE: &str = "release";

/// Where Helm keeps its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Driver {
    Secret,
    ConfigMap,
}

/// What Helm keeps its records in, as rights call it; `None` where the cluster has none of them.
pub(crate) fn record_resource() -> Option<&'static str> {
    match Driver::of_environment().ok()? {
        Driver::Secret => Some("secrets"),
        Driver::ConfigMap => Some("configmaps"),
    }
}

impl Driver {
    /// As `HELM_DRIVER` says.
    fn of_environment() -> Result<Self, RecordError> {
        let said = std::env::var("HELM_DRIVER").unwrap_or_default();
        Self::of(&said).ok_or(RecordError::Driver(said))
    }

    fn of(said: &str) -> Option<Self> {
        match said {
            "" | "secret" | "secrets" => Some(Self::Secret),
            "configmap" | "configmaps" => Some(Self::ConfigMap),
            _ => None,
        }
    }

    const fn resource(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(json: &str) -> String {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(json.as_bytes()).unwrap();
        STANDARD.encode(gzip.finish().unwrap())
    }

    #[test]
    fn a_record_is_unpacked() {
        let json = r#"{"name":"rsc","version":3,"info":{"status":"pending-upgrade","notes":"n"},
            "chart":{"metadata":{"name":"c","version":"1.2.3"},"templates":[{"name":"templates/_connect-migrate.tpl","data":""}]},
            "config":{"big":9007199254740993},"manifest":"---\n","hooks":null,"namespace":"ns"}"#;
        let record = Record::decode(packed(json).as_bytes()).unwrap();
        assert_eq!((record.name.as_str(), record.revision), ("rsc", 3));
        assert!(record.info.status.is_pending());
        assert_eq!(record.chart.label(), "c-1.2.3");
        assert!(record.is_revert() && !record.is_server_side());
        assert_eq!(record.config.unwrap()["big"], 9_007_199_254_740_993_u64);
        let later = r#"{"name":"rsc","version":1,"info":{"status":"something-new"}}"#;
        let later = Record::decode(packed(later).as_bytes()).unwrap();
        assert_eq!(later.info.status, RevisionStatus::Unknown);
        assert!(!later.is_revert());
    }

    #[test]
    fn records_are_where_helm_is_told_to_keep_them() {
        assert_eq!(Driver::of(""), Some(Driver::Secret));
        assert_eq!(Driver::of("configmaps"), Some(Driver::ConfigMap));
        assert_eq!(Driver::of("sql"), None);
    }

    #[test]
    fn an_unfinished_revision_becomes_a_failed_one() {
        let json = r#"{"name":"rsc","info":{"description":"say \"status\":\"pending-x\"","status":"pending-install"},
            "config":{"status":"pending-upgrade","n":1e400},"version":1}"#;
        let json = json.replace("1e400", "123456789012345678901234567890");
        let data = packed(&json);
        let record = Record::decode(data.as_bytes()).unwrap();
        let failed = as_failed(data.as_bytes(), &record).unwrap();
        let text = String::from_utf8(Record::unpack(failed.as_bytes()).unwrap()).unwrap();
        assert_eq!(text, json.replace("pending-install", "failed"));
        let mut other = record;
        other.manifest = "changed".to_owned();
        assert!(as_failed(data.as_bytes(), &other).is_err());
    }

    #[test]
    fn what_is_no_record_is_refused() {
        assert!(Record::decode(b"*").is_err());
        assert!(Record::decode(packed("[]").as_bytes()).is_err());
    }
}
