//! What the tests have for it.

#[path = "../../../tests/cli/support/cluster.rs"]
pub mod cluster;
#[path = "../../../tests/cli/support/connect_server.rs"]
pub mod connect_server;
#[path = "../../../tests/cli/support/kubelet.rs"]
pub mod kubelet;
#[path = "../../../tests/cli/support/tools.rs"]
pub mod tools;
