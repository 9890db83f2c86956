//! `rebuild --in-cluster`: the same as a Job in the release's namespace.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::run::Run;
use crate::cli::connect::Missing;
use crate::cli::{Exit, Global};
use crate::connect::Server;
use crate::output::{self, Format};
use crate::rebuild::in_cluster::{self, KeyReference, Start, Task};
use crate::rebuild::progress::Progress;

/// The key of a Secret where none is named.
const KEY: &str = "api-key";

/// Where the work is done.
#[derive(Debug, Args)]
pub(super) struct InClusterArgs {
    /// Do it as a Job in the namespace of --release, and follow it: Ctrl-C detaches, the Job goes on
    #[arg(
        long,
        help_heading = "In the cluster",
        requires = "image",
        conflicts_with = "dry_run"
    )]
    in_cluster: bool,

    /// Follow a Job that was begun before
    #[arg(
        long,
        help_heading = "In the cluster",
        conflicts_with_all = ["in_cluster", "dry_run", "from", "guid", "guids_file", "all", "top", "restart"]
    )]
    attach: bool,

    /// Print the manifests instead, for GitOps; the key only by --api-key-secret
    #[arg(long, help_heading = "In the cluster", requires = "in_cluster")]
    print: bool,

    /// Image that holds this program (the Dockerfile makes one)
    #[arg(long, value_name = "IMAGE", help_heading = "In the cluster")]
    image: Option<String>,

    /// Secret that holds the API key, with the key's name in it if that is not api-key; without it,
    /// a Secret is made, and removed in the end
    #[arg(long, value_name = "NAME[/KEY]", help_heading = "In the cluster")]
    api_key_secret: Option<SecretName>,

    /// Address of the server in the cluster (default: that of the release's Service)
    #[arg(long, value_name = "URL", help_heading = "In the cluster")]
    service_url: Option<Server>,

    /// Claim in the namespace that keeps the journal, instead of the pod's own disk: for journals of more
    /// than some ten thousand items. Group 65532 must be able to write to it
    #[arg(
        long,
        value_name = "NAME",
        requires = "in_cluster",
        help_heading = "In the cluster"
    )]
    claim: Option<String>,

    /// ConfigMap that holds a copy of the journal: what the Job's pod is run with
    #[arg(long, value_name = "NAME", hide = true)]
    pub(super) journal_copy: Option<String>,

    /// The journal's folder outlasts the pod, so that its copy may fall behind
    #[arg(long, requires = "journal_copy", hide = true)]
    pub(super) journal_kept: bool,
}

#[derive(Debug, Clone)]
struct SecretName(KeyReference);

impl FromStr for SecretName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (secret, key) = text.split_once('/').unwrap_or((text, KEY));
        if secret.is_empty() || key.is_empty() {
            return Err("a Secret is named as NAME or NAME/KEY".to_owned());
        }
        Ok(Self(KeyReference {
            secret: secret.to_owned(),
            key: key.to_owned(),
        }))
    }
}

impl InClusterArgs {
    /// Whether the cluster is where it is done.
    pub(super) const fn is_asked_for(&self) -> bool {
        self.in_cluster || self.attach
    }

    /// Does it there.
    ///
    /// # Errors
    /// Something is missing, the cluster refuses, or the Job could not go on.
    pub(super) async fn run(&self, run: &Run, global: &Global) -> anyhow::Result<Exit> {
        let release = run.place.release()?.to_owned();
        let cluster = global.access().open().await?;
        let server: Server = match &self.service_url {
            Some(server) => server.clone(),
            None => in_cluster::service(&cluster, &release).await?.parse()?,
        };
        let home = run.place.folder(Some(&server))?;
        if self.in_cluster {
            let made = in_cluster::made_secret(&release);
            let key = self.api_key_secret.clone().map(|SecretName(key)| key);
            let selection = run.choice.selection()?;
            if selection.is_none() && (run.restart || !home.exists()) {
                return Err(run.nothing_chosen().into());
            }
            let task = Task {
                namespace: cluster.namespace.clone(),
                release: release.clone(),
                image: self.image.clone().unwrap_or_default(),
                server: server.to_string(),
                list: selection
                    .map(|chosen| in_cluster::list(&chosen))
                    .transpose()?
                    .flatten(),
                claim: self.claim.clone(),
                certificates: run.connect.certificates()?,
                arguments: run.arguments(),
                key: key.clone().unwrap_or(KeyReference {
                    secret: made,
                    key: KEY.to_owned(),
                }),
            };
            if self.print {
                if key.is_none() {
                    return Err(Missing(
                        "a key is not printed: name the Secret that holds it with \
                         --api-key-secret NAME[/KEY]"
                            .to_owned(),
                    )
                    .into());
                }
                for object in in_cluster::print(&task)? {
                    output::data(output::streamed(Format::Yaml, &object)?.as_bytes())?;
                }
                return Ok(Exit::Done);
            }
            let made = match key {
                Some(_) => None,
                None => Some(run.connect.key()?),
            };
            let start = Start {
                key: made,
                home: &home,
                afresh: run.restart,
                asks: !run.yes,
            };
            if let Some(ending) = start.confirmed(&cluster, &task).await? {
                return Ok(run.exit(ending)?);
            }
        }
        let progress = Progress::of(run.output);
        let ending = in_cluster::follow(&cluster, &release, &home, &progress).await?;
        Ok(run.exit(ending)?)
    }
}

/// A length of time as an argument.
pub(super) fn argument(name: &str, time: Duration) -> String {
    format!("--{name}={}s", time.as_secs_f64())
}
