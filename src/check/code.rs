//! The list of checks: for each its group, its code and the function that judges it. docs/checks.md
//! has an entry for each, and a test holds the two together.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{
    Check, Judgement, cluster, configuration, data_directory, database, rebuild_time, runtimes,
    server, trial, values, versions,
};
use crate::connect::Language;

const NO_CONFIGURATION: &str = "no configuration given; --from FILE does";

const NO_SERVER: &str =
    "no server given; --server URL does, with CONNECT_API_KEY or --api-key-file FILE";

const NO_DATA_DIRECTORY: &str = if cfg!(unix) {
    "no data directory given; --data-dir DIR does, on the old server"
} else {
    "owners and mounts are looked at on the old server, with --data-dir DIR"
};

macro_rules! checks {
    ($(
        $(#[$group_doc:meta])*
        $group:ident = $title:literal, unless asked $reason:expr;
        fn $judge:ident($facts:ident: $known:ty) {
            $($(#[$doc:meta])* $variant:ident = $text:literal by $function:expr,)+
        }
    )+) => {
        /// Where the answer to a check comes from.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(rename_all = "kebab-case")]
        pub(crate) enum Group {
            $($(#[$group_doc])* $group,)+
        }

        impl Group {
            /// The heading above its checks.
            #[must_use]
            pub(crate) const fn title(self) -> &'static str {
                match self {
                    $(Self::$group => $title,)+
                }
            }

            /// Why nothing of it is known where nobody said where to look, and which flag does.
            const fn unasked_reason(self) -> &'static str {
                match self {
                    $(Self::$group => $reason,)+
                }
            }
        }

        /// A stable, documented name of a check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum CheckCode {
            $($($(#[$doc])* $variant,)+)+
        }

        impl CheckCode {
            /// Every check, in the order of the table.
            pub(crate) const ALL: &'static [Self] = &[$($(Self::$variant),+),+];

            /// The code as it is shown and documented.
            #[must_use]
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$variant => $text,)+)+
                }
            }

            /// Where its answer comes from.
            #[must_use]
            pub(crate) const fn group(self) -> Group {
                match self {
                    $($(Self::$variant)|+ => Group::$group,)+
                }
            }
        }

        $(
            /// Every check of the group, judged by what is known.
            pub(super) fn $judge($facts: $known) -> Vec<Check> {
                vec![$(CheckCode::$variant.judged(($function)($facts))),+]
            }
        )+
    };
}

checks! {
    /// The old server's configuration files.
    Configuration = "configuration", unless asked NO_CONFIGURATION;
    fn configuration(facts: &configuration::ConfigurationFacts<'_>) {
        /// The server keeps its data in PostgreSQL.
        DatabaseProvider = "database-provider" by configuration::provider,
        /// Usage has a place of its own, known to the new server too.
        DatabaseInstrumentation = "database-instrumentation" by configuration::instrumentation,
        /// Values that only the old server's key file can decrypt.
        EncryptedSettings = "encrypted-settings" by configuration::encrypted,
        HttpsTermination = "https-termination" by configuration::https,
        /// PAM and accounts of the old host.
        HostAccounts = "host-accounts" by configuration::accounts,
        /// Files of the old host that the pod needs.
        MountedFiles = "mounted-files" by configuration::files,
        /// Anything else that keeps the conversion from going on.
        ConfigurationBlockers = "configuration-blockers" by configuration::blockers,
        /// Settings that a person must look at.
        ConfigurationReview = "configuration-review" by configuration::review,
        /// What the conversion leaves to the administrator.
        ConfigurationTasks = "configuration-tasks" by configuration::tasks,
    }
    Database = "database", unless asked NO_CONFIGURATION;
    fn database(facts: &database::DatabaseFacts<'_>) {
        /// Pods would look for the database on themselves.
        DatabaseAddress = "database-address" by database::address,
        /// A real connection to the database from here.
        DatabaseConnection = "database-connection" by database::connected,
        /// The same connection from inside the cluster.
        DatabaseFromCluster = "database-from-cluster" by database::from_cluster,
    }
    /// The administrator's own values files.
    Values = "values", unless asked "no values given; -f FILE does";
    fn values(facts: &values::ValuesFacts<'_>) {
        /// The chart renders with these values.
        ValuesRender = "values-render" by values::render,
        /// Two ways to run content at once.
        ValuesBothBackends = "values-both-backends" by values::both_backends,
        /// What Connect reads is what stands there.
        ValuesRead = "values-read" by values::read,
        /// Values that Helm writes otherwise than they stand in the file.
        ValuesNumbers = "values-numbers" by values::numbers,
        /// Keys that differ from the chart's in case alone.
        ValuesSpelling = "values-case" by values::case,
        /// Defaults of the chart that change what the old server did.
        ValuesChartDefaults = "values-chart-defaults" by values::chart_defaults,
        /// Values that say something else than the old server.
        ValuesDisagree = "values-disagree" by values::disagree,
        /// The data directory and the volume.
        ValuesDataDirectory = "values-data-directory" by values::pairs::data_directory,
        /// The server's address and the ingress.
        ValuesAddress = "values-address" by values::pairs::address,
        /// The server's port and who asks it.
        ValuesPorts = "values-ports" by values::pairs::ports,
        ValuesLicense = "values-license" by values::pairs::license,
        ValuesNamespaces = "values-namespaces" by values::pairs::namespaces,
        /// How many servers, and on which database.
        ValuesReplicas = "values-replicas" by values::pairs::replicas,
    }
    /// Version numbers of everything that takes part.
    Versions = "versions", unless asked "no version is known";
    fn versions(facts: &versions::VersionFacts<'_>) {
        /// Both servers run the same Connect.
        ConnectVersion = "connect-version" by versions::connect,
        /// The image was built.
        ConnectImage = "connect-image" by versions::image,
        /// The backend fits the Connect version.
        BackendVersion = "backend-version" by versions::backend,
        /// Breaking changes of the chart in use.
        ChartVersion = "chart-version" by versions::chart,
        /// Helm is one that we know.
        HelmVersion = "helm-version" by versions::helm,
        /// The plugin's parts are of one version.
        PluginVersion = "plugin-version" by versions::plugin,
    }
    /// Runtimes that content uses, and images that have them.
    Runtimes = "runtimes", unless asked "what content uses is not known; --inventory FILE tells";
    fn runtimes(facts: &runtimes::RuntimeFacts<'_>) {
        RuntimesR = "runtimes-r" by |facts| runtimes::versions(facts, Language::R),
        RuntimesPython = "runtimes-python" by |facts| runtimes::versions(facts, Language::Python),
        RuntimesQuarto = "runtimes-quarto" by |facts| runtimes::versions(facts, Language::Quarto),
        RuntimesNodejs = "runtimes-nodejs" by |facts| runtimes::versions(facts, Language::Nodejs),
        RuntimesTensorflow = "runtimes-tensorflow" by |facts| runtimes::versions(facts, Language::Tensorflow),
        /// All languages of an item in one image.
        RuntimesTogether = "runtimes-together" by runtimes::together,
        /// How long the rebuild takes, by the last builds.
        RebuildTime = "rebuild-time" by rebuild_time::judge,
    }
    /// The data directory, walked.
    DataDirectory = "data directory", unless asked NO_DATA_DIRECTORY;
    fn data_directory(facts: &data_directory::Facts) {
        /// The kind of filesystem it lies on.
        DataFilesystem = "data-filesystem" by data_directory::filesystem,
        /// How large it is, and what is free.
        DataSize = "data-size" by data_directory::size,
        /// Whose files they are.
        DataOwners = "data-owners" by data_directory::owners,
        /// Keys that others can read.
        DataKeys = "data-keys" by data_directory::keys_of,
        /// Everything could be looked at.
        DataReadable = "data-readable" by data_directory::readable,
    }
    Cluster = "cluster", unless asked "the cluster was not asked; --cluster or --release NAME does";
    fn cluster(facts: cluster::Known<'_>) {
        /// A claim that every pod can write to.
        ClusterStorage = "cluster-storage" by cluster::storage,
        /// Secrets that the values name.
        ClusterSecrets = "cluster-secrets" by cluster::secrets,
        /// What else the objects of the release name.
        ClusterReferences = "cluster-references" by cluster::others,
        /// The release that is named.
        ClusterRelease = "cluster-release" by cluster::release,
        /// What the account in use may do.
        ClusterPermissions = "cluster-permissions" by cluster::permissions,
        /// The label that content's service accounts need.
        ClusterServiceAccounts = "cluster-service-accounts" by cluster::accounts,
        /// Quotas of the namespace.
        ClusterQuota = "cluster-quota" by cluster::quota,
        /// Two servers on one database.
        ClusterSharedDatabase = "cluster-shared-database" by cluster::shared_database,
        /// Pods that may be put off their node in the middle of a build.
        ClusterEviction = "cluster-eviction" by cluster::eviction,
        /// What the API server says to each object of the release.
        ClusterDryRun = "cluster-dry-run" by cluster::dry_run,
    }
    /// What a trial would share. Asked where the values are to be a trial's.
    Trial = "trial", unless asked "the cluster was not asked; --cluster or --release NAME does";
    fn trial(facts: &trial::TrialFacts<'_>) {
        /// Its values do nothing by themselves and share nothing.
        TrialValues = "trial-values" by |facts: &trial::TrialFacts<'_>| facts.server.in_values(),
        /// Nobody else mounts its claim.
        TrialClaim = "trial-claim" by |facts| trial::beside(facts, cluster::other_mounts),
        /// Its volume is no other's.
        TrialStorage = "trial-storage" by |facts| trial::beside(facts, cluster::other_volumes),
        /// No other Connect works on its database.
        TrialDatabase = "trial-database" by |facts| trial::beside(facts, cluster::other_servers),
        /// No other ingress serves its host.
        TrialIngress = "trial-ingress" by |facts| trial::beside(facts, cluster::other_ingresses),
    }
    /// The old server's license.
    License = "license", unless asked NO_SERVER;
    fn license(facts: &server::OldServerFacts<'_>) {
        LicenseStatus = "license-status" by server::status,
        /// It allows content in other pods.
        LicenseOffHost = "license-off-host" by server::off_host,
        /// The new server gets an activation.
        LicenseActivation = "license-activation" by server::activation,
    }
    /// The key to the server's API.
    ApiKey = "API key", unless asked NO_SERVER;
    fn api_key(facts: &server::OldServerFacts<'_>) {
        /// The server accepts it.
        ApiKeyValid = "api-key-valid" by server::valid,
        /// It is an administrator's.
        ApiKeyAdministrator = "api-key-administrator" by server::administrator,
    }
}

impl Group {
    /// Says of each of its checks that it was not asked: nobody said where to look.
    pub(super) fn unasked(self) -> Vec<Check> {
        self.not_asked(self.unasked_reason())
    }

    /// Says of each of its checks that it was not asked.
    pub(super) fn not_asked(self, why: &str) -> Vec<Check> {
        let mine = CheckCode::ALL.iter().filter(|code| code.group() == self);
        mine.map(|code| code.judged(Judgement::not_asked(why)))
            .collect()
    }

    /// How one of its checks comes out where nobody said where to look.
    pub(super) fn unasked_one(self) -> Judgement {
        Judgement::not_asked(self.unasked_reason())
    }
}

impl CheckCode {
    /// The check, with how it came out.
    pub(super) const fn judged(self, judgement: Judgement) -> Check {
        Check {
            code: self,
            group: self.group(),
            judgement,
        }
    }
}

impl fmt::Display for CheckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CheckCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes are an interface: each is documented, and nothing else is.
    #[test]
    fn every_check_is_documented() {
        let documented: Vec<&str> = include_str!("../../docs/checks.md")
            .lines()
            .filter_map(|line| line.strip_prefix("### "))
            .collect();
        let known: Vec<&str> = CheckCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(documented, known);
    }

    #[test]
    fn checks_stand_group_by_group() {
        let groups: Vec<_> = CheckCode::ALL.iter().map(|code| code.group()).collect();
        assert!(groups.is_sorted());
    }
}
