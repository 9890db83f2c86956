//! The codes of the account that rules give, besides those of the settings catalogue.

macro_rules! reasons {
    ($($name:ident = $code:literal: $text:literal,)+) => {
        $(#[doc = $text] pub const $name: &str = $code;)+

        /// Every code with what it means, sorted.
        pub const ALL: &[(&str, &str)] = &[$(($code, $text)),+];
    };
}

reasons! {
    BACKEND = "backend": "The backend that was asked for is not in the chart, or not in the Connect version.",
    CHART_REFUSES = "chart-refuses": "The chart that our rules were written from would not render with these values.",
    CHART_WRITES = "chart-writes": "The chart writes the setting from keys of its own, to which its value went.",
    CONNECT_VERSION = "connect-version": "Both servers must run the same Connect version.",
    COPY_FILE = "copy-file": "The setting names a file whose content belongs into the values.",
    DATA_DIRECTORY = "data-directory": "The shared volume is mounted where the data directory was.",
    CONTENT_IMAGES = "content-images": "Images for the content of the inventory: look whether they can be had.",
    DATABASE_NOT_POSTGRES = "database-not-postgres": "The database is SQLite, or not named, which means SQLite. Move to PostgreSQL on the old server first.",
    DATABASE_POSTGRES = "database-postgres": "PostgreSQL carries over.",
    EMPTY_VALUE = "empty-value": "A setting is empty that cannot be.",
    ENCRYPTED_VALUE = "encrypted-value": "Stays in config, as --encrypted says; the key file db/secret.key must move with the data directory.",
    IMAGE = "image": "The image that would be pulled is not among those that were built for this Connect.",
    KUBERNETES_BACKEND_ONLY = "kubernetes-backend-only": "Only the Kubernetes backend reads it, and the Launcher was chosen.",
    LAUNCHER_DATA_DIRECTORY = "launcher-data-directory": "Content's storage is a claim now; say which.",
    LAUNCHER_ONLY = "launcher-only": "Only the Launcher reads it, and the Kubernetes backend was chosen.",
    LICENSE = "license": "The new server needs an activation of its own.",
    LICENSE_SERVER = "license-server": "The license comes from a license server, which the chart must be told.",
    LICENSE_TYPE = "license-type": "The chart writes it from license.server.",
    LIST_CLEARED = "list-cleared": "A key alone empties a list of what came before it.",
    LISTEN_ADDRESS = "listen-address": "The pod, the service and the probes must use the port that the server listens on.",
    LOCALHOST = "localhost": "The value names the machine itself, which in a pod is the pod.",
    LOG_TO_STDOUT = "log-to-stdout": "In a pod logs go to standard output, where the cluster collects them.",
    NATIVE_BOOLEAN = "native-boolean": "The chart's templates test the value, so it is written as a boolean, not as text.",
    OVERRIDDEN = "overridden": "A later line sets another value.",
    OWN_VALUE_CUT = "own-value-cut": "A comment sign cuts a value of the administrator's own values.",
    PROMETHEUS_PORT = "prometheus-port": "The chart opens the port and writes the setting.",
    PUBLIC_ADDRESS = "public-address": "The address that people and content use; it stays, moves, or must be said.",
    RENAMED_SETTING = "renamed-setting": "A deprecated setting went to its successor, or could not.",
    REPEATED_SETTING = "repeated-setting": "A setting that is not known to repeat does; all its values are kept, as a list.",
    SECRET = "secret": "The Kubernetes Secret that the values refer to must be made.",
    SECRET_FILE = "secret-file": "A credential that a configuration file in a Kubernetes Secret gives to the server, as --secret-file says.",
    SECRET_IN_BASE = "secret-in-base": "A credential that the administrator's own values say.",
    SECRET_INLINE = "secret-inline": "A credential that stays in config, as --inline-secrets says.",
    SECRET_VARIABLE = "secret-variable": "A credential that the pod gets from a Kubernetes Secret as an environment variable.",
    SECRET_WITHOUT_VARIABLE = "secret-without-variable": "A credential that no environment variable can carry. Put it into a file in the Secret, encrypt it, or keep it inline.",
    STARTUP_TIME = "startup-time": "Pods start more slowly than processes, so the chart's longer time stays.",
    STORAGE = "storage": "The chart must be told where the data directory lies.",
    STORAGE_SIZE = "storage-size": "The claim that the chart makes needs a size.",
    SUBSTITUTED = "substituted": "A trial says something else here, or nothing: the setting would reach what production uses, or act by itself.",
    TRIAL = "trial": "What a trial leaves to the administrator.",
    UNKNOWN_SETTING = "unknown-setting": "A setting that the catalogue does not know passes on as it is.",
    UNREADABLE_VALUE = "unreadable-value": "The value does not read as what the setting takes; it passes on as it is.",
}
