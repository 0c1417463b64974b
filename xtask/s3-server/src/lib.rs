//! A server that speaks S3, for tests: buckets in a throw-away folder, requests signed as Amazon has
//! them signed, over loopback HTTP. Apart from `services`, so that nobody compiles it for anything but
//! tests.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

const ACCESS_KEY: &str = "hostproof";
const SECRET_KEY: &str = "a secret of the tests";

/// The bucket that every server has.
pub const BUCKET: &str = "artifacts";

/// A running server. Gone, with everything in it, when dropped.
#[derive(Debug)]
pub struct S3Server {
    address: SocketAddr,
    folder: TempDir,
    serving: Option<AbortOnDropHandle<()>>,
}

impl S3Server {
    /// Starts a server with one empty bucket, [`BUCKET`], on a free port.
    ///
    /// # Errors
    /// No folder, or no port.
    pub async fn start() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join(BUCKET))?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let mut server = Self { address: listener.local_addr()?, folder, serving: None };
        server.serve(listener)?;
        Ok(server)
    }

    /// What a client needs, as the usual variables.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// The folder whose files are the bucket's objects.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// Closes every connection and takes no more.
    pub fn stop(&mut self) {
        self.serving = None;
    }

    /// Serves again, at the same address, what was there before.
    ///
    /// # Errors
    /// Somebody has taken the port meanwhile.
    pub async fn start_again(&mut self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        self.serve(listener)
    }

    fn serve(&mut self, listener: TcpListener) -> io::Result<()> {
        let files = s3s_fs::FileSystem::new(self.folder.path())
            .map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let serving = tokio::spawn(accept(listener, service.build()));
        self.serving = Some(AbortOnDropHandle::new(serving));
        Ok(())
    }
}

async fn accept(listener: TcpListener, service: S3Service) {
    // Aborted with this task.
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let service = service.clone();
        connections.spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            // A client that goes away is nobody's failure.
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
