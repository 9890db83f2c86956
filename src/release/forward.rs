//! A way to the server through the API server, as `kubectl port-forward` opens it.

use std::net::SocketAddr;

use anyhow::Context as _;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::access::Cluster;
use super::live::{Port, Workload};

/// Where Connect listens, unless the Service says otherwise.
const PORT: u16 = 3939;

/// A port on this machine that leads to a pod of a workload. Closed when dropped.
///
/// Each connection looks for a pod that is ready, so that it goes on to work when pods are replaced.
#[derive(Debug)]
pub(crate) struct Forward {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Forward {
    /// Opens a port on the loopback address.
    ///
    /// # Errors
    /// The cluster does not say which pod, or will not let us.
    pub(crate) async fn open(cluster: &Cluster, workload: &Workload) -> anyhow::Result<Self> {
        let port = match cluster.service_port(workload).await {
            Ok(port) => port.unwrap_or(Port::Number(PORT)),
            // The Service only says what is nearly always true.
            Err(_) => Port::Number(PORT),
        };
        // Tried once, so that what is wrong is said here and not as a broken connection.
        drop(connect(cluster, workload, &port).await?);
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("cannot open a port on this machine")?;
        let address = listener.local_addr()?;
        let (cluster, workload) = (cluster.clone(), workload.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (cluster, workload, port) = (cluster.clone(), workload.clone(), port.clone());
                // A failure closes the connection, which its other end knows how to deal with.
                tokio::spawn(async move { carry(stream, &cluster, &workload, &port).await });
            }
        });
        Ok(Self { address, task })
    }

    /// The URL that leads to the server.
    #[must_use]
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    mut stream: TcpStream,
    cluster: &Cluster,
    workload: &Workload,
    port: &Port,
) -> anyhow::Result<()> {
    let (mut forwarder, number) = connect(cluster, workload, port).await?;
    let mut pod = forwarder
        .take_stream(number)
        .context("the port is not forwarded")?;
    tokio::io::copy_bidirectional(&mut stream, &mut pod).await?;
    drop(pod);
    forwarder.join().await?;
    Ok(())
}

async fn connect(
    cluster: &Cluster,
    workload: &Workload,
    port: &Port,
) -> anyhow::Result<(kube::api::Portforwarder, u16)> {
    let pods = cluster.pods(workload).await?;
    let pod = pods
        .pods
        .iter()
        .find(|pod| pod.ready)
        .with_context(|| format!("no pod of {} {} is ready", workload.kind, workload.name))?;
    let number = port.in_pod(pod).unwrap_or(PORT);
    let api: Api<Pod> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let what = format!("forward a port of the pod {}", pod.name);
    let forwarder = api
        .portforward(&pod.name, &[number])
        .await
        .map_err(|error| explain(cluster, &what, error))?;
    Ok((forwarder, number))
}

/// The refusal of an upgrade carries a status code and no words.
fn explain(cluster: &Cluster, what: &str, error: kube::Error) -> anyhow::Error {
    use kube::client::UpgradeConnectionError::ProtocolSwitch;
    if let kube::Error::UpgradeConnection(ProtocolSwitch(status)) = &error
        && *status == http::StatusCode::FORBIDDEN
    {
        return super::AccessError::Forbidden {
            what: what.to_owned(),
            why: "pods/portforward is not among your rights (get and create)".to_owned(),
        }
        .into();
    }
    cluster.explain(what, error).into()
}
