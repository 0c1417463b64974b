//! `bare`: an axum server without plugins that does the JSON work of a host, to compare hosts with.

use std::path::PathBuf;

use axum::serve::ListenerExt as _;
use benches::prompt::Error;
use clap::Parser;
use tokio::net::TcpListener;

/// Serve what a host serves, without plugins: the least that HTTP and JSON cost.
///
/// `POST /echo` writes the request's envelope and reads it as the answer; `POST /handled` does besides
/// what a guest does: reads the envelope and writes an answer's.
#[derive(Debug, Parser)]
#[command(max_term_width = 100)]
struct Args {
    /// A file to write the base URL to, once it serves.
    #[arg(long)]
    ready_file: PathBuf,
}

// As many threads as the host has.
#[tokio::main]
async fn main() -> Result<(), Error> {
    let args = Args::parse();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    reference_server::server::write_ready_file(&args.ready_file, &url)?;
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    axum::serve(listener, benches::served::bare()).await?;
    Ok(())
}
