//! Every way in which a stand-in goes wrong, alone.

use std::io::ErrorKind;
use std::time::Duration;

use crate::connect_stand_in::{
    Action, BuildEnd, Config, Control, Fault, Interrupted, ItemSpec, Licence, Restart, StandIn,
};

use super::ask::{api, build, build_to_the_end, try_ask};

/// A build that takes longer than any test, and says something every tenth of a second.
fn endless() -> Config {
    let config = Config {
        log_lines: 6000,
        ..Config::with_items(1)
    };
    config.build_time(Duration::from_secs(600))
}

const BUILD: &str = "/v1/content/{guid}/build";

fn start(config: Config) -> (StandIn, String) {
    let connect = StandIn::start(config).unwrap();
    let guid = connect.control().guids().remove(0);
    (connect, guid)
}

fn try_build(connect: &StandIn, guid: &str) -> std::io::Result<u16> {
    let path = format!("/__api__/v1/content/{guid}/build");
    try_ask(connect, "POST", &path, &[], "{}").map(|answer| answer.status)
}

#[test]
fn a_status_is_answered_as_often_as_asked() {
    let (connect, guid) = start(Config::with_items(1));
    let unavailable = Action::Status {
        status: 503,
        retry_after: Some(7),
    };
    connect
        .control()
        .fault(Fault::new(unavailable).on("POST", BUILD).after(1).times(2));
    let statuses: Vec<u16> = (0..4).map(|_| build(&connect, &guid).status).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(connect.control().builds().len(), 2);
    assert_eq!(connect.control().counters().faults, 2);
    connect.control().fault(Fault::status(429).times(1));
    connect.control().fault(Fault::new(Action::Status {
        status: 503,
        retry_after: Some(7),
    }));
    assert_eq!(build(&connect, &guid).status, 429);
    let answer = api(&connect, "GET", "/v1/user", "");
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("7"))
    );
    assert_eq!(answer.json()["code"], 1);
}

#[test]
fn a_dropped_request_was_processed_or_not() {
    let (connect, guid) = start(Config::with_items(1));
    connect
        .control()
        .fault(Fault::new(Action::DropBefore).on("POST", BUILD).times(1));
    connect
        .control()
        .fault(Fault::new(Action::DropAfter).on("POST", BUILD).times(1));
    connect
        .control()
        .fault(Fault::new(Action::Truncate).on("POST", BUILD).times(1));
    assert_eq!(
        try_build(&connect, &guid).unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    assert_eq!(connect.control().builds().len(), 0);
    assert_eq!(
        try_build(&connect, &guid).unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    assert_eq!(connect.control().builds().len(), 1);
    assert_eq!(
        try_build(&connect, &guid).unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    assert_eq!(connect.control().builds().len(), 2);
    assert_eq!(try_build(&connect, &guid).unwrap(), 200);
}

#[test]
fn a_hang_ends_without_an_answer_and_a_slow_one_with_it() {
    let (connect, guid) = start(Config::with_items(1));
    let time = Duration::from_millis(1);
    connect.control().fault(
        Fault::new(Action::HangBefore { time })
            .on("POST", BUILD)
            .times(1),
    );
    connect.control().fault(
        Fault::new(Action::HangAfter { time })
            .on("POST", BUILD)
            .times(1),
    );
    connect
        .control()
        .fault(Fault::new(Action::Slow { time }).on("POST", BUILD).times(1));
    assert!(try_build(&connect, &guid).is_err());
    assert_eq!(connect.control().builds().len(), 0);
    assert!(try_build(&connect, &guid).is_err());
    assert_eq!(connect.control().builds().len(), 1);
    assert_eq!(try_build(&connect, &guid).unwrap(), 200);
}

#[test]
fn a_proxy_answers_with_a_page_or_sends_elsewhere() {
    let (connect, _) = start(Config::with_items(1));
    connect.control().fault(Fault::new(Action::Html).times(1));
    let to = "http://elsewhere.example/".to_owned();
    connect
        .control()
        .fault(Fault::new(Action::Redirect { to }).times(1));
    let page = api(&connect, "GET", "/v1/user", "");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    let sent = api(&connect, "GET", "/v1/user", "");
    assert_eq!(
        (sent.status, sent.header("location")),
        (302, Some("http://elsewhere.example/"))
    );
}

/// Restarts while a build runs; gives how it ended and what its task says.
fn restart(time: Duration, builds: Interrupted) -> (Option<BuildEnd>, u16, serde_json::Value) {
    let (connect, guid) = start(Config::with_items(1).build_time(time));
    let task = build(&connect, &guid).json()["task_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let control = connect.control();
    control.restart(&Restart {
        down: Duration::from_secs(600),
        builds,
        node: None,
    });
    let is_up = || std::net::TcpStream::connect(connect.address()).is_ok();
    control.wait_until("connections are refused", |_| !is_up());
    control.come_up();
    control.wait_until("it is up again", |_| is_up());
    let answer = api(&connect, "GET", &format!("/v1/tasks/{task}"), "");
    control.wait_until("the build ends", |control| {
        control.builds()[0].end.is_some()
    });
    (
        control.builds()[0].end,
        answer.status,
        answer.json()["code"].clone(),
    )
}

#[test]
fn a_restart_refuses_connections_and_forgets_tasks() {
    let lost = restart(Duration::from_secs(600), Interrupted::Lost);
    assert_eq!(lost, (Some(BuildEnd::Lost), 404, 141.into()));
    let goes_on = restart(Duration::from_millis(50), Interrupted::GoOn);
    assert_eq!(goes_on, (Some(BuildEnd::Succeeded), 404, 141.into()));
}

#[test]
fn a_restart_gives_the_places_of_lost_builds_to_others() {
    let config = Config {
        build_limit: Some(1),
        ..Config::with_items(3)
    };
    let (connect, _) = start(config.build_time(Duration::from_secs(60)));
    let control = connect.control();
    for guid in control.guids() {
        build(&connect, &guid);
    }
    control.restart(&Restart {
        down: Duration::ZERO,
        ..Restart::default()
    });
    control.wait_until("the builds are lost", |control| control.open() == 0);
    control.build_time(Duration::from_millis(1));
    let guids = control.guids();
    control.wait_until("it is up again", |_| try_build(&connect, &guids[0]).is_ok());
    control.wait_until("the build ends", |control| control.open() == 0);
    assert_eq!(
        control.builds().last().unwrap().end,
        Some(BuildEnd::Succeeded)
    );
}

#[test]
fn a_task_is_known_on_its_own_node_only() {
    let (connect, guid) = start(Config {
        nodes: 3,
        ..Config::with_items(1)
    });
    let submitted = build(&connect, &guid);
    let cookie = submitted
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let path = format!(
        "/__api__/v1/tasks/{}?wait=10",
        submitted.json()["task_id"].as_str().unwrap()
    );
    let poll = |cookie: &str| try_ask(&connect, "GET", &path, &[("Cookie", cookie)], "").unwrap();
    let (own, other) = (poll(cookie), poll("stand-in-node=2"));
    assert_eq!((cookie, own.status), ("stand-in-node=0", 200));
    assert_eq!(own.header("set-cookie"), None);
    assert_eq!((other.status, &other.json()["code"]), (404, &141.into()));
    let node = Restart {
        node: Some(0),
        ..Restart::default()
    };
    connect.control().restart(&node);
    assert_eq!(poll(cookie).status, 404);
}

#[test]
fn builds_over_the_limit_wait_for_their_turn() {
    let config = Config {
        build_limit: Some(2),
        ..Config::with_items(6)
    };
    let (connect, _) = start(config.build_time(Duration::from_millis(20)));
    let control = connect.control();
    for guid in control.guids() {
        build(&connect, &guid);
    }
    control.wait_until("all end", |control| control.open() == 0);
    assert_eq!((control.most_running(), control.succeeded().len()), (2, 6));
}

#[test]
fn builds_that_start_together_on_an_empty_package_cache_fail() {
    let shiny = ItemSpec {
        app_mode: Some("shiny".to_owned()),
        ..ItemSpec::default()
    };
    let python = ItemSpec {
        app_mode: Some("python-dash".to_owned()),
        ..ItemSpec::default()
    };
    let (connect, _) = start(Config {
        content: vec![shiny.clone(), shiny, python],
        race_window: Duration::from_secs(60),
        build_time: Duration::from_secs(600),
        ..Config::default()
    });
    let control = connect.control();
    for guid in control.guids() {
        build(&connect, &guid);
    }
    control.wait_until("all run", |control| control.most_running() == 3);
    control.finish_builds();
    control.wait_until("all end", |control| control.open() == 0);
    assert_eq!(control.succeeded().len(), 2, "{:?}", control.builds());
    // Once there is something in the cache they don't get into each other's way.
    control.build_time(Duration::from_millis(20));
    for guid in control.guids() {
        build(&connect, &guid);
    }
    control.wait_until("all end", |control| control.open() == 0);
    assert_eq!(control.succeeded().len(), 3, "{:?}", control.builds());
}

#[test]
fn an_expired_licence_is_seen_at_the_ping_or_everywhere() {
    let (connect, _) = start(Config::with_items(1));
    let ping = || {
        try_ask(&connect, "GET", "/__ping__", &[], "")
            .unwrap()
            .status
    };
    let user = || api(&connect, "GET", "/v1/user", "").status;
    assert_eq!((ping(), user()), (200, 200));
    connect.control().licence(Licence::Expired);
    assert_eq!((ping(), user()), (402, 200));
    let settings = api(&connect, "GET", "/server_settings", "").json();
    assert_eq!(settings["license"]["status"], "expired");
    connect.control().licence(Licence::ExpiredEverywhere);
    assert_eq!((ping(), user()), (402, 402));
}

#[test]
fn a_key_is_refused_when_it_is_revoked_or_its_user_locked() {
    let (connect, _) = start(Config::with_items(1));
    let control = connect.control();
    let user = || {
        let answer = api(&connect, "GET", "/v1/user", "");
        (answer.status, answer.json()["code"].clone())
    };
    control.revoke(&connect.api_key(), true);
    assert_eq!(user(), (401, 30.into()));
    control.revoke(&connect.api_key(), false);
    control.lock_user("admin", true);
    assert_eq!(user(), (403, 50.into()));
    control.lock_user("admin", false);
    assert_eq!(user().0, 200);
}

#[test]
fn other_people_change_an_item_at_any_moment() {
    let (connect, guid) = start(Config::with_items(1).build_time(Duration::from_secs(60)));
    let control = connect.control();
    let before = control.active_bundle(&guid);
    for (action, status) in [
        (Action::Upload, 200),
        (Action::Deploy, 200),
        (Action::Lock, 409),
        (Action::Delete, 404),
    ] {
        control.fault(Fault::new(action.clone()).on("POST", BUILD).times(1));
        assert_eq!(try_build(&connect, &guid).unwrap(), status, "{action:?}");
        if action == Action::Upload {
            assert_eq!(control.active_bundle(&guid), before);
            assert_ne!(control.newest_bundle(&guid), before);
        }
        if action == Action::Deploy {
            assert_ne!(control.active_bundle(&guid), before);
        }
    }
}

#[test]
fn a_build_ends_with_its_item() {
    let (connect, guid) = start(endless());
    let task = build(&connect, &guid).json()["task_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(connect.control().delete(&guid));
    let task = api(&connect, "GET", &format!("/v1/tasks/{task}?wait=30"), "").json();
    assert_eq!(
        (&task["finished"], &task["code"]),
        (&true.into(), &1.into())
    );
    assert_eq!(connect.control().builds()[0].end, Some(BuildEnd::Gone));
}

#[test]
fn a_kill_order_ends_a_build() {
    let (connect, guid) = start(endless());
    let task = build(&connect, &guid).json()["task_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let has_started = |control: &Control| control.builds()[0].started_ms.is_some();
    connect
        .control()
        .wait_until("the build starts", has_started);
    let jobs = || api(&connect, "GET", &format!("/v1/content/{guid}/jobs"), "").json();
    let key = jobs()[0]["key"].as_str().unwrap().to_owned();
    let path = format!("/v1/content/{guid}/jobs/{key}");
    assert_eq!(api(&connect, "DELETE", &path, "").status, 200);
    let task = api(&connect, "GET", &format!("/v1/tasks/{task}?wait=30"), "").json();
    assert_eq!(
        (&task["finished"], &task["code"]),
        (&true.into(), &1.into())
    );
    assert_eq!(jobs()[0]["status"], 2);
}

#[test]
fn a_share_of_requests_is_the_same_for_the_same_seed() {
    let statuses = |seed: u64| {
        let (connect, _) = start(Config {
            seed,
            ..Config::with_items(1)
        });
        connect.control().fault(Fault::status(500).share(0.5));
        let ask = |_| api(&connect, "GET", "/v1/user", "").status;
        (0..40).map(ask).collect::<Vec<_>>()
    };
    let first = statuses(3);
    assert_eq!(first, statuses(3));
    assert_ne!(first, statuses(4));
    assert!(first.contains(&500) && first.contains(&200));
}

#[test]
fn a_failing_item_fails_as_often_as_it_should() {
    let (connect, guid) = start(Config::with_items(1).build_time(Duration::from_millis(5)));
    connect
        .control()
        .outcome(&guid, crate::connect_stand_in::Outcome::FailFirst(2));
    let codes: Vec<_> = (0..3)
        .map(|_| build_to_the_end(&connect, &guid)["code"].clone())
        .collect();
    assert_eq!(codes, [1, 1, 0]);
}
