//! Telling our options from Helm's. All that is not ours goes to Helm as it came.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::announce::Banner;
use crate::overlay::invocation::OtherPostRenderer;
use crate::overlay::{Selection, TemporarySetting};

/// The flags of `helm upgrade` that take the next argument for their value, in all Helms that we
/// know. Where they stand, nothing behind them is taken for an option of ours.
const WITH_VALUE: &[&str] = &[
    "--burst-limit",
    "--ca-file",
    "--cert-file",
    "--color",
    "--colour",
    "--content-cache",
    "--description",
    "--history-max",
    "--key-file",
    "--keyring",
    "--kube-apiserver",
    "--kube-as-group",
    "--kube-as-user",
    "--kube-ca-file",
    "--kube-context",
    "--kube-tls-server-name",
    "--kube-token",
    "--kubeconfig",
    "--labels",
    "--namespace",
    "--output",
    "--password",
    "--qps",
    "--registry-config",
    "--repo",
    "--repository-cache",
    "--repository-config",
    "--server-side",
    "--set",
    "--set-file",
    "--set-json",
    "--set-literal",
    "--set-string",
    "--timeout",
    "--username",
    "--values",
    "--version",
];

/// The same of one letter.
const LETTERS_WITH_VALUE: &[char] = &['f', 'l', 'n', 'o'];

/// The command line, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// For Helm, as they came.
    pub helm: Vec<OsString>,
    /// For our post-renderer.
    pub overlay: Vec<OsString>,
    /// The user's own post-renderer.
    pub other: Option<OtherPostRenderer>,
    /// How long to wait for the server; `None`: not at all.
    pub wait: Option<Duration>,
    /// What the user tells Helm, as far as it matters to us.
    pub flags: HelmFlags,
}

/// What the user tells Helm.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct HelmFlags {
    pub release: Option<String>,
    pub namespace: Option<String>,
    pub kube_context: Option<String>,
    pub kubeconfig: Option<String>,
    pub description: bool,
    /// To print its help.
    pub help: bool,
    pub dry_run: bool,
}

impl HelmFlags {
    fn hear(&mut self, flag: &str, value: Option<&OsStr>) {
        let text = || value.map(|value| value.to_string_lossy().into_owned());
        match flag {
            "--namespace" | "-n" => self.namespace = text(),
            "--kube-context" => self.kube_context = text(),
            "--kubeconfig" => self.kubeconfig = text(),
            "--description" => self.description = true,
            "--help" | "-h" => self.help = true,
            "--dry-run" => {
                self.dry_run = !matches!(text().as_deref(), Some("none" | "false"));
            }
            _ => {}
        }
    }
}

impl Arguments {
    /// Sorts a command line. `length` reads a length of time.
    ///
    /// # Errors
    /// One of our options is not known, or its value cannot be meant.
    pub(crate) fn sort(
        args: &[OsString],
        length: fn(&str) -> Result<Duration, String>,
    ) -> anyhow::Result<Self> {
        let mut sorted = Self::default();
        let mut other_args = Vec::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let text = arg.to_string_lossy();
            let (name, attached) = match text.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (&*text, None),
            };
            let mut value = || -> anyhow::Result<OsString> {
                attached
                    .clone()
                    .or_else(|| args.next().cloned())
                    .with_context(|| format!("{name} needs a value"))
            };
            match name {
                "--overlay-set" => {
                    let value = value()?;
                    value.to_string_lossy().parse::<TemporarySetting>()?;
                    sorted.overlay.extend(["--set".into(), value]);
                }
                "--announce" => {
                    let value = value()?;
                    for banner in Banner::ALL {
                        let setting = format!("{}={}", banner.setting(), value.to_string_lossy());
                        setting.parse::<TemporarySetting>()?;
                        sorted.overlay.extend(["--set".into(), setting.into()]);
                    }
                }
                "--overlay-configmap" => {
                    let value = value()?;
                    let parsed = value.to_string_lossy().parse::<Selection>();
                    parsed.map_err(anyhow::Error::msg)?;
                    sorted.overlay.extend(["--configmap".into(), value]);
                }
                "--overlay-wait" => {
                    let time = attached.as_ref().map(|time| time.to_string_lossy());
                    let time = length(time.as_deref().unwrap_or("10m"));
                    sorted.wait = Some(time.map_err(anyhow::Error::msg)?);
                }
                "--overlay-allow-missing" => sorted.overlay.push("--allow-missing".into()),
                "--post-renderer" => {
                    sorted.other = Some(OtherPostRenderer {
                        name: value()?,
                        args: Vec::new(),
                    });
                }
                "--post-renderer-args" => other_args.push(value()?),
                name if name.starts_with("--overlay-") => bail!("unknown option {name}"),
                "--" => {
                    sorted.helm.push(arg.clone());
                    for arg in args.by_ref() {
                        sorted.positional(arg);
                    }
                }
                _ if WITH_VALUE.contains(&name) || takes_next(&text) => {
                    sorted.helm.push(arg.clone());
                    // A flag of one letter has its value behind it, with or without an equals sign.
                    let is_letter = !text.starts_with("--");
                    let flag = if is_letter {
                        &text[text.len() - 1..]
                    } else {
                        name
                    };
                    let flag = if is_letter {
                        format!("-{flag}")
                    } else {
                        flag.to_owned()
                    };
                    let value = match attached {
                        Some(value) if !is_letter => Some(value),
                        _ => args
                            .next()
                            .cloned()
                            .inspect(|next| sorted.helm.push(next.clone())),
                    };
                    sorted.flags.hear(&flag, value.as_deref());
                }
                _ if text.starts_with("--") => {
                    sorted.flags.hear(name, attached.as_deref());
                    sorted.helm.push(arg.clone());
                }
                _ if text.len() > 1 && text.starts_with('-') => {
                    let (flag, value) = attached_letter(&text);
                    sorted.flags.hear(flag, value.map(OsStr::new));
                    sorted.helm.push(arg.clone());
                }
                _ => sorted.positional(arg),
            }
        }
        match &mut sorted.other {
            Some(other) => other.args = other_args,
            None if other_args.is_empty() => {}
            None => bail!("--post-renderer-args without --post-renderer"),
        }
        Ok(sorted)
    }

    fn positional(&mut self, arg: &OsString) {
        if self.flags.release.is_none() {
            self.flags.release = Some(arg.to_string_lossy().into_owned());
        }
        self.helm.push(arg.clone());
    }
}

/// Whether flags of one letter, such as `-if`, end in one that takes the next argument.
fn takes_next(text: &str) -> bool {
    let Some(letters) = text.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
        return false;
    };
    // Behind the first that takes a value, all else is that value.
    letters.find(LETTERS_WITH_VALUE) == letters.len().checked_sub(1)
}

/// A flag of one letter, and the value that is attached to it: `-nspace`, `-n=space`.
fn attached_letter(text: &str) -> (&str, Option<&str>) {
    match text[1..].find(LETTERS_WITH_VALUE) {
        Some(0) => (&text[..2], Some(text[2..].trim_start_matches('='))),
        _ if text[1..].contains('h') => ("-h", None),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> Result<Duration, String> {
        match text {
            "10m" => Ok(Duration::from_secs(600)),
            other => Err(other.to_owned()),
        }
    }

    fn sorted(line: &str) -> anyhow::Result<Arguments> {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Arguments::sort(&args, length)
    }

    #[test]
    fn only_our_options_are_ours() {
        let line = "-i rsc c --set a=b --overlay-set Server.PublicWarning=x --post-renderer=k --post-renderer-args -x --description d --overlay-configmap n/c";
        let sorted = sorted(line).unwrap();
        assert_eq!(
            sorted.helm,
            ["-i", "rsc", "c", "--set", "a=b", "--description", "d"]
        );
        assert_eq!(
            sorted.overlay,
            ["--set", "Server.PublicWarning=x", "--configmap", "n/c"]
        );
        let other = OtherPostRenderer {
            name: "k".into(),
            args: vec!["-x".into()],
        };
        assert_eq!(sorted.other, Some(other));
        assert!(sorted.flags.description && !sorted.flags.dry_run);
        assert_eq!(sorted.flags.release.as_deref(), Some("rsc"));
    }

    #[test]
    fn an_announcement_is_two_settings() {
        let sorted = sorted("rsc c --announce Moved").unwrap();
        assert_eq!(
            sorted.overlay,
            [
                "--set",
                "Server.PublicWarning=Moved",
                "--set",
                "Server.LoggedInWarning=Moved"
            ]
        );
    }

    #[test]
    fn what_follows_a_flag_of_helms_is_its_value() {
        for line in [
            "--version 1 -i --description --overlay-set rsc c -f -",
            "-if values.yaml -- rsc --overlay-x --post-renderer",
            "--dry-run=none -nspace --set-string --post-renderer=x rsc",
        ] {
            let sorted = sorted(line).unwrap();
            assert_eq!(sorted.helm.join(OsStr::new(" ")), line);
            assert_eq!(sorted.flags.release.as_deref(), Some("rsc"), "{line}");
            assert_eq!((sorted.other, sorted.overlay.len()), (None, 0));
        }
        let flags = |line: &str| sorted(line).unwrap().flags;
        for line in [
            "-nspace r",
            "-n=space r",
            "-n space r",
            "--namespace=space",
            "-in space",
        ] {
            assert_eq!(flags(line).namespace.as_deref(), Some("space"), "{line}");
        }
        assert!(flags("r c --dry-run").dry_run && flags("--dry-run=server").dry_run);
        assert!(!flags("--dry-run=none").dry_run);
        assert!(flags("r -h").help && flags("--help").help && !flags("-- -h").help);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_before_helm_runs() {
        for line in [
            "--overlay-set",
            "--overlay-set Postgres.Password=x",
            "--overlay-sets x",
            "--overlay-wait=soon",
            "--overlay-configmap a/b/c",
            "--post-renderer-args x",
        ] {
            assert!(sorted(line).is_err(), "{line}");
        }
    }
}
