//! Live changes: one task of the process reads the feed, and whoever follows it is told what concerns a filter, by the one
//! query path, under the rights of the moment.
//!
//! What is told of a location is how it is *now*, so that nothing has to be kept for anybody: the feed says what moved, the
//! query path says what passes the filter, [`Foresight`] what the place before had to do with it. The same may be told twice
//! (after a pause, or when a location moves again meanwhile), but nothing is left out.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::error::{Error, ErrorCode, Result};
use crate::model::{ChangeRow, Columns, FeedPosition, LocationId, Operation, Outline, Timestamp};
use crate::query::foresight::Foresight;
use crate::query::{BoundQuery, Cursor, Filter, KeyValue, LocationQuery, Test};
use crate::service::exports::Prove;
use crate::service::{LocationPage, Locations};
use crate::store::locations::Read;

/// Changes that are read at once, and those whose locations are asked for at once: a follower holds no more of them.
const BATCH_ROWS: usize = 500;
const ASKED_ROWS: usize = 100;
/// Batches that a follower may be behind before it reads the feed by itself.
const KEPT_BATCHES: usize = 16;
/// After a failure the feed rests so long.
const PAUSE: Duration = Duration::from_secs(1);
/// The order that cursors of the feed belong to.
const CURSOR_ORDER: &str = "changes";

type Batch = Arc<[ChangeRow]>;

/// The changes of locations, as they happen.
#[derive(Debug)]
pub struct Changes {
    locations: Arc<Locations>,
    batches: Sender<Batch>,
    /// Whether a task reads the feed; it ends when nobody follows any more.
    is_watched: Mutex<bool>,
}

/// How a location stands to a filter after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new and passes.
    Created,
    /// It passes, and may have done so before.
    Updated,
    /// It is gone, and may have passed.
    Deleted,
    /// It passes, and did not before.
    Entered,
    /// It does not pass any more, or is hidden now, and may have passed before.
    Left,
}

/// One change, told.
#[derive(Debug, Clone)]
pub struct Told {
    /// What it means to the filter.
    pub kind: ChangeKind,
    /// The location.
    pub id: LocationId,
    /// The location as it is now, where it passes: the row of a page.
    pub location: Option<(Arc<LocationPage>, usize)>,
    /// When.
    pub at: Timestamp,
    /// Whoever goes on from here misses nothing.
    pub cursor: String,
}

impl Changes {
    /// Over the query path. Nothing is read until somebody follows.
    pub fn new(locations: Arc<Locations>) -> Self {
        Self { locations, batches: broadcast::channel(KEPT_BATCHES).0, is_watched: Mutex::new(false) }
    }

    /// Where the feed is now.
    pub async fn cursor(&self) -> Result<String> {
        self.locations.store().feed_end().await.map(encode)
    }

    /// The changes that concern a filter, from now on or after a cursor. Ends with the first error.
    pub async fn follow(
        self: &Arc<Self>,
        prove: Prove,
        filter: Option<Filter>,
        since: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Told>> + Send + use<>> {
        // Before the position is taken: what comes in between is in both, and told once.
        let batches = self.watch();
        let store = self.locations.store();
        let position = match since {
            None => store.feed_end().await?,
            Some(text) => {
                let position = decode(text)?;
                if !store.feed_reaches(position).await? {
                    let sentence = "the changes after this cursor are not kept any more: ask for the locations again";
                    return Err(Error::bad_input(sentence).at("since"));
                }
                position
            }
        };
        let follower = Follower {
            changes: Arc::clone(self),
            prove,
            filter,
            batches,
            is_behind: true,
            position,
            asked: ASKED_ROWS,
            rows: VecDeque::new(),
            told: VecDeque::new(),
        };
        // A filter with a fault is an error now, not at the first change.
        follower.ask(vec![0], &[]).await?;
        Ok(stream::try_unfold(follower, |mut follower| async { Ok(Some((follower.next().await?, follower))) }))
    }

    /// Batches from now on, with a task that sends them.
    fn watch(self: &Arc<Self>) -> Receiver<Batch> {
        let mut is_watched = self.is_watched.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.batches.subscribe();
        if !std::mem::replace(&mut *is_watched, true) {
            tokio::spawn(Arc::clone(self).read());
        }
        receiver
    }

    /// Reads the feed for as long as somebody follows it.
    async fn read(self: Arc<Self>) {
        while self.is_followed() {
            if let Err(error) = self.read_on().await {
                tracing::warn!(%error, "the change feed cannot be read; it is tried again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn read_on(&self) -> Result<()> {
        let store = self.locations.store();
        store.mend_feed().await?;
        let mut wake = store.wake().await?;
        let mut position = store.feed_end().await?;
        // Whoever came before the end was known reads what lies between by itself.
        let _ = self.batches.send(Arc::from([]));
        while self.is_followed() {
            let rows = store.changes_after(position, BATCH_ROWS).await?;
            let Some(last) = rows.last() else {
                let soon = store.feed_is_held_up().await?;
                wake.next(soon).await;
                continue;
            };
            position = last.position;
            // Without a receiver the batch is lost on nobody.
            let _ = self.batches.send(rows.into());
        }
        Ok(())
    }

    /// Asked under the lock that begins a watch, so that nobody comes to a task that is about to end.
    fn is_followed(&self) -> bool {
        let mut is_watched = self.is_watched.lock().unwrap_or_else(PoisonError::into_inner);
        *is_watched = self.batches.receiver_count() > 0;
        *is_watched
    }
}

/// One who follows.
struct Follower {
    changes: Arc<Changes>,
    prove: Prove,
    filter: Option<Filter>,
    batches: Receiver<Batch>,
    /// Whether the feed holds more than the batches that come.
    is_behind: bool,
    /// The last change that was taken in.
    position: FeedPosition,
    /// How many locations are asked for at once.
    asked: usize,
    rows: VecDeque<ChangeRow>,
    told: VecDeque<Told>,
}

impl Follower {
    async fn next(&mut self) -> Result<Told> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Ok(told);
            }
            if self.rows.is_empty() {
                self.take_in().await?;
            } else {
                self.tell().await?;
            }
        }
    }

    /// Takes in the next changes, from the feed or as they come.
    async fn take_in(&mut self) -> Result<()> {
        if self.is_behind {
            let rows = self.changes.locations.store().changes_after(self.position, BATCH_ROWS).await?;
            self.is_behind = rows.len() == BATCH_ROWS;
            self.accept(&rows);
            return Ok(());
        }
        match self.batches.recv().await {
            // The task has begun anew: what it did not see stands in the feed.
            Ok(batch) if batch.is_empty() => self.is_behind = true,
            Ok(batch) => self.accept(&batch),
            Err(RecvError::Lagged(_)) => self.is_behind = true,
            Err(RecvError::Closed) => return Err(Error::internal("the change feed has ended")),
        }
        Ok(())
    }

    fn accept(&mut self, rows: &[ChangeRow]) {
        let known = rows.partition_point(|row| row.position <= self.position);
        self.rows.extend(rows.iter().skip(known).cloned());
        if let Some(last) = self.rows.back() {
            self.position = last.position;
        }
    }

    /// Tells of the first changes that wait.
    async fn tell(&mut self) -> Result<()> {
        let rows: Vec<ChangeRow> = self.rows.iter().take(self.asked).cloned().collect();
        let moves = Move::of(&rows);
        let found = match self.ask(moves.iter().map(|one| one.id).collect(), &moves).await {
            // Large shapes: together they have more bytes than an answer may.
            Err(error) if error.code() == ErrorCode::LimitExceeded && self.asked > 1 => {
                self.asked /= 2;
                return Ok(());
            }
            found => found?,
        };
        self.rows.drain(..rows.len());
        self.asked = (2 * self.asked).min(ASKED_ROWS);
        let Some((page, before)) = found else { return Ok(()) };
        let page = Arc::new(page);
        let mut rows_of = HashMap::new();
        for (index, row) in page.answer.rows.iter().enumerate() {
            rows_of.insert(row?.id, index);
        }
        for (one, was_in) in moves.iter().zip(before) {
            let now = rows_of.get(&one.id).copied();
            let Some(kind) = one.kind(was_in, now.is_some()) else { continue };
            let location = now.map(|index| (Arc::clone(&page), index));
            let cursor = encode(one.resume);
            self.told.push_back(Told { kind, id: one.id, location, at: one.at, cursor });
        }
        Ok(())
    }

    /// Which of the locations pass now, and whether each passed before; `None` when the feed alone says that nothing concerns
    /// this filter.
    async fn ask(&self, ids: Vec<LocationId>, moves: &[Move]) -> Result<Option<(LocationPage, Vec<Option<bool>>)>> {
        let viewer = (self.prove)().await?;
        let limit = ids.len();
        let ids = Filter::Test(Test::Id { ids, negated: false });
        let filter = match self.filter.clone() {
            None => ids,
            // No level deeper than it was asked.
            Some(Filter::And(mut all)) => {
                all.push(ids);
                Filter::And(all)
            }
            Some(one) => Filter::And(vec![one, ids]),
        };
        let locations = &self.changes.locations;
        let read = |bound: BoundQuery| async move {
            let foresight = Foresight::of(bound.filter());
            let passes = |one: &Move, outline| Option::and_then(outline, |outline| foresight.passes(one.id, outline));
            let before: Vec<_> = moves.iter().map(|one| passes(one, one.old.as_ref())).collect();
            let mut after = moves.iter().map(|one| passes(one, one.new.as_ref()));
            let is_foreign = |one: &Move, was: Option<bool>, is: Option<bool>| {
                (one.old.is_none() || was == Some(false)) && (one.new.is_none() || is == Some(false))
            };
            let concerns = moves.iter().zip(&before).any(|(one, was)| !is_foreign(one, *was, after.next().flatten()));
            if !concerns && !moves.is_empty() {
                return Ok(Read::Current(None));
            }
            Ok(match locations.store().page(bound, Columns::STORED).await? {
                Read::Current(answer) => Read::Current(Some((answer, before))),
                Read::Stale => Read::Stale,
            })
        };
        let (found, access) = locations.decide(&viewer, LocationQuery::filtered(Some(filter), limit), read).await?;
        Ok(found.map(|(answer, before)| (LocationPage { answer, access }, before)))
    }
}

/// What several changes did to one location together.
#[derive(Debug)]
struct Move {
    id: LocationId,
    /// What it was before the first of them.
    old: Option<Outline>,
    /// What it became by the last.
    new: Option<Outline>,
    is_created: bool,
    is_deleted: bool,
    at: Timestamp,
    /// Everything up to here has been told of by then.
    resume: FeedPosition,
}

impl Move {
    /// Changes by location, in the order of the first of each. Whoever goes on after one of them begins before the first change
    /// of the next.
    fn of(rows: &[ChangeRow]) -> Vec<Self> {
        let mut moves: Vec<Self> = Vec::new();
        let mut places = HashMap::new();
        let mut passed = None;
        for row in rows {
            let (is_created, is_deleted) = (row.operation == Operation::Created, row.operation == Operation::Deleted);
            if let Some(one) = places.get(&row.location).and_then(|place: &usize| moves.get_mut(*place)) {
                (one.new, one.is_deleted, one.at) = (row.new, is_deleted, row.at);
            } else {
                if let (Some(last), Some(passed)) = (moves.last_mut(), passed) {
                    last.resume = passed;
                }
                places.insert(row.location, moves.len());
                let (id, old, new, at) = (row.location, row.old, row.new, row.at);
                moves.push(Self { id, old, new, is_created, is_deleted, at, resume: row.position });
            }
            passed = Some(row.position);
        }
        if let (Some(last), Some(passed)) = (moves.last_mut(), passed) {
            last.resume = passed;
        }
        moves
    }

    /// What that means to a filter; `None` when it was and is no concern of it.
    fn kind(&self, was_in: Option<bool>, is_in: bool) -> Option<ChangeKind> {
        let may_have_been_in = self.old.is_some() && was_in != Some(false);
        match (is_in, may_have_been_in) {
            (true, _) if self.is_created => Some(ChangeKind::Created),
            (true, true) => Some(ChangeKind::Updated),
            (true, false) => Some(ChangeKind::Entered),
            (false, true) if self.is_deleted => Some(ChangeKind::Deleted),
            (false, true) => Some(ChangeKind::Left),
            (false, false) => None,
        }
    }
}

fn encode(position: FeedPosition) -> String {
    let keys = vec![KeyValue::Int(position.transaction), KeyValue::Int(position.sequence)];
    Cursor::new(CURSOR_ORDER.to_owned(), keys).encode()
}

fn decode(text: &str) -> Result<FeedPosition> {
    let place = |cursor: Cursor| match cursor.keys_for(CURSOR_ORDER, 2)? {
        [KeyValue::Int(transaction), KeyValue::Int(sequence)] if *transaction >= 0 => {
            Ok(FeedPosition { transaction: *transaction, sequence: *sequence })
        }
        _ => Err(Error::bad_input("this is not a cursor of the change feed: pass one on as it was received")),
    };
    Cursor::decode(text).and_then(place).map_err(|error| error.at("since"))
}
