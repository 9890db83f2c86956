//! The list of checks. docs/checks.md has an entry for each, and a test holds the two together.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Check;

/// Where the answer to a check comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Group {
    /// The old server's configuration files.
    Configuration,
    Database,
    /// The administrator's own values files.
    Values,
    /// Version numbers of everything that takes part.
    Versions,
    /// Runtimes that content uses, and images that have them.
    Runtimes,
    /// The data directory, walked.
    DataDirectory,
    Cluster,
    /// The old server's license.
    License,
    /// The key to the server's API.
    ApiKey,
}

impl Group {
    /// The heading above its checks.
    #[must_use]
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Database => "database",
            Self::Values => "values",
            Self::Versions => "versions",
            Self::Runtimes => "runtimes",
            Self::DataDirectory => "data directory",
            Self::Cluster => "cluster",
            Self::License => "license",
            Self::ApiKey => "API key",
        }
    }
}

impl Group {
    /// Why nothing of it is known where nobody said where to look, and which flag does.
    const fn unasked_reason(self) -> &'static str {
        match self {
            Self::Configuration | Self::Database => "no configuration given; --from FILE does",
            Self::Values => "no values given; -f FILE does",
            Self::Versions => "the version is not known",
            Self::Runtimes => "what content uses is not known; --inventory FILE tells",
            Self::DataDirectory if cfg!(unix) => {
                "no data directory given; --data-dir DIR does, on the old server"
            }
            Self::DataDirectory => {
                "owners and mounts are looked at on the old server, with --data-dir DIR"
            }
            Self::Cluster => "the cluster was not asked; --cluster or --release NAME does",
            Self::License | Self::ApiKey => {
                "no server given; --server URL does, with CONNECT_API_KEY or --api-key-file FILE"
            }
        }
    }

    /// Says of each of its checks that it was not asked.
    pub(super) fn unasked(self) -> Vec<Check> {
        let mine = CheckCode::ALL.iter().filter(|code| code.group() == self);
        mine.map(|code| code.unasked()).collect()
    }
}

impl CheckCode {
    /// Says that nobody said where to look.
    pub(super) fn unasked(self) -> Check {
        Check::not_asked(self, self.group().unasked_reason())
    }
}

macro_rules! checks {
    ($($group:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ })+) => {
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
    };
}

checks! {
    Configuration {
        /// The server keeps its data in PostgreSQL.
        DatabaseProvider = "database-provider",
        /// Usage has a place of its own, known to the new server too.
        DatabaseInstrumentation = "database-instrumentation",
        /// Values that only the old server's key file can decrypt.
        EncryptedSettings = "encrypted-settings",
        HttpsTermination = "https-termination",
        /// PAM and accounts of the old host.
        HostAccounts = "host-accounts",
        /// Files of the old host that the pod needs.
        MountedFiles = "mounted-files",
        /// Anything else that keeps the conversion from going on.
        ConfigurationBlockers = "configuration-blockers",
        /// Settings that a person must look at.
        ConfigurationReview = "configuration-review",
        /// What the conversion leaves to the administrator.
        ConfigurationTasks = "configuration-tasks",
    }
    Database {
        /// Pods would look for the database on themselves.
        DatabaseAddress = "database-address",
        /// A real connection to the database from here.
        DatabaseConnection = "database-connection",
        /// The same connection from inside the cluster.
        DatabaseFromCluster = "database-from-cluster",
    }
    Values {
        /// The chart renders with these values.
        ValuesRender = "values-render",
        /// Two ways to run content at once.
        ValuesBothBackends = "values-both-backends",
        /// What Connect reads is what stands there.
        ValuesRead = "values-read",
        /// Values that Helm writes otherwise than they stand in the file.
        ValuesNumbers = "values-numbers",
        /// Keys that differ from the chart's in case alone.
        ValuesSpelling = "values-case",
        /// Defaults of the chart that change what the old server did.
        ValuesChartDefaults = "values-chart-defaults",
        /// Values that say something else than the old server.
        ValuesDisagree = "values-disagree",
        /// The data directory and the volume.
        ValuesDataDirectory = "values-data-directory",
        /// The server's address and the ingress.
        ValuesAddress = "values-address",
        /// The server's port and who asks it.
        ValuesPorts = "values-ports",
        ValuesLicense = "values-license",
        ValuesNamespaces = "values-namespaces",
        /// How many servers, and on which database.
        ValuesReplicas = "values-replicas",
    }
    Versions {
        /// Both servers run the same Connect.
        ConnectVersion = "connect-version",
        /// The image was built.
        ConnectImage = "connect-image",
        /// The backend fits the Connect version.
        BackendVersion = "backend-version",
        /// Breaking changes of the chart in use.
        ChartVersion = "chart-version",
        /// Helm is one that we know.
        HelmVersion = "helm-version",
        /// The plugin's parts are of one version.
        PluginVersion = "plugin-version",
    }
    Runtimes {
        RuntimesR = "runtimes-r",
        RuntimesPython = "runtimes-python",
        RuntimesQuarto = "runtimes-quarto",
        RuntimesNodejs = "runtimes-nodejs",
        RuntimesTensorflow = "runtimes-tensorflow",
        /// All languages of an item in one image.
        RuntimesTogether = "runtimes-together",
        /// How long the rebuild takes, by the last builds.
        RebuildTime = "rebuild-time",
    }
    DataDirectory {
        /// The kind of filesystem it lies on.
        DataFilesystem = "data-filesystem",
        /// How large it is, and what is free.
        DataSize = "data-size",
        /// Whose files they are.
        DataOwners = "data-owners",
        /// Keys that others can read.
        DataKeys = "data-keys",
        /// Everything could be looked at.
        DataReadable = "data-readable",
    }
    Cluster {
        /// A claim that every pod can write to.
        ClusterStorage = "cluster-storage",
        /// Secrets that the values name.
        ClusterSecrets = "cluster-secrets",
        /// What else the objects of the release name.
        ClusterReferences = "cluster-references",
        /// The release that is named.
        ClusterRelease = "cluster-release",
        /// What the account in use may do.
        ClusterPermissions = "cluster-permissions",
        /// The label that content's service accounts need.
        ClusterServiceAccounts = "cluster-service-accounts",
        /// Quotas of the namespace.
        ClusterQuota = "cluster-quota",
        /// Two servers on one database.
        ClusterSharedDatabase = "cluster-shared-database",
        /// Pods that may be put off their node in the middle of a build.
        ClusterEviction = "cluster-eviction",
        /// What the API server says to each object of the release.
        ClusterDryRun = "cluster-dry-run",
    }
    License {
        LicenseStatus = "license-status",
        /// It allows content in other pods.
        LicenseOffHost = "license-off-host",
        /// The new server gets an activation.
        LicenseActivation = "license-activation",
    }
    ApiKey {
        /// The server accepts it.
        ApiKeyValid = "api-key-valid",
        /// It is an administrator's.
        ApiKeyAdministrator = "api-key-administrator",
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
