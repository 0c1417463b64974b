//! The host's own connections, and how long it waits for them.
//!
//! Two waits are bounded: for a connection, and for a statement's answer. Postgres ends a statement
//! that takes too long by itself; the host looks at its own clock as well, because a server that
//! hangs, or a network that swallows everything, ends nothing. Whoever waited in vain is told that
//! the database is away.
//!
//! The pool is an executor, so that a store hands it to a query like any other and cannot forget
//! the bounds. What takes several statements is run by [`CorePool::bounded`].

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryFutureExt as _, TryStreamExt as _};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo,
};
use sqlx::{
    Connection as _, Either, Error, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr,
    Transaction,
};

use crate::config::DatabaseConfig;
use crate::metrics::PoolState;

/// Connections as the host's own user, and the bounds on waiting for them.
#[derive(Clone, Debug)]
pub(crate) struct CorePool {
    pool: PgPool,
    max: u32,
    acquire_timeout: Duration,
    statement_timeout: Duration,
}

impl CorePool {
    /// Connects once; further connections are made when they are needed.
    pub(crate) async fn connect(
        options: PgConnectOptions,
        config: &DatabaseConfig,
    ) -> Result<Self, Error> {
        let timeout = config.statement_timeout.as_millis().max(1).to_string();
        let options =
            options.application_name("hostproof").options([("statement_timeout", timeout)]);
        let pool = pool_of(config, config.core_connections).connect_with(options).await?;
        Ok(Self {
            pool,
            max: config.core_connections,
            acquire_timeout: config.acquire_timeout,
            statement_timeout: config.statement_timeout,
        })
    }

    /// The same for other uses of the database, with so many connections, made when they are needed.
    pub(crate) fn apart(options: PgConnectOptions, config: &DatabaseConfig, most: u32) -> Self {
        let pool = pool_of(config, most).connect_lazy_with(options);
        Self {
            pool,
            max: most,
            acquire_timeout: config.acquire_timeout,
            statement_timeout: config.statement_timeout,
        }
    }

    /// Runs work of several statements on one connection, within the time of one statement after
    /// the wait for a connection.
    pub(crate) fn bounded<'w, T: Send + 'w>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'w,
    ) -> BoxFuture<'w, Result<T, Error>> {
        in_time(self.acquire_timeout + self.statement_timeout, work)
    }

    /// Begins a transaction. Its statements are bounded by whoever runs them, with
    /// [`Self::bounded`].
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.bounded(self.pool.begin()).await
    }

    /// A connection for work that leaves traces in its session. [`Self::bounded`] is the caller's.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.pool.acquire().await
    }

    /// How many connections there are.
    pub(crate) fn state_now(&self) -> PoolState {
        let idle = self.pool.num_idle();
        let busy = (self.pool.size() as usize).saturating_sub(idle);
        PoolState { idle, busy, max: self.max as usize }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    async fn lend(&self) -> Result<Lent, Error> {
        Ok(Lent(Some(self.pool.acquire().await?)))
    }

    fn ask<'w, T: Send + 'w>(
        &self,
        answer: impl Future<Output = Result<T, Error>> + Send + 'w,
    ) -> BoxFuture<'w, Result<T, Error>> {
        in_time(self.statement_timeout, answer)
    }
}

/// A pool of so many connections. Each was asked whether it lives when it was given back, and is asked
/// again only when it has been idle since then for a while: that costs a way to the server and back, of
/// which most uses of a connection need only one more. A server that comes back has been away for
/// longer.
fn pool_of(config: &DatabaseConfig, most: u32) -> PgPoolOptions {
    const KNOWN_TO_LIVE: Duration = Duration::from_millis(100);
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(config.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for > KNOWN_TO_LIVE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// On the heap, because such futures nest, and each level would hold copies of those within.
fn in_time<'w, T: Send + 'w>(
    limit: Duration,
    work: impl Future<Output = Result<T, Error>> + Send + 'w,
) -> BoxFuture<'w, Result<T, Error>> {
    let work = Box::pin(work);
    Box::pin(async move {
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            let said = format!("Postgres did not answer within {limit:?}");
            Err(Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, said)))
        })
    })
}

impl<'c> Executor<'c> for &'c CorePool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        // The host's own results are pages: they are read whole, and the connection is free before
        // anybody looks at them.
        let all = async move {
            let mut lent = self.lend().await?;
            let steps: Result<Vec<_>, Error> = self.ask(lent.fetch_many(query).try_collect()).await;
            Ok::<_, Error>(stream::iter(lent.settle(steps)?.into_iter().map(Ok)))
        };
        all.try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let row = self.ask(lent.fetch_optional(query)).await;
            lent.settle(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let statement = self.ask(lent.prepare_with(sql, parameters)).await;
            lent.settle(statement)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let described = self.ask(lent.describe(sql)).await;
            lent.settle(described)
        })
    }
}

/// A connection that goes back to the pool only after an answer. Where none came, the conversation
/// stands somewhere in the middle: the connection is dropped, and its place is free at once, instead
/// of when the server moves again.
struct Lent(Option<PoolConnection<Postgres>>);

impl Lent {
    /// Hands the connection back if the server has answered, be it with an error.
    fn settle<T>(mut self, answer: Result<T, Error>) -> Result<T, Error> {
        if matches!(answer, Ok(_) | Err(Error::Database(_))) {
            drop(self.0.take());
        }
        answer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.0.as_deref().expect("present until it is settled, which consumes it")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_deref_mut().expect("present until it is settled, which consumes it")
    }
}
