//! How a Helm is told to run us as its post-renderer.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::helm::{find_post_renderer, plugin_name};
use crate::helm::Major;

/// The name that our post-renderer has for Helm 4.
const NAME: &str = "connect-migrate";

/// What Helm is told.
#[derive(Debug, Default)]
pub struct Invocation {
    /// Plugin folders for this one call; `None` where Helm's own are right.
    pub plugins: Option<OsString>,
    /// Flags for `helm upgrade`, `helm install` and `helm template`.
    pub flags: Vec<OsString>,
    /// More environment for this one call.
    pub environment: Vec<(&'static str, OsString)>,
    /// A plugin folder that lives as long as this.
    pub folder: Option<tempfile::TempDir>,
}

/// The same, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FlagsReport {
    schema: u32,
    /// Variables that Helm needs for this one call.
    pub environment: BTreeMap<&'static str, String>,
    pub flags: Vec<String>,
}

impl Invocation {
    pub(crate) fn report(&self) -> FlagsReport {
        let text = |word: &OsString| word.to_string_lossy().into_owned();
        let plugins = self
            .plugins
            .iter()
            .map(|plugins| ("HELM_PLUGINS", text(plugins)));
        FlagsReport {
            schema: 1,
            environment: plugins.collect(),
            flags: self.flags.iter().map(text).collect(),
        }
    }
}

/// Another post-renderer that the user asked Helm for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherPostRenderer {
    /// As given to `--post-renderer`.
    pub name: OsString,
    /// As given to `--post-renderer-args`.
    pub args: Vec<OsString>,
}

/// How a Helm runs our post-renderer with these arguments, and another one behind it.
///
/// For Helm 4, `plugins` is its list of plugin folders. Our post-renderer is not in it: a folder
/// with it is added for the one call, so that a Helm 3 beside it stays intact.
///
/// # Errors
/// We do not know our own path, or the other post-renderer is no plugin of this Helm.
pub(crate) fn invocation(
    major: Major,
    plugins: &std::ffi::OsStr,
    mut args: Vec<OsString>,
    other: Option<&OtherPostRenderer>,
) -> anyhow::Result<Invocation> {
    let program = std::env::current_exe().context("cannot find out our own path")?;
    let mut invocation = Invocation::default();
    match major {
        Major::Three => {
            if let Some(other) = other {
                args.push("--then".into());
                args.push(other.name.clone());
                args.extend(other.args.iter().cloned());
            }
            invocation
                .flags
                .extend(["--post-renderer".into(), program.into()]);
            args.insert(0, "post-render".into());
        }
        Major::Four => {
            if let Some(other) = other {
                let name = other.name.to_string_lossy();
                let found = find_post_renderer(plugins, &name).with_context(|| {
                    format!(
                        "this Helm has no post-renderer plugin {name} with a command for this system"
                    )
                })?;
                args.extend(["--then-plugin".into(), found.folder.into(), "--then".into()]);
                args.extend(found.command.into_iter().map(OsString::from));
                args.extend(other.args.iter().cloned());
            }
            let folder = match private_folder(&program) {
                Some(folder) => folder,
                None => {
                    let folder = make_folder(&program)?;
                    invocation
                        .environment
                        .push(("CONNECT_MIGRATE_PROGRAM", program.into()));
                    let path = folder.path().to_path_buf();
                    invocation.folder = Some(folder);
                    path
                }
            };
            let list = std::env::split_paths(plugins).filter(|path| !path.as_os_str().is_empty());
            // In front, so that a post-renderer of our name from an archive does not take our place.
            let list = std::iter::once(folder).chain(list);
            invocation.plugins = Some(std::env::join_paths(list).context(
                "our folder's path cannot be a part of HELM_PLUGINS: it holds a list separator",
            )?);
            invocation
                .flags
                .extend(["--post-renderer".into(), NAME.into()]);
        }
    }
    for arg in args {
        // In one word, so that an argument that looks like a flag is none to Helm.
        let mut flag = OsString::from("--post-renderer-args=");
        flag.push(arg);
        invocation.flags.push(flag);
    }
    Ok(invocation)
}

/// The folder beside our program in an installed plugin.
fn private_folder(program: &Path) -> Option<PathBuf> {
    let program = std::fs::canonicalize(program).ok()?;
    let folder = program.parent()?.parent()?.join("helm4");
    let known = plugin_name(&folder.join(NAME)).as_deref() == Some(NAME);
    let in_bin = program.parent()?.file_name()? == "bin";
    (known && in_bin).then_some(folder)
}

/// A folder for a program that stands alone.
fn make_folder(program: &Path) -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("connect-migrate-")
        .tempdir()
        .with_context(|| format!("cannot make a plugin folder for {}", program.display()))?;
    let plugin = folder.path().join(NAME);
    std::fs::create_dir(&plugin)?;
    // Helm splits the command at blanks before it puts variables in, so that a variable may hold
    // a path with blanks.
    let manifest = format!(
        "apiVersion: v1\ntype: postrenderer/v1\nname: {NAME}\nversion: {}\nruntime: subprocess\nruntimeConfig:\n  platformCommand:\n    - command: ${{CONNECT_MIGRATE_PROGRAM}}\n      args: [post-render]\n",
        env!("CARGO_PKG_VERSION")
    );
    std::fs::write(plugin.join("plugin.yaml"), manifest)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_post_renderer_of_helm_3_is_chained() {
        let other = OtherPostRenderer {
            name: "k.sh".into(),
            args: vec!["-x".into()],
        };
        let told = invocation(
            Major::Three,
            "".as_ref(),
            vec!["--allow-missing".into()],
            Some(&other),
        )
        .unwrap();
        let flags: Vec<_> = told.flags[2..]
            .iter()
            .map(|f| f.to_string_lossy())
            .collect();
        assert_eq!(
            flags.join(" "),
            "--post-renderer-args=post-render --post-renderer-args=--allow-missing --post-renderer-args=--then --post-renderer-args=k.sh --post-renderer-args=-x"
        );
    }
}
