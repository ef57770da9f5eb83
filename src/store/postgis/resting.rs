//! Connections that rest between two pages outside their pool.
//!
//! A pool asks each connection that comes back whether it lives, which is one round trip a question, and gives out the one that
//! rested longest, so that each question meets another process of the server with cold caches. Here the last that came is the
//! first that goes, as it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sea_orm::{DatabaseConnection, DbErr, RuntimeErr};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

use crate::error::Result;
use crate::store::postgis::connect::TRUSTED_FOR;

/// The connections; none rests any more once they are closed. Clones share them.
#[derive(Debug, Clone)]
pub struct Resting {
    idle: Arc<Mutex<Option<Idle>>>,
    most: usize,
}

/// The last that came is the last here.
type Idle = Vec<(PoolConnection<Postgres>, Instant)>;

impl Resting {
    /// None yet, and at most half of the pool ever: the rest of it is for questions that ask the pool itself.
    pub fn of(pool: &DatabaseConnection) -> Self {
        let connections = pool.get_postgres_connection_pool().options().get_max_connections() as usize;
        Self { idle: Arc::new(Mutex::new(Some(Vec::new()))), most: connections / 2 }
    }

    /// A connection that answered a moment ago, or one of the pool. Those that rested longer go back there, and are asked
    /// whether they live.
    pub async fn take(&self, pool: &DatabaseConnection) -> Result<PoolConnection<Postgres>> {
        if let Some(connection) = self.rested_least() {
            return Ok(connection);
        }
        let acquired = pool.get_postgres_connection_pool().acquire().await;
        Ok(acquired.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))?)
    }

    fn rested_least(&self) -> Option<PoolConnection<Postgres>> {
        let mut guard = self.idle();
        let idle = guard.as_mut()?;
        let (connection, since) = idle.pop()?;
        if since.elapsed() < TRUSTED_FOR {
            return Some(connection);
        }
        // Those that came back before rested longer still.
        idle.clear();
        None
    }

    /// Lets a connection rest that has nothing left to say. One that failed, or whose question was given up, is dropped instead.
    pub fn put(&self, connection: PoolConnection<Postgres>) {
        if let Some(idle) = self.idle().as_mut().filter(|idle| idle.len() < self.most) {
            idle.push((connection, Instant::now()));
        }
    }

    /// Gives all back to the pool, which waits for them when it is closed.
    pub fn close(&self) {
        self.idle().take();
    }

    fn idle(&self) -> MutexGuard<'_, Option<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
