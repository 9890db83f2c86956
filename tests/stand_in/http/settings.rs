//! The server's own state: ping, versions, runtimes, limits.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::request::since;
use super::{ApiError, Caller, Reply};
use crate::connect_stand_in::config::{Execution, Licence};
use crate::connect_stand_in::server::Shared;
use crate::connect_stand_in::version::Version;
use crate::connect_stand_in::world::{Environment, World};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/server_settings", get(server))
        .route("/server_settings/scheduler", get(scheduler))
        .route("/server_settings/scheduler/{mode}", get(scheduler_for))
        .route("/server_settings/applications", get(applications))
        .route("/v1/server_settings/public", get(public))
        .route("/v1/server_settings/r", get(r))
        .route("/v1/server_settings/python", get(python))
        .route("/v1/server_settings/quarto", get(quarto))
        .route("/v1/server_settings/tensorflow", get(tensorflow))
        .route("/v1/server_settings/nodejs", get(nodejs))
        // The forms without a version, which older clients ask.
        .route("/server_settings/r", get(r))
        .route("/server_settings/python", get(python))
        .route("/server_settings/quarto", get(quarto))
}

/// `/__ping__` answers without a key.
pub(crate) async fn ping(State(shared): State<Arc<Shared>>) -> Reply {
    let status = match shared.world().licence() {
        Licence::Valid => StatusCode::OK,
        Licence::Expired | Licence::ExpiredEverywhere => StatusCode::PAYMENT_REQUIRED,
    };
    Ok((status, Json(json!({}))).into_response())
}

async fn server(State(shared): State<Arc<Shared>>, caller: Option<Caller>) -> Reply {
    let world = shared.world();
    let version = world.config.version;
    let shown = (caller.is_some() && !world.config.hide_version).then(|| version.to_string());
    let execution = match world.config.execution {
        Execution::Native => "native",
        Execution::Kubernetes => "launcher-kubernetes",
    };
    let mut settings = json!({
        "hostname": "connect-0",
        "version": shown.clone().unwrap_or_default(),
        "about": shown.map_or_else(|| "Posit Connect".to_owned(), |shown| format!("Posit Connect v{shown}")),
        "authentication": authentication(&world),
        "license": licence(&world),
        "license_expiration_ui_warning": true,
        "deprecated_settings": false,
        "deprecated_settings_ui_warning": true,
        "mail_all": false,
        "mail_configured": true,
        "public_warning": "",
        "logged_in_warning": "",
        "logout_url": "__logout__",
        "metrics_rrd_enabled": true,
        "metrics_instrumentation": true,
        "customized_landing": false,
        "self_registration": false,
        "prohibited_usernames": ["connect", "apps", "users", "groups", "content"],
        "username_validator": "default",
        "viewers_can_only_see_themselves": false,
        "http_warning": false,
        "runtimes": ["R", "Python", "Quarto", "TensorFlow"],
        "default_content_list_view": "compact",
        "maximum_app_image_size": 10_000_000,
        "server_settings_toggler": true,
        "git_enabled": true,
        "git_available": true,
        "dashboard_path": "/connect",
        "system_display_name": "Posit Connect",
        "hide_viewer_documentation": false,
        "jump_start_enabled": true,
        "permission_request": true,
        "tableau_integration_enabled": true,
        "self_test_enabled": true,
        "execution_type": execution,
        "enable_runtime_cache_management": world.config.cache_management,
        "default_image_selection_enabled": true,
        "default_environment_management_selection": true,
        "default_r_environment_management": true,
        "default_py_environment_management": true,
        "new_parameterization_enabled": false,
        "use_window_location": false,
    });
    let since = |year, month| version >= Version::new(year, month, 0);
    if let Some(settings) = settings.as_object_mut() {
        let mut put = |name: &str, value: Value| settings.insert(name.to_owned(), value);
        if since(2024, 5) {
            put("end_of_support_ui_warning", json!(true));
            put("viewers_can_request_privileges", json!(true));
        } else {
            put("build", json!(format!("v{version}")));
            put("enable_runtime_constraints", json!(true));
            put("enable_image_management", json!(true));
            put("google_analytics_tracking_id", json!(""));
            put("queue_ui", json!(true));
            put("viewer_kiosk", json!(false));
        }
        if since(2024, 8) {
            put("locked_content_enabled", json!(true));
        }
        if since(2024, 9) {
            put("labs_enabled", json!(false));
            put("oauth_integrations_enabled", json!(true));
            put("whats_new_enabled", json!(true));
        }
    }
    Ok(Json(settings).into_response())
}
fn authentication(world: &World) -> Value {
    let mut authentication = json!({
        "handles_credentials": true,
        "handles_login": true,
        "challenge_response_enabled": false,
        "external_user_data": false,
        "external_user_search": false,
        "external_user_id": false,
        "groups_enabled": true,
        "external_group_search": false,
        "external_group_members": false,
        "external_group_id": false,
        "external_group_owner": false,
        "unique_usernames": true,
        "name_editable_by": "adminandself",
        "email_editable_by": "adminandself",
        "username_editable_by": "adminandself",
        "role_editable_by": "adminandself",
        "name": "Posit Connect",
        "notice": "",
        "warning_delay": 10,
    });
    if world.config.version >= Version::new(2024, 5, 0) {
        authentication["API_key_auth"] = json!(true);
    }
    authentication
}

/// The licence. Numbers and flags were texts until 2024.
fn licence(world: &World) -> Value {
    let valid = world.licence() == Licence::Valid;
    let old = world.config.version < Version::new(2024, 5, 0);
    let flag = |on: bool| {
        if old {
            json!(if on { "1" } else { "0" })
        } else {
            json!(on)
        }
    };
    let count = |number: u32| {
        if old {
            json!(number.to_string())
        } else {
            json!(number)
        }
    };
    let launcher = world.config.execution == Execution::Kubernetes;
    let mut licence = json!({
        "ts": 1_790_000_000_000_u64,
        "status": if valid { "activated" } else { "expired" },
        "expiration": if valid { 1_830_000_000_000_u64 } else { 1_789_000_000_000 },
        "days-left": if valid { 462 } else { 0 },
        "has-key": true,
        "has-trial": false,
        "tier": "enterprise",
        "sku-year": "2023",
        "edition": "",
        "cores": count(0),
        "connections": count(0),
        "type": "local",
        "users": count(0),
        "user-activity-days": count(365),
        "shiny-users": count(0),
        "allow-apis": flag(true),
        "custom-branding": flag(true),
        "current-user-execution": flag(true),
        "enable-launcher": flag(launcher),
    });
    if !old {
        for name in [
            "anonymous-servers",
            "unrestricted-servers",
            "oauth-integrations",
        ] {
            licence[name] = json!(true);
        }
        licence["anonymous-branding"] = json!(false);
        licence["users-grace"] = json!("true");
    }
    licence
}

/// Without a key, and without a version.
async fn public(State(shared): State<Arc<Shared>>) -> Reply {
    let authentication = authentication(&shared.world());
    Ok(Json(json!({
        "authentication": authentication,
        "self_registration": false,
        "system_display_name": "Posit Connect",
        "public_warning": "",
        "customized_landing": false,
        "mail_configured": true,
        "prohibited_usernames": ["connect", "apps", "users", "groups", "content"],
        "username_validator": "default",
    }))
    .into_response())
}

fn installations(world: &World, version: fn(&Environment) -> &'static str) -> Value {
    world
        .environments
        .iter()
        .map(|environment| {
            json!({
                "version": version(environment),
                "cluster_name": environment.cluster(),
                "image_name": environment.image.as_deref().unwrap_or("Local"),
            })
        })
        .collect()
}

async fn r(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.publisher()?;
    let rows = installations(&shared.world(), |environment| environment.r);
    Ok(Json(json!({ "installations": rows })).into_response())
}

async fn python(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.publisher()?;
    let rows = installations(&shared.world(), |environment| environment.python);
    Ok(Json(json!({ "installations": rows, "api_enabled": true })).into_response())
}

async fn quarto(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.publisher()?;
    let rows = installations(&shared.world(), |environment| environment.quarto);
    Ok(Json(json!({ "installations": rows })).into_response())
}

async fn tensorflow(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    caller.publisher()?;
    since(&shared.world(), 2024, 5)?;
    Ok(Json(json!({ "installations": [] })).into_response())
}

async fn nodejs(State(shared): State<Arc<Shared>>, caller: Caller) -> Reply {
    since(&shared.world(), 2026, 4)?;
    caller.publisher()?;
    Ok(Json(json!({ "installations": [], "enabled": false })).into_response())
}

fn limits() -> Value {
    json!({
        "min_processes": 0, "max_processes": 3,
        "min_processes_limit": 20, "max_processes_limit": 20,
        "max_conns_per_process": 20, "load_factor": 0.5,
        "init_timeout": 60, "idle_timeout": 5, "connection_timeout": 3600, "read_timeout": 3600,
        "cpu_request": 0.0, "max_cpu_request": 0.0, "cpu_limit": 0.0, "max_cpu_limit": 0.0,
        "memory_request": 0, "max_memory_request": 0, "memory_limit": 0, "max_memory_limit": 0,
        "amd_gpu_limit": 0, "max_amd_gpu_limit": 0, "nvidia_gpu_limit": 0, "max_nvidia_gpu_limit": 0,
    })
}

async fn scheduler(caller: Caller) -> Reply {
    caller.publisher()?;
    Ok(Json(limits()).into_response())
}

async fn scheduler_for(caller: Caller, Path(mode): Path<String>) -> Reply {
    caller.publisher()?;
    if mode == "static" {
        return Err(ApiError::new(400, 147, "The app mode is not executable."));
    }
    Ok(Json(limits()).into_response())
}

async fn applications(caller: Caller) -> Reply {
    caller.publisher()?;
    Ok(Json(json!({
        "access_types": ["acl", "logged_in", "all"],
        "run_as": "rstudio-connect",
        "run_as_group": "rstudio-connect",
        "run_as_current_user": false,
        "viewer_ondemand_reports": true,
        "viewer_customized_reports": true,
    }))
    .into_response())
}
