//! A real PostgreSQL of the test's own, from Debian's package.
//!
//! It refuses to run as root, so a test that does lends it another account. Where it is not
//! installed, a test says so and passes, unless everything is required (see `tools`).

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools;

/// The account's password.
pub const PASSWORD: &str = "it's a secret";

/// A running PostgreSQL. It stops when it is dropped.
pub struct Postgres {
    folder: tempfile::TempDir,
    bin: PathBuf,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
}

impl Postgres {
    /// Starts one that speaks TLS with a certificate of its own; `None` where there is none.
    pub fn start() -> Option<Self> {
        let Some(bin) = bin() else {
            tools::missing("PostgreSQL (on Debian: apt-get install postgresql)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let postgres = Self { folder, bin, port };
        let path = postgres.folder.path();
        fs::write(path.join("password"), PASSWORD).unwrap();
        own(path);
        let data = postgres.data();
        let password = path.join("password");
        postgres.run(
            "initdb",
            &[
                "--username=connect",
                "--auth=scram-sha-256",
                &format!("--pwfile={}", password.display()),
                "--no-sync",
                &format!("--pgdata={}", data.display()),
            ],
        );
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(data.join("server.crt"), certificate.cert.pem()).unwrap();
        let key = data.join("server.key");
        fs::write(&key, certificate.signing_key.serialize_pem()).unwrap();
        private(&key);
        own(&data);
        postgres.run(
            "pg_ctl",
            &[
                "--wait",
                &format!("--pgdata={}", data.display()),
                &format!("--log={}", path.join("log").display()),
                &format!(
                    "--options=-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c ssl=on -c fsync=off"
                ),
                "start",
            ],
        );
        Some(postgres)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    #[track_caller]
    fn run(&self, program: &str, args: &[&str]) {
        let mut command = as_somebody(&self.bin.join(program));
        // pg_ctl's child would keep a pipe open.
        let log = self.folder.path().join(format!("{program}.out"));
        let status = command
            .args(args)
            .current_dir("/")
            .env("LC_ALL", "C")
            .stdout(fs::File::create(&log).unwrap())
            .stderr(fs::File::options().append(true).open(&log).unwrap())
            .status()
            .unwrap();
        let said = fs::read_to_string(&log).unwrap_or_default();
        let server = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(status.success(), "{program}: {said}\n{server}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = as_somebody(&self.bin.join("pg_ctl"))
            .current_dir("/")
            .args([
                "--wait",
                "--mode=immediate",
                &format!("--pgdata={}", self.data().display()),
                "stop",
            ])
            .output();
    }
}

/// Debian's folder of the newest version, or wherever the PATH has it.
fn bin() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&path))
        .find(|folder| {
            ["initdb", "pg_ctl", "postgres"]
                .iter()
                .all(|program| folder.join(program).exists())
        })
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// The account that Debian's package makes, or nobody.
fn somebody() -> &'static str {
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if accounts.lines().any(|line| line.starts_with("postgres:")) {
        "postgres"
    } else {
        "nobody"
    }
}

fn as_somebody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", somebody(), "--"]).arg(program);
    command
}

fn own(path: &Path) {
    if is_root() {
        let status = Command::new("chown")
            .args(["-R", somebody()])
            .arg(path)
            .status()
            .unwrap();
        assert!(status.success());
    }
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
