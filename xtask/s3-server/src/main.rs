//! `s3-server`: a bucket to try things with, until it is interrupted. Prints what a client needs, as
//! lines for a shell.

use std::io::{self, Write as _};

use s3_server::{BUCKET, S3Server};

#[tokio::main]
async fn main() -> io::Result<()> {
    let server = S3Server::start().await?;
    let mut out = io::stdout().lock();
    writeln!(out, "export STORAGE_BUCKET='{BUCKET}'")?;
    for (name, value) in server.variables() {
        writeln!(out, "export {name}='{value}'")?;
    }
    out.flush()?;
    eprintln!("s3-server: serving until interrupted; nothing of it is kept");
    tokio::signal::ctrl_c().await
}
