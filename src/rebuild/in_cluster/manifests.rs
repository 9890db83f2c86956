//! What a rebuild in the cluster consists of: a Job, and what it needs.

use serde_json::{Map, Value, json};

use crate::rebuild::mirror;

/// The container's user. The image has no other.
const USER: u32 = 65532;

/// Exit codes that another pod would only repeat: wrong usage, an invalid list, content that could
/// not be built.
const FINAL: [u8; 3] = [2, 3, 5];

/// Where the key to the API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyReference {
    pub secret: String,
    pub key: String,
}

/// What a Job is to do, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    pub namespace: String,
    pub release: String,
    pub image: String,
    /// The server's address in the cluster.
    pub server: String,
    pub key: KeyReference,
    /// The list of content, one GUID a line; `None` where the arguments say which.
    pub list: Option<String>,
    /// The claim that keeps the journal, instead of a disk that goes with the pod.
    pub claim: Option<String>,
    /// Certificates to trust besides the image's (PEM).
    pub certificates: Option<String>,
    /// What the run is told beside list and journal.
    pub arguments: Vec<String>,
}

/// The name of everything that is made for a release.
pub(crate) fn name(release: &str) -> String {
    format!("{release}-connect-rebuild")
}

impl Task {
    /// Everything that is applied before the Job, the journal's copy left out.
    pub(crate) fn around(&self) -> Vec<Value> {
        let name = name(&self.release);
        let journals = mirror::names(&name);
        let mut all = vec![
            self.object("v1", "ServiceAccount", json!({})),
            // The journal's copy, and nothing else.
            self.object(
                "rbac.authorization.k8s.io/v1",
                "Role",
                json!({"rules": [{
                    "apiGroups": [""], "resources": ["configmaps"],
                    "resourceNames": journals, "verbs": ["get", "update"],
                }]}),
            ),
            self.object(
                "rbac.authorization.k8s.io/v1",
                "RoleBinding",
                json!({
                    "roleRef": {
                        "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name,
                    },
                    "subjects": [{
                        "kind": "ServiceAccount", "name": name, "namespace": self.namespace,
                    }],
                }),
            ),
        ];
        if let Some(list) = &self.list {
            let mut map = self.object("v1", "ConfigMap", json!({"data": {"content": list}}));
            map["metadata"]["name"] = format!("{name}-list").into();
            all.push(map);
        }
        if let Some(pem) = &self.certificates {
            let mut map = self.object("v1", "ConfigMap", json!({"data": {"ca.crt": pem}}));
            map["metadata"]["name"] = format!("{name}-ca").into();
            all.push(map);
        }
        all
    }

    /// The ConfigMaps that the journal is copied to, with what there is of it.
    ///
    /// # Errors
    /// It cannot be compressed.
    pub(crate) fn journal(&self, journal: &[u8]) -> std::io::Result<Vec<Value>> {
        let parts = mirror::split(journal)?.into_iter();
        let maps = mirror::names(&name(&self.release)).into_iter();
        let maps = maps.zip(parts.chain(std::iter::repeat_with(Map::new)));
        let maps = maps.map(|(name, fields)| {
            let mut map = self.object("v1", "ConfigMap", Value::Object(fields));
            map["metadata"]["name"] = name.into();
            map
        });
        Ok(maps.collect())
    }

    /// The Secret with a key that was made for it.
    pub(crate) fn secret(&self, key: &str) -> Value {
        let fields = json!({"type": "Opaque", "stringData": {(self.key.key.as_str()): key}});
        let mut secret = self.object("v1", "Secret", fields);
        secret["metadata"]["name"] = self.key.secret.as_str().into();
        secret
    }

    /// The Job.
    pub(crate) fn job(&self) -> Value {
        let name = name(&self.release);
        let mut arguments = vec![
            "rebuild".to_owned(),
            "--yes".to_owned(),
            format!("--namespace={}", self.namespace),
            format!("--release={}", self.release),
            format!("--journal=/state/{name}"),
            format!("--journal-copy={name}"),
        ];
        let mut volumes = vec![match &self.claim {
            // A claim may be shared, so each release has a folder of its own.
            Some(claim) => {
                arguments.push("--journal-kept".to_owned());
                json!({"name": "state", "persistentVolumeClaim": {"claimName": claim}})
            }
            None => json!({"name": "state", "emptyDir": {"sizeLimit": "1Gi"}}),
        }];
        let mut mounts = vec![json!({"name": "state", "mountPath": "/state"})];
        if self.list.is_some() {
            arguments.push("--guids-file=/list/content".to_owned());
            volumes.push(json!({"name": "list", "configMap": {"name": format!("{name}-list")}}));
            mounts.push(json!({"name": "list", "mountPath": "/list", "readOnly": true}));
        }
        if self.certificates.is_some() {
            arguments.push("--cacert=/ca/ca.crt".to_owned());
            volumes.push(json!({"name": "ca", "configMap": {"name": format!("{name}-ca")}}));
            mounts.push(json!({"name": "ca", "mountPath": "/ca", "readOnly": true}));
        }
        arguments.extend(self.arguments.iter().cloned());
        let key = json!({"name": self.key.secret, "key": self.key.key});
        let container = json!({
            "name": "rebuild",
            "image": self.image,
            "args": arguments,
            // Where it could not go on, what it said is in the pod's status.
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "env": [
                {"name": "CONNECT_SERVER", "value": self.server},
                {"name": "CONNECT_API_KEY", "valueFrom": {"secretKeyRef": key}},
            ],
            "resources": {
                "requests": {"cpu": "50m", "memory": "64Mi"},
                "limits": {"cpu": "1", "memory": "256Mi"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": mounts,
        });
        // A node that is to go waits for it, where the autoscaler knows of this.
        let annotations = json!({
            "karpenter.sh/do-not-disrupt": "true",
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        });
        self.object(
            "batch/v1",
            "Job",
            json!({"spec": {
                "backoffLimit": 6,
                "podFailurePolicy": {"rules": [
                    {"action": "Ignore", "onPodConditions": [
                        {"type": "DisruptionTarget", "status": "True"},
                    ]},
                    {"action": "FailJob", "onExitCodes": {
                        "containerName": "rebuild", "operator": "In", "values": FINAL,
                    }},
                ]},
                "template": {
                    "metadata": {"labels": self.labels(), "annotations": annotations},
                    "spec": {
                        "restartPolicy": "Never",
                        "serviceAccountName": name,
                        "securityContext": {
                            "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": USER,
                            "fsGroup": USER, "seccompProfile": {"type": "RuntimeDefault"},
                        },
                        "containers": [container],
                        "volumes": volumes,
                    },
                },
            }}),
        )
    }

    fn object(&self, api_version: &str, kind: &str, fields: Value) -> Value {
        let mut object = json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name(&self.release),
                "namespace": self.namespace,
                "labels": self.labels(),
            },
        });
        if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
            object.extend(fields);
        }
        object
    }

    fn labels(&self) -> Value {
        json!({
            "app.kubernetes.io/name": "connect-migrate",
            "app.kubernetes.io/component": "rebuild",
            "app.kubernetes.io/part-of": self.release,
            "app.kubernetes.io/managed-by": "connect-migrate",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        Task {
            namespace: "ns".to_owned(),
            release: "sales".to_owned(),
            image: "i:1".to_owned(),
            server: "https://sales.ns.svc".to_owned(),
            key: KeyReference {
                secret: "s".to_owned(),
                key: "k".to_owned(),
            },
            list: None,
            claim: None,
            certificates: None,
            arguments: vec!["--insecure".to_owned()],
        }
    }

    #[test]
    fn a_claim_takes_the_place_of_the_disk_and_certificates_come_along() {
        let job = |task: &Task| task.job()["spec"]["template"]["spec"].clone();
        let plain = job(&task());
        assert!(plain["volumes"][0]["emptyDir"].is_object());
        assert!(
            !plain["containers"][0]["args"]
                .to_string()
                .contains("--journal-kept")
        );
        let kept = Task {
            claim: Some("work".to_owned()),
            certificates: Some("PEM".to_owned()),
            ..task()
        };
        let spec = job(&kept);
        assert_eq!(
            spec["volumes"][0]["persistentVolumeClaim"]["claimName"],
            "work"
        );
        assert_eq!(
            spec["volumes"][1]["configMap"]["name"],
            "sales-connect-rebuild-ca"
        );
        let args = spec["containers"][0]["args"].to_string();
        for argument in [
            "--journal=/state/sales-connect-rebuild",
            "--journal-kept",
            "--cacert=/ca/ca.crt",
            "--insecure",
        ] {
            assert!(args.contains(argument), "{argument}: {args}");
        }
        let map = kept.around().pop().unwrap();
        assert_eq!(map["metadata"]["name"], "sales-connect-rebuild-ca");
        assert_eq!(map["data"]["ca.crt"], "PEM");
    }
}
