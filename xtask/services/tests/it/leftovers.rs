//! What a run leaves on the machine, seen from outside.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A server that runs, as the machine knows it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) process: u32,
    /// The directory that is to go with it.
    pub(crate) directory: PathBuf,
    address: SocketAddr,
}

impl Server {
    /// Asks the Postgres at `url` where it keeps its data, and reads the rest from there.
    pub(crate) async fn of_postgres(url: &str) -> Self {
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap();
        let data: String =
            sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await.unwrap();
        let pid_file = fs::read_to_string(Path::new(&data).join("postmaster.pid")).unwrap();
        let process = pid_file.lines().next().unwrap().parse().unwrap();
        let directory = Path::new(&data).parent().unwrap().to_owned();
        Self { process, directory, address: address(url) }
    }

    /// Asks the Valkey at `url` the same.
    pub(crate) fn of_valkey(url: &str) -> Self {
        use std::io::{BufRead as _, BufReader, Write as _};
        let mut stream = TcpStream::connect(address(url)).unwrap();
        stream.write_all(b"CONFIG GET dir\r\nINFO server\r\n").unwrap();
        let lines = BufReader::new(stream).lines().map(Result::unwrap);
        let lines: Vec<String> = lines.take_while(|line| !line.starts_with("tcp_port")).collect();
        let directory = lines.iter().find(|line| line.starts_with('/')).unwrap().into();
        let process = lines.iter().find_map(|line| line.strip_prefix("process_id:")).unwrap();
        Self { process: process.parse().unwrap(), directory, address: address(url) }
    }

    pub(crate) fn runs(&self) -> bool {
        process_runs(self.process)
            && self.directory.exists()
            && TcpStream::connect(self.address).is_ok()
    }

    fn is_gone(&self) -> bool {
        !process_runs(self.process)
            && !self.directory.exists()
            && TcpStream::connect(self.address).is_err()
    }

    /// Waits until process, directory and port are free again.
    pub(crate) fn wait_until_gone(&self) {
        wait_until(&format!("{self:?} is gone"), || self.is_gone());
    }
}

/// Polls `condition`; fails the test when it does not come true in time.
pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "still not true: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process runs. One that has ended and waits to be asked for its status does not.
pub(crate) fn process_runs(id: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

fn address(url: &str) -> SocketAddr {
    let url = url::Url::parse(url).unwrap();
    SocketAddr::new(url.host_str().unwrap().parse().unwrap(), url.port().unwrap())
}
