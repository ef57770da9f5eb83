//! What readers owe: an answer in time, no work for nobody, and themselves back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::readers::{Promise, Readers};
use crate::config::Database;
use crate::error::{ErrorCode, Result};
use crate::store::Store;
use crate::store::connect::StoreOptions;

/// Counts to a number, in SQLite.
fn count_to(db: &Connection, end: i64) -> Result<i64> {
    let counted = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1) SELECT max(n) FROM n";
    Ok(db.query_row(counted, [end], |row| row.get(0))?)
}

/// One reader on a new file.
async fn reader(folder: &tempfile::TempDir, statement_timeout: Duration) -> (Store, Readers) {
    let path = folder.path().join("readers.gpkg");
    let options = StoreOptions {
        database: Database::Geopackage(path.clone()),
        readers: 1,
        connections: 2,
        acquire_timeout: Duration::from_secs(30),
        statement_timeout,
    };
    let store = Store::open(&options).await.unwrap();
    (store, Readers::open(&path, &options).unwrap())
}

#[tokio::test]
async fn work_that_breaks_its_promise_begins_again_where_it_may_wait() {
    let folder = tempfile::tempdir().unwrap();
    let (store, readers) = reader(&folder, Duration::from_secs(30)).await;
    let begun = Arc::new(AtomicUsize::new(0));
    let count = |end| {
        let begun = Arc::clone(&begun);
        move |db: &Connection| {
            begun.fetch_add(1, Ordering::SeqCst);
            count_to(db, end)
        }
    };
    assert_eq!(readers.run(Promise::Short, count(10)).await.unwrap(), 10);
    assert_eq!(begun.swap(0, Ordering::SeqCst), 1, "ten steps are within the budget");
    assert_eq!(readers.run(Promise::Short, count(2_000_000)).await.unwrap(), 2_000_000);
    assert_eq!(begun.swap(0, Ordering::SeqCst), 2, "two million are not");
    assert_eq!(readers.run(Promise::None, count(10)).await.unwrap(), 10);
    assert_eq!(begun.load(Ordering::SeqCst), 1);
    readers.close().await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn work_without_end_is_interrupted_and_the_reader_answers_the_next_question() {
    let folder = tempfile::tempdir().unwrap();
    let (store, readers) = reader(&folder, Duration::from_millis(50)).await;
    for promise in [Promise::Short, Promise::None] {
        let error = readers.run(promise, |db| count_to(db, i64::MAX)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Timeout);
        assert_eq!(readers.run(promise, |db| count_to(db, 3)).await.unwrap(), 3);
    }
    readers.close().await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn work_that_nobody_waits_for_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let (store, readers) = reader(&folder, Duration::from_mins(10)).await;
    let (begin, begun) = tokio::sync::oneshot::channel();
    let begin = std::sync::Mutex::new(Some(begin));
    let endless = readers.run(Promise::None, move |db| {
        if let Some(begin) = begin.lock().unwrap().take() {
            let _ = begin.send(());
        }
        count_to(db, i64::MAX)
    });
    tokio::select! {
        _ = endless => panic!("it has no end"),
        begun = begun => begun.unwrap(),
    }
    // The only reader is free again long before the time of a statement is over.
    let began = Instant::now();
    assert_eq!(readers.run(Promise::None, |db| count_to(db, 3)).await.unwrap(), 3);
    assert!(began.elapsed() < Duration::from_secs(30));
    readers.close().await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_panic_is_an_error_and_costs_no_reader() {
    let folder = tempfile::tempdir().unwrap();
    let (store, readers) = reader(&folder, Duration::from_secs(30)).await;
    for promise in [Promise::Short, Promise::None] {
        let error = readers.run(promise, |_| -> Result<i64> { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Internal);
        assert_eq!(readers.run(promise, |db| count_to(db, 3)).await.unwrap(), 3);
    }
    readers.close().await;
    assert_eq!(readers.run(Promise::Short, |db| count_to(db, 3)).await.unwrap_err().code(), ErrorCode::Unavailable);
    store.close().await.unwrap();
}
