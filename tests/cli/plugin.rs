//! The plugin in each real Helm: installed, run, updated, removed.

use std::path::{Path, PathBuf};

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::support::home::Home;
use crate::support::package::{
    VERSION, archive, archives, binary, copy_of_the_plugin, install_probe, probe_archives,
    run_version, write_probe,
};
use crate::support::server::Server;
use crate::support::tools::{Helm, helms};

/// Runs what shows that the real binary is what Helm starts, then takes the plugin away again.
fn works_and_goes(home: &Home, helm: &Helm) {
    home.helm(helm)
        .args(["connect-migrate", "version", "--output", "json"])
        .assert()
        .success()
        .stdout(contains(format!("\"version\": \"{VERSION}\"")));
    home.helm(helm)
        .args(["connect-migrate", "--help"])
        .assert()
        .success()
        .stdout(contains("Usage: helm connect-migrate"));
    home.helm(helm)
        .args(["connect-migrate", "no-such-command"])
        .assert()
        .code(2)
        .stderr(contains("no-such-command"));
    home.helm(helm)
        .args(["plugin", "uninstall", "connect-migrate"])
        .assert()
        .success();
    assert_eq!(
        home.installed(),
        [""; 0],
        "Helm {} left something",
        helm.version
    );
}

#[test]
fn installs_from_a_folder() {
    for helm in helms() {
        let home = Home::new();
        let folder = home.path().join("a clone/connect-migrate");
        copy_of_the_plugin(&folder);
        home.install(&helm, &folder)
            .env("CONNECT_MIGRATE_BIN", binary())
            .assert()
            .success();
        home.helm(&helm)
            .args(["plugin", "list"])
            .assert()
            .success()
            .stdout(contains("connect-migrate").and(contains(VERSION)));
        works_and_goes(&home, &helm);
    }
}

#[test]
fn installs_from_a_release_archive() {
    let server = Server::start(archives());
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let for_all = archive(archives(), "helm-connect-migrate");
    let for_helm_4 = archive(archives(), "connect-migrate");
    for helm in helms() {
        let mut sources = vec![format!("{}/{}", server.url, name(for_all.clone()))];
        if helm.is_four() {
            sources.push(format!("{}/{}", server.url, name(for_helm_4.clone())));
            sources.push(for_helm_4.to_str().unwrap().to_owned());
        }
        for source in sources {
            let home = Home::new();
            home.install(&helm, source).assert().success();
            works_and_goes(&home, &helm);
        }
    }
}

#[test]
fn installs_from_an_unpacked_archive() {
    for helm in helms() {
        let home = Home::new();
        let folder = home.path().join("connect-migrate");
        unpack(&archive(archives(), "helm-connect-migrate"), &folder);
        home.install(&helm, &folder).assert().success();
        works_and_goes(&home, &helm);
    }
}

fn unpack(archive: &Path, into: &Path) {
    std::fs::create_dir_all(into).unwrap();
    let status = std::process::Command::new("tar")
        .arg("-xzf")
        .arg(archive)
        .arg("-C")
        .arg(into)
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn flags_that_helm_keeps_arrive_in_the_environment() {
    for helm in helms() {
        let home = Home::new();
        install_probe(&home, &helm);
        let kubeconfig = home.path().join("kubeconfig of mine");
        home.helm(&helm)
            .args(["connect-migrate", "values", "-n", "team", "--from", "a b"])
            .args(["--kube-context", "blue", "--kubeconfig"])
            .arg(&kubeconfig)
            .assert()
            .success()
            .stdout(format!(
                "args=[values --from a b] namespace=[team] context=[blue] kubeconfig=[{}]\n",
                kubeconfig.display()
            ));
    }
}

#[test]
fn exit_codes_pass_through() {
    for helm in helms() {
        let home = Home::new();
        install_probe(&home, &helm);
        for code in [0, 1, 3, 4, 6] {
            home.helm(&helm)
                .args(["connect-migrate", "exit", &code.to_string()])
                .assert()
                .code(code);
        }
    }
}

/// Runs git in a folder, as nobody in particular.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_update_brings_the_next_version() {
    for helm in helms() {
        let home = Home::new();
        // Helm takes only a URL for a repository; git can read one off a plain web server.
        let web = home.path().join("web");
        let repository = web.join("connect-migrate.git");
        let clone = home.path().join("clone");
        copy_of_the_plugin(&clone);
        git(&clone, &["init", "--quiet", "--initial-branch=main"]);
        git(&clone, &["add", "--all"]);
        git(&clone, &["commit", "--quiet", "--message=one"]);
        std::fs::create_dir(&web).unwrap();
        git(
            &clone,
            &[
                "clone",
                "--quiet",
                "--bare",
                ".",
                repository.to_str().unwrap(),
            ],
        );
        git(&repository, &["update-server-info"]);
        let server = Server::start(&web);

        let old = home.path().join("old");
        write_probe(&old, VERSION);
        home.install(&helm, format!("{}/connect-migrate.git", server.url))
            .env("CONNECT_MIGRATE_BIN", &old)
            .assert()
            .success();
        let plugin = home.plugins().join("connect-migrate.git");
        // Helm updates no plugin whose folder git calls modified.
        assert_eq!(git(&plugin, &["status", "--porcelain"]), "");

        run_version(&clone, "99.0.0");
        git(&clone, &["commit", "--quiet", "--all", "--message=two"]);
        git(
            &clone,
            &["push", "--quiet", repository.to_str().unwrap(), "main"],
        );
        git(&repository, &["update-server-info"]);
        let new = home.path().join("new");
        write_probe(&new, "99.0.0");
        home.helm(&helm)
            .args(["plugin", "update", "connect-migrate"])
            .env("CONNECT_MIGRATE_BIN", &new)
            .assert()
            .success();
        home.helm(&helm)
            .args(["connect-migrate", "--version"])
            .assert()
            .success()
            .stdout("helm-connect-migrate 99.0.0\n");
        assert_eq!(git(&plugin, &["status", "--porcelain"]), "");
    }
}

#[test]
fn a_failing_hook_says_what_to_do() {
    for helm in helms() {
        let home = Home::new();
        let folder = home.path().join("connect-migrate");
        copy_of_the_plugin(&folder);
        home.install(&helm, &folder)
            .env("CONNECT_MIGRATE_BIN", "/nowhere/helm-connect-migrate")
            .assert()
            .failure()
            .stderr(contains(
                "connect-migrate: CONNECT_MIGRATE_BIN names no file: /nowhere/helm-connect-migrate",
            ));
        assert!(!folder.join("bin/helm-connect-migrate").exists());
    }
}

#[test]
fn a_second_plugin_of_the_name_takes_itself_out_again() {
    for helm in helms().into_iter().filter(Helm::is_four) {
        let plugin = archive(probe_archives(), "connect-migrate");
        let post_renderer = archive(probe_archives(), "connect-migrate-post-renderer");
        for (first, second, hint) in [
            (
                &plugin,
                &post_renderer,
                "use 'helm connect-migrate upgrade'",
            ),
            (
                &post_renderer,
                &plugin,
                "helm plugin uninstall connect-migrate",
            ),
        ] {
            let home = Home::new();
            home.install(&helm, first).assert().success();
            home.install(&helm, second)
                .assert()
                .failure()
                .stderr(contains("Helm loads no plugin while there are two").and(contains(hint)));
            home.helm(&helm)
                .args(["plugin", "list"])
                .assert()
                .success()
                .stdout(contains("connect-migrate"))
                .stderr("");
        }
    }
}

#[test]
fn a_second_clone_takes_itself_out_again() {
    for helm in helms() {
        let home = Home::new();
        install_probe(&home, &helm);
        let second = home.path().join("second/connect-migrate-again");
        copy_of_the_plugin(&second);
        home.install(&helm, &second)
            .assert()
            .failure()
            .stderr(contains("Helm loads no plugin while there are two"));
        // Only the link to it is gone.
        assert!(second.join("plugin.yaml").exists());
        assert_eq!(home.installed(), ["connect-migrate"]);
        home.helm(&helm)
            .args(["connect-migrate", "values"])
            .assert()
            .success();
    }
}
