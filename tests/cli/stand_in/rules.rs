//! What the stand-in allows and refuses, by version, role and state.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::connect_stand_in::{Config, ItemSpec, Mix, Outcome, Role, StandIn, wait_until};
use serde_json::json;

use super::ask::{Answer, api, build_to_the_end, try_ask};
use crate::support::tools;

fn as_role(connect: &StandIn, role: Role, method: &str, path: &str, body: &str) -> Answer {
    let key = format!("Key {}", connect.key(role));
    let path = format!("/__api__{path}");
    try_ask(connect, method, &path, &[("Authorization", &key)], body).unwrap()
}

fn code(answer: &Answer) -> (u16, serde_json::Value) {
    (answer.status, answer.json()["code"].clone())
}

#[test]
fn a_build_without_a_bundle_takes_the_one_uploaded_last_and_activates_it() {
    let connect = StandIn::start(Config::with_items(1)).unwrap();
    let control = connect.control();
    let guid = control.guids().remove(0);
    let active = control.active_bundle(&guid).unwrap();
    let newer = control.upload(&guid).unwrap();
    let build = |body: serde_json::Value| {
        let path = format!("/v1/content/{guid}/build");
        let task = api(&connect, "POST", &path, &body.to_string()).json();
        let task = task["task_id"].as_str().unwrap().to_owned();
        api(&connect, "GET", &format!("/v1/tasks/{task}?wait=30"), "");
        control.active_bundle(&guid).unwrap()
    };
    assert_eq!(
        build(json!({ "bundle_id": newer, "activate": false })),
        active
    );
    assert_eq!(build(json!({ "bundle_id": active })), active);
    assert_eq!(build(json!({ "bundle_id": null })), newer);
}

#[test]
fn what_a_version_does_not_know_it_refuses() {
    let status = |month: u8, method: &str, path: &str, body: &str| {
        let connect = StandIn::start(Config::with_items(1).version(2024, month, 0)).unwrap();
        let guid = connect.control().guids().remove(0);
        let answer = api(&connect, method, &path.replace("{guid}", &guid), body);
        (
            answer.status,
            answer.header("content-type").unwrap_or_default().to_owned(),
        )
    };
    let json = || "application/json".to_owned();
    let text = || "text/plain; charset=utf-8".to_owned();
    let build = "/v1/content/{guid}/build";
    assert_eq!(
        status(8, "POST", build, "{\"activate\": true}"),
        (400, json())
    );
    assert_eq!(status(8, "POST", build, "{}"), (200, json()));
    assert_eq!(status(3, "GET", "/v1/search/content", ""), (404, text()));
    assert_eq!(status(4, "GET", "/v1/search/content", ""), (200, json()));
    assert_eq!(
        status(8, "GET", "/v1/instrumentation/content/hits", ""),
        (404, text())
    );
    assert_eq!(
        status(5, "GET", "/v1/content/{guid}?include=vanity_url", ""),
        (400, json())
    );
    assert_eq!(
        status(6, "GET", "/v1/content/{guid}?include=vanity_url", ""),
        (200, json())
    );
    assert_eq!(
        status(8, "GET", "/v1/server_settings/nodejs", ""),
        (404, text())
    );
}

#[test]
fn errors_have_their_codes() {
    let spec = |name: &str| ItemSpec {
        name: Some(name.to_owned()),
        ..ItemSpec::default()
    };
    let connect = StandIn::start(Config {
        content: vec![
            ItemSpec {
                locked: true,
                ..spec("locked")
            },
            ItemSpec {
                undeployed: true,
                ..spec("undeployed")
            },
            spec("good"),
        ],
        ..Config::default()
    })
    .unwrap();
    let items = api(&connect, "GET", "/v1/content", "").json();
    let item = |name: &str| {
        items
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["name"] == name)
            .unwrap()
            .clone()
    };
    let build = |guid: &str, body: serde_json::Value| {
        code(&api(
            &connect,
            "POST",
            &format!("/v1/content/{guid}/build"),
            &body.to_string(),
        ))
    };
    let guid = |name: &str| item(name)["guid"].as_str().unwrap().to_owned();
    let missing = "00000000-0000-4000-8000-000000000000";
    assert_eq!(build("nonsense", json!({})), (400, 3.into()));
    assert_eq!(build(missing, json!({})), (404, 4.into()));
    assert_eq!(build(&guid("locked"), json!({})), (409, 222.into()));
    assert_eq!(build(&guid("undeployed"), json!({})), (404, 28.into()));
    let foreign = item("locked")["bundle_id"].clone();
    assert_eq!(
        build(&guid("good"), json!({ "bundle_id": foreign })),
        (400, 82.into())
    );
    assert_eq!(
        build(&guid("good"), json!({ "bundle_id": "999999" })),
        (404, 4.into())
    );
    let processes = api(&connect, "GET", "/server_settings/scheduler/static", "");
    assert_eq!(code(&processes), (400, 147.into()));
    let nobody = try_ask(
        &connect,
        "GET",
        "/__api__/v1/user",
        &[("Authorization", "Key x")],
        "",
    );
    assert_eq!(code(&nobody.unwrap()), (401, 30.into()));
    let unknown = api(&connect, "GET", "/v1/no-such-thing", "");
    assert_eq!(
        (unknown.status, unknown.body.as_str()),
        (404, "404 page not found")
    );
}

#[test]
fn roles_decide_what_is_seen_and_done() {
    let of = |owner: &str| ItemSpec {
        owner: Some(owner.to_owned()),
        ..ItemSpec::default()
    };
    let connect = StandIn::start(Config {
        content: vec![of("admin"), of("pat")],
        ..Config::default()
    })
    .unwrap();
    let user =
        |role: Role| as_role(&connect, role, "GET", "/v1/user", "").json()["user_role"].clone();
    assert_eq!(user(Role::Administrator), "administrator");
    assert_eq!(user(Role::Publisher), "publisher");
    assert_eq!(user(Role::Viewer), "viewer");
    let caches = |role| {
        code(&as_role(
            &connect,
            role,
            "GET",
            "/v1/system/caches/runtime",
            "",
        ))
    };
    assert_eq!(caches(Role::Publisher), (403, 22.into()));
    assert_eq!(caches(Role::Administrator).0, 200);
    let items = api(&connect, "GET", "/v1/content", "").json();
    let admin =
        as_role(&connect, Role::Administrator, "GET", "/v1/user", "").json()["guid"].clone();
    for item in items.as_array().unwrap() {
        let path = format!("/v1/content/{}/build", item["guid"].as_str().unwrap());
        let status = |role| as_role(&connect, role, "POST", &path, "{}").status;
        let publisher = if item["owner_guid"] == admin {
            403
        } else {
            200
        };
        assert_eq!(status(Role::Publisher), publisher);
        assert_eq!(
            (status(Role::Viewer), status(Role::Administrator)),
            (403, 200)
        );
    }
}

#[test]
fn a_search_filters_pages_and_warns() {
    let connect = StandIn::start(Config {
        mix: Mix::Realistic,
        ..Config::with_items(60)
    })
    .unwrap();
    let search =
        |query: &str| api(&connect, "GET", &format!("/v1/search/content?{query}"), "").json();
    let all = search("page_size=500");
    assert_eq!(
        (&all["total"], all["results"].as_array().unwrap().len()),
        (&60.into(), 60)
    );
    let pages: Vec<_> = (1..=4)
        .flat_map(|page| {
            search(&format!("page_number={page}"))["results"]
                .as_array()
                .unwrap()
                .clone()
        })
        .collect();
    assert_eq!(&pages, all["results"].as_array().unwrap());
    let locked = search("q=is:locked")["total"].as_u64().unwrap();
    let others = search("q=not:locked")["total"].as_u64().unwrap();
    assert!(locked > 0 && locked + others == 60, "{locked} {others}");
    let word = search("q=REPORT&page_size=500");
    let titles = word["results"].as_array().unwrap().iter();
    assert!(titles.clone().count() > 0);
    assert!(
        titles
            .clone()
            .all(|item| item["title"].as_str().unwrap().contains("report"))
    );
    let unknown = search("q=color:red");
    assert_eq!(
        (
            &unknown["total"],
            unknown["warnings"].as_array().unwrap().len()
        ),
        (&60.into(), 1)
    );
    assert_eq!(
        api(&connect, "GET", "/v1/search/content?page_size=501", "").status,
        400
    );
}

#[test]
fn the_same_seed_gives_the_same_content() {
    let content = |seed: u64| {
        let config = Config {
            seed,
            mix: Mix::Realistic,
            ..Config::with_items(30)
        };
        StandIn::start(config).unwrap().control().guids()
    };
    assert_eq!(content(7), content(7));
    assert_ne!(content(7), content(8));
}

#[test]
fn a_prefix_is_part_of_every_path() {
    let config = Config {
        prefix: "/rsc".to_owned(),
        ..Config::with_items(1)
    };
    let connect = StandIn::start(config).unwrap();
    let status = |path: &str| try_ask(&connect, "GET", path, &[], "").unwrap().status;
    assert!(connect.url().ends_with("/rsc"));
    assert_eq!(
        (status("/rsc/__ping__"), status("/rsc/__api__/v1/user")),
        (200, 200)
    );
    assert_eq!(
        (status("/__ping__"), status("/__api__/v1/user")),
        (404, 404)
    );
    let counters = connect.control().counters();
    assert_eq!(
        (
            counters.route("GET /__ping__"),
            counters.route("GET /v1/user")
        ),
        (1, 1)
    );
}

#[test]
fn a_correlation_id_is_sent_back() {
    let connect = StandIn::start(Config::default()).unwrap();
    let sent = try_ask(
        &connect,
        "GET",
        "/__ping__",
        &[("X-Correlation-ID", "mine")],
        "",
    )
    .unwrap();
    assert_eq!(sent.header("x-correlation-id"), Some("mine"));
    let none = try_ask(&connect, "GET", "/__ping__", &[], "").unwrap();
    assert!(
        none.header("x-correlation-id")
            .is_some_and(|id| id.len() == 36)
    );
}

#[test]
fn a_long_poll_sees_the_output_grow_if_it_is_to() {
    // A line every tenth of a second, for longer than the test takes.
    let config = Config {
        poll_ends_on_output: true,
        log_lines: 6000,
        ..Config::with_items(1)
    };
    let connect = StandIn::start(config.build_time(Duration::from_secs(600))).unwrap();
    let guid = connect.control().guids().remove(0);
    let task = super::ask::build(&connect, &guid).json()["task_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut last = 0;
    for _ in 0..3 {
        let path = format!("/v1/tasks/{task}?wait=30&first={last}");
        let task = api(&connect, "GET", &path, "").json();
        let now = task["last"].as_u64().unwrap();
        assert_eq!(task["finished"], false);
        assert_eq!(task["output"].as_array().unwrap().len() as u64, now - last);
        assert!(now > last);
        last = now;
    }
}

#[test]
fn a_file_describes_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connect.yaml");
    let text = r#"
version: 2024.09.0
execution: native
build_time: 0.5s
build_limit: 2
content:
  - name: sales
    app_mode: python-dash
    outcome: {fail-first: 2}
    build_time: 3s
  - {name: gone, undeployed: true}
faults:
  - route: /v1/user
    times: 1
    action: {do: status, status: 502}
"#;
    std::fs::write(&path, text).unwrap();
    let config = Config::read(&path).unwrap();
    assert_eq!(config.build_time, Duration::from_millis(500));
    assert_eq!(config.content[0].outcome, Outcome::FailFirst(2));
    let connect = StandIn::start(config).unwrap();
    assert_eq!(api(&connect, "GET", "/v1/user", "").status, 502);
    assert_eq!(api(&connect, "GET", "/v1/user", "").status, 200);
    let settings = api(&connect, "GET", "/server_settings", "").json();
    assert_eq!(
        (&settings["version"], &settings["execution_type"]),
        (&"2024.09.0".into(), &"native".into())
    );
    let gone = api(&connect, "GET", "/v1/content?name=gone", "").json();
    assert_eq!(
        (&gone[0]["app_mode"], &gone[0]["bundle_id"]),
        (&"unknown".into(), &json!(null))
    );
    std::fs::write(&path, "no_such_setting: 1").unwrap();
    assert!(
        Config::read(&path)
            .unwrap_err()
            .to_string()
            .contains("no_such_setting")
    );
}

#[test]
fn content_is_served_to_those_who_may_see_it() {
    let config = Config {
        content: vec![ItemSpec {
            owner: Some("admin".to_owned()),
            vanity: Some("/mine/".to_owned()),
            ..ItemSpec::default()
        }],
        ..Config::default()
    };
    let connect = StandIn::start(config).unwrap();
    let guid = connect.control().guids().remove(0);
    let patch = api(
        &connect,
        "PATCH",
        &format!("/v1/content/{guid}"),
        "{\"access_type\": \"acl\"}",
    );
    assert_eq!(
        (patch.status, &patch.json()["access_type"]),
        (200, &"acl".into())
    );
    let page = |role: Role, path: &str| {
        let key = format!("Key {}", connect.key(role));
        try_ask(&connect, "GET", path, &[("Authorization", &key)], "")
            .unwrap()
            .status
    };
    let own = format!("/content/{guid}/");
    assert_eq!(
        (page(Role::Administrator, &own), page(Role::Publisher, &own)),
        (200, 403)
    );
    assert_eq!(
        (
            page(Role::Administrator, "/mine/"),
            page(Role::Viewer, "/mine/")
        ),
        (200, 403)
    );
    assert_eq!(page(Role::Administrator, "/not-there/"), 404);
    // It runs now, on the old machine as it wasn't built yet.
    let job = || api(&connect, "GET", &format!("/v1/content/{guid}/jobs"), "").json()[0].clone();
    assert_eq!(
        (&job()["tag"], &job()["cluster"]),
        (&"run_app".into(), &json!(null))
    );
    assert_eq!(build_to_the_end(&connect, &guid)["code"], 0);
    assert_eq!(
        (&job()["tag"], &job()["cluster"]),
        (&"packrat_restore".into(), &"Kubernetes".into())
    );
}

#[test]
fn the_example_runs_until_it_is_told_to_quit() {
    let exe = std::env::current_exe().unwrap();
    let program = exe
        .parent()
        .unwrap()
        .with_file_name("examples")
        .join("connect-stand-in");
    if !program.exists() {
        tools::missing("the example connect-stand-in (cargo test builds it)");
        return;
    }
    let mut child = Command::new(program)
        .args(["--items", "3", "--control-listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut ready)
        .unwrap();
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let control = ready["control"]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap();
    let (address, _) = control.split_once('/').unwrap();
    let ask = |request: &str, body: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "Host: x\r\nConnection: close\r\nContent-Length: {}",
            body.len()
        );
        write!(stream, "{request} HTTP/1.1\r\n{head}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let summary = ask("GET /__stand-in__/", "");
    assert!(summary.contains("\"items\":3"), "{summary}");
    // The control API is there while the server isn't.
    let restart = ask("POST /__stand-in__/restart", "{\"down\": \"600s\"}");
    assert!(restart.starts_with("HTTP/1.1 204"), "{restart}");
    let server = ready["url"]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap();
    wait_until("the server is away", || TcpStream::connect(server).is_err());
    let wrong = ask(
        "POST /__stand-in__/faults",
        "{\"action\": {\"do\": \"nonsense\"}}",
    );
    assert!(wrong.starts_with("HTTP/1.1 400"), "{wrong}");
    ask("POST /__stand-in__/quit", "");
    assert!(child.wait().unwrap().success());
}
