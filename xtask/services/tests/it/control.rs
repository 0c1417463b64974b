//! Taking a server of one's own away, and bringing it back.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Ample for an answer on this machine; a hang is what it ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a paused server is listened to. Long enough for an answer, had it one.
const SILENCE: Duration = Duration::from_millis(300);

async fn rows(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(connection).await
}

#[tokio::test]
async fn a_postgres_comes_back_at_its_address_with_its_data() {
    let server = services::own_postgres().await.unwrap();
    let mut connection = PgConnection::connect(server.url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (); INSERT INTO kept DEFAULT VALUES")
        .execute(&mut connection)
        .await
        .unwrap();

    server.stop().await.unwrap();
    assert!(rows(&mut connection).await.is_err());
    assert!(PgConnection::connect(server.url()).await.is_err());

    server.start().await.unwrap();
    let mut connection = PgConnection::connect(server.url()).await.unwrap();
    assert_eq!(rows(&mut connection).await.unwrap(), 1);
}

#[tokio::test]
async fn a_paused_postgres_is_silent_in_every_session_and_then_goes_on() {
    let server = services::own_postgres().await.unwrap();
    let mut connection = PgConnection::connect(server.url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept ()").execute(&mut connection).await.unwrap();

    server.pause().await.unwrap();
    // The session that is open, and one that is not.
    let mut asked = Box::pin(rows(&mut connection));
    assert!(timeout(SILENCE, &mut asked).await.is_err());
    assert!(timeout(SILENCE, PgConnection::connect(server.url())).await.is_err());

    server.resume().await.unwrap();
    assert_eq!(timeout(PATIENCE, asked).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_valkey_can_be_taken_away_and_brought_back() {
    let server = services::own_valkey().await.unwrap();
    let address = server.url().trim_start_matches("redis://").to_owned();
    let ask = async || {
        let mut stream = TcpStream::connect(&address).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    assert_eq!(&ask().await.unwrap(), b"+PONG\r\n");

    server.pause().await.unwrap();
    assert!(timeout(SILENCE, ask()).await.is_err());
    server.resume().await.unwrap();
    assert_eq!(&timeout(PATIENCE, ask()).await.unwrap().unwrap(), b"+PONG\r\n");

    server.stop().await.unwrap();
    assert!(ask().await.is_err());
    server.start().await.unwrap();
    assert_eq!(&ask().await.unwrap(), b"+PONG\r\n");
}

#[tokio::test]
async fn a_paused_server_does_not_outlive_its_owner() {
    let server = services::own_postgres().await.unwrap();
    let address = url::Url::parse(server.url()).unwrap().port().unwrap();
    server.pause().await.unwrap();
    drop(server);
    let refused = TcpStream::connect(("127.0.0.1", address)).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}
