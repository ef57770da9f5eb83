//! The bytes of one connection: notes when some come in, and gives up on a reader who takes none.

use super::idle::Activity;
use super::unread::{self, Instead};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A stream under watch. A write that moves nothing for `write_idle` is an error.
pub(super) struct Watched<S> {
    inner: S,
    activity: Arc<Activity>,
    write_idle: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    /// The fields of every answer, for heads that are hyper's own.
    fields: Arc<str>,
    instead: Option<Instead>,
}

impl<S> Watched<S> {
    pub(super) fn new(inner: S, activity: Arc<Activity>, write_idle: Duration, fields: Arc<str>) -> Self {
        Self { inner, activity, write_idle, stalled: None, fields, instead: None }
    }

    /// Turns `Pending` into an error once it has lasted for too long.
    fn unless_stalled<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let write_idle = self.write_idle;
        let clock = self.stalled.get_or_insert_with(|| Box::pin(sleep(write_idle)));
        if clock.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        clock.as_mut().reset(Instant::now() + write_idle);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the reader takes nothing")))
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// Writes the completed head in the place of one that is hyper's own; `None` of all other bytes. hyper offers what is not
    /// taken yet again, and nothing else meanwhile.
    fn write_instead(&mut self, cx: &mut Context<'_>, head: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.instead.is_none() {
            self.instead = unread::completed(head, &self.fields);
        }
        let instead = self.instead.as_mut()?;
        while let Some(rest) = instead.bytes.get(instead.written..).filter(|rest| !rest.is_empty()) {
            match Pin::new(&mut self.inner).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(count)) => instead.written += count,
                unwritten => return Some(unwritten),
            }
        }
        let stands_for = instead.stands_for;
        self.instead = None;
        Some(Poll::Ready(Ok(stands_for)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.received();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = self.write_instead(cx, buf).unwrap_or_else(|| Pin::new(&mut self.inner).poll_write(cx, buf));
        self.unless_stalled(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let head = bufs.first().map_or(&[][..], |head| head);
        let polled =
            self.write_instead(cx, head).unwrap_or_else(|| Pin::new(&mut self.inner).poll_write_vectored(cx, bufs));
        self.unless_stalled(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.unless_stalled(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.unless_stalled(cx, polled)
    }
}
