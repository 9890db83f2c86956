//! Who runs us, and which other post-renderers Helm 4 knows.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::yaml::{Node, load};

/// Whether Helm 4 runs this process as a post-renderer.
///
/// A plugin is told its name and folder by both Helms, in all its roles; only what the folder's
/// plugin.yaml says tells them apart.
#[must_use]
pub fn is_helm_4_post_renderer() -> bool {
    std::env::var_os("HELM_PLUGIN_NAME").is_some()
        && std::env::var_os("HELM_PLUGIN_DIR")
            .is_some_and(|folder| post_renderer(Path::new(&folder)).is_some())
}

/// The manifest of a Helm 4 post-renderer, if a folder holds one.
fn post_renderer(folder: &Path) -> Option<Node> {
    let text = std::fs::read_to_string(folder.join("plugin.yaml")).ok()?;
    let root = load(&text).ok()?.into_iter().next()?;
    let kind = root.get("type")?.as_str()?;
    (kind == "postrenderer/v1").then_some(root)
}

/// The name of the post-renderer in a folder.
#[must_use]
pub fn plugin_name(folder: &Path) -> Option<String> {
    Some(post_renderer(folder)?.get("name")?.as_str()?.to_owned())
}

/// The command of another post-renderer plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginCommand {
    pub folder: PathBuf,
    /// The program and its arguments.
    pub command: Vec<String>,
}

/// Finds the post-renderer plugin of a name in a list of plugin folders (`HELM_PLUGINS`), with the
/// command that it has for this system.
#[must_use]
pub fn find_post_renderer(plugins: &OsStr, name: &str) -> Option<PluginCommand> {
    std::env::split_paths(plugins)
        .filter_map(|list| std::fs::read_dir(list).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find_map(|folder| {
            let manifest = post_renderer(&folder)?;
            let is_it = manifest.get("name").and_then(Node::as_str) == Some(name);
            let subprocess = manifest
                .get("runtime")
                .and_then(Node::as_str)
                .is_none_or(|runtime| runtime == "subprocess");
            let command = (is_it && subprocess).then(|| command(&manifest, &folder))??;
            Some(PluginCommand { folder, command })
        })
}

/// The first entry that fits system and architecture best, as Helm picks it.
fn command(manifest: &Node, folder: &Path) -> Option<Vec<String>> {
    let entries = manifest.at(&["runtimeConfig", "platformCommand"])?.items();
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    let text = |node: &Node, key: &str| {
        let text = node.get(key).and_then(Node::as_str).unwrap_or_default();
        text.to_lowercase()
    };
    let fits = |want_os: &str, want_arch: &str| {
        entries
            .iter()
            .find(|entry| text(entry, "os") == want_os && text(entry, "arch") == want_arch)
    };
    let entry = fits(os, arch)
        .or_else(|| fits(os, ""))
        .or_else(|| fits("", arch))
        .or_else(|| fits("", ""))?;
    // Helm splits at blanks first and puts the environment in then.
    let words = entry.get("command")?.as_str()?.split_whitespace();
    let args = entry.get("args").map_or(&[][..], Node::items);
    let command = words
        .map(str::to_owned)
        .chain(args.iter().filter_map(|arg| Some(arg.as_str()?.to_owned())))
        .map(|word| expand(&word, folder))
        .collect::<Vec<_>>();
    (!command.is_empty()).then_some(command)
}

/// Puts variables of the environment in, `$NAME` and `${NAME}`.
fn expand(text: &str, folder: &Path) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let braced = behind
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'));
        let (name, after) = braced.unwrap_or_else(|| {
            let end = behind
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(behind.len());
            behind.split_at(end)
        });
        if name == "HELM_PLUGIN_DIR" {
            out.push_str(&folder.to_string_lossy());
        } else if !name.is_empty() {
            out.push_str(&std::env::var(name).unwrap_or_default());
        } else {
            out.push('$');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_renderer_is_found_with_its_command() {
        let plugins = tempfile::tempdir().unwrap();
        let folder = plugins.path().join("a b");
        std::fs::create_dir(&folder).unwrap();
        let manifest = "apiVersion: v1\ntype: postrenderer/v1\nname: x\nruntime: subprocess\nruntimeConfig:\n  platformCommand:\n  - {os: plan9, command: no}\n  - {command: '${HELM_PLUGIN_DIR}/x.sh one', args: [two three]}\n";
        std::fs::write(folder.join("plugin.yaml"), manifest).unwrap();
        let found = find_post_renderer(plugins.path().as_os_str(), "x").unwrap();
        let program = folder.join("x.sh").to_string_lossy().into_owned();
        assert_eq!(found.command, [&*program, "one", "two three"]);
        assert_eq!(find_post_renderer(plugins.path().as_os_str(), "y"), None);
        assert_eq!(plugin_name(&folder).as_deref(), Some("x"));
    }
}
