//! What the API shows of things, as the version in use shows it.

use serde_json::{Map, Value, json};

use super::{Bundle, Item, Job, JobState, Setting, User, World};
use crate::connect_stand_in::version::Version;

/// What `include=` asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Include {
    pub(crate) owner: bool,
    pub(crate) tags: bool,
    pub(crate) vanity: bool,
    pub(crate) bookmarked: bool,
    pub(crate) schedule: bool,
}

impl World {
    /// An item for somebody with this role in it. `base` is the server's own address.
    pub(crate) fn item_json(
        &self,
        item: &Item,
        app_role: &str,
        by_administrator: bool,
        include: Include,
        base: &str,
    ) -> Value {
        let version = self.config.version;
        let since = |year, month| version >= Version::new(year, month, 0);
        let mut out = Map::with_capacity(60);
        let mut put = |name: &str, value: Value| {
            out.insert(name.to_owned(), value);
        };
        put("guid", json!(item.guid));
        put("name", json!(item.name));
        put("title", json!(item.title));
        put("description", json!(item.description));
        put("access_type", json!(item.access_type));
        if since(2024, 8) {
            put("locked", json!(item.locked));
            put("locked_message", json!(item.locked_message));
        }
        let set = |name: &str| item.settings.get(name).cloned().unwrap_or(Value::Null);
        for (name, _) in Setting::RUN {
            put(name, set(name));
        }
        put("default_image_name", set("default_image_name"));
        if since(2025, 9) {
            put("default_environment_guid", set("default_environment_guid"));
        }
        put("created_time", json!(seconds(item.created)));
        put("last_deployed_time", json!(seconds(item.last_deployed)));
        put("bundle_id", json!(item.active.map(|id| id.to_string())));
        put("app_mode", json!(item.app_mode));
        put("content_category", json!(item.content_category));
        put("parameterized", json!(item.parameterized));
        // Viewers aren't told what it runs in.
        let hidden = !by_administrator && app_role == "viewer";
        let may = |value: Value| if hidden { Value::Null } else { value };
        if since(2025, 9) {
            put("environment_guid", may(json!(item.environment_guid)));
        }
        put("cluster_name", may(json!(item.cluster)));
        put("image_name", may(json!(item.image)));
        put("r_version", may(json!(item.r_version)));
        put("py_version", may(json!(item.py_version)));
        put("quarto_version", may(json!(item.quarto_version)));
        if since(2026, 4) {
            put("node_version", Value::Null);
        }
        put(
            "r_environment_management",
            may(json!(item.r_version.as_ref().map(|_| true))),
        );
        put(
            "default_r_environment_management",
            set("default_r_environment_management"),
        );
        put(
            "py_environment_management",
            may(json!(item.py_version.as_ref().map(|_| true))),
        );
        put(
            "default_py_environment_management",
            set("default_py_environment_management"),
        );
        put("run_as", json!(item.run_as));
        put("run_as_current_user", json!(item.run_as_current_user));
        put("owner_guid", json!(item.owner));
        put(
            "content_url",
            json!(format!("{base}/content/{}/", item.guid)),
        );
        put(
            "dashboard_url",
            json!(format!("{base}/connect/#/apps/{}", item.guid)),
        );
        put("app_role", json!(app_role));
        put("id", json!(item.id.to_string()));
        if include.tags {
            put("tags", self.tags_json(&item.tags));
        }
        if include.owner
            && let Some(owner) = self.user(&item.owner)
        {
            put(
                "owner",
                json!({
                    "guid": owner.guid, "username": owner.username,
                    "first_name": owner.first_name, "last_name": owner.last_name,
                }),
            );
        }
        if include.vanity
            && let Some((path, _)) = &item.vanity
        {
            put("vanity_url", json!(format!("{base}{path}")));
        }
        if include.bookmarked {
            put("bookmarked", json!(false));
        }
        if include.schedule {
            let schedule = json!({
                "type": "rrule",
                "schedule": {
                    "dtstart": "2026-01-05T06:00:00Z", "rrules": ["FREQ=WEEKLY"], "until": null,
                },
                "next_run": null, "email": false, "timezone": "UTC",
                "variant": {"key": "0", "name": "default", "is_default": true},
            });
            put("schedules", vec![schedule; item.schedules as usize].into());
        }
        if since(2025, 9) {
            put(
                "public_content_status",
                json!(if item.access_type == "all" {
                    "ok"
                } else {
                    "unrestricted"
                }),
            );
        }
        if since(2026, 4) {
            put(
                "metrics_collection_enabled",
                set("metrics_collection_enabled"),
            );
            put("notify_on_share", set("notify_on_share"));
            put("otel_enabled", json!(false));
        }
        Value::Object(out)
    }

    pub(crate) fn tags_json(&self, ids: &[u64]) -> Value {
        self.tags
            .iter()
            .filter(|tag| ids.contains(&tag.id))
            .map(|tag| {
                json!({
                    "id": tag.id.to_string(), "name": tag.name,
                    "parent_id": tag.parent.map(|id| id.to_string()),
                    "created_time": "2024-01-02T03:04:05Z", "updated_time": "2024-01-02T03:04:05Z",
                })
            })
            .collect()
    }

    pub(crate) fn bundle_json(&self, item: &Item, bundle: &Bundle) -> Value {
        let mut out = json!({
            "id": bundle.id.to_string(),
            "content_guid": item.guid,
            "created_time": seconds(bundle.created),
            "cluster_name": bundle.built.as_ref().map(|(cluster, _)| *cluster),
            "image_name": bundle.built.as_ref().and_then(|(_, image)| image.clone()),
            "r_version": bundle.r_version,
            "r_environment_management": bundle.r_version.as_ref().map(|_| true),
            "py_version": bundle.py_version,
            "py_environment_management": bundle.py_version.as_ref().map(|_| true),
            "quarto_version": bundle.quarto_version,
            "active": item.active == Some(bundle.id),
            "size": bundle.size,
            "metadata": bundle.metadata,
        });
        if self.config.version >= Version::new(2026, 4, 0)
            && let Some(out) = out.as_object_mut()
        {
            out.insert("environment_guid".to_owned(), Value::Null);
            out.insert("created_by".to_owned(), json!(item.owner));
        }
        out
    }

    pub(crate) fn job_json(&self, item: &Item, job: &Job) -> Value {
        let (ended, exit_code, status) = match job.state {
            JobState::Active => (None, None, 0),
            JobState::Ended { at, exit_code } => (Some(seconds(at)), exit_code, 2),
        };
        let heartbeat = match job.state {
            JobState::Active => job.stopped.unwrap_or_else(jiff::Timestamp::now),
            JobState::Ended { at, .. } => at,
        };
        let app = item.id.to_string();
        let mut out = json!({
            "id": job.id.to_string(),
            "ppid": job.image.is_none().then(|| "1500".to_owned()),
            "pid": (job.id + 2000).to_string(),
            "key": job.key,
            "remote_id": job.image.as_ref().map(|_| format!("UnVuOmpvYi0{}", job.id)),
            "app_id": app,
        });
        let Some(map) = out.as_object_mut() else {
            return out;
        };
        if self.config.version >= Version::new(2025, 1, 0) {
            map.insert("content_id".to_owned(), json!(app));
            map.insert("content_guid".to_owned(), json!(item.guid));
        }
        for (name, value) in [
            ("variant_id", json!("0")),
            ("bundle_id", json!(job.bundle.to_string())),
            ("start_time", json!(seconds(job.started))),
            ("end_time", json!(ended)),
            ("last_heartbeat_time", json!(seconds(heartbeat))),
            ("queued_time", Value::Null),
            ("queue_name", Value::Null),
            ("tag", json!(job.tag)),
            ("exit_code", json!(exit_code)),
            ("status", json!(status)),
            ("hostname", json!("connect-0")),
            ("cluster", json!(job.image.as_ref().map(|_| "Kubernetes"))),
            ("image", json!(job.image)),
            ("run_as", json!("rstudio-connect")),
        ] {
            map.insert(name.to_owned(), value);
        }
        out
    }
}

/// A user as `/v1/user` and `/v1/users` show it.
pub(crate) fn user_json(user: &User) -> Value {
    let used = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(1_790_000_000);
    json!({
        "email": format!("{}@example.org", user.username),
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "user_role": user.role.name(),
        "created_time": user.created.to_string(),
        "updated_time": user.created.to_string(),
        "active_time": (!user.dormant).then(|| used.to_string()),
        "confirmed": true,
        "locked": user.locked,
        "guid": user.guid,
    })
}

/// A time as content has it: whole seconds.
pub(crate) fn seconds(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
