//! Bodies under watch: a request body that falls silent is an error, an answer is "running" until its last byte.

use super::idle::Running;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// A request body whose every part must come within `idle`; else it ends in an `io::Error` of kind `TimedOut`.
pub(super) struct TimedBody {
    inner: Incoming,
    idle: Duration,
    clock: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    pub(super) fn new(inner: Incoming, idle: Duration) -> Self {
        Self { inner, idle, clock: None }
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.clock = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let idle = self.idle;
        let clock = self.clock.get_or_insert_with(|| Box::pin(sleep(idle)));
        if clock.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        clock.as_mut().reset(Instant::now() + idle);
        let silence = io::Error::new(io::ErrorKind::TimedOut, "the request body stopped coming");
        Poll::Ready(Some(Err(silence.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer that counts as running until it is written or given up.
pub(super) struct RunningBody {
    inner: Body,
    _running: Running,
}

impl RunningBody {
    pub(super) fn new(inner: Body, running: Running) -> Self {
        Self { inner, _running: running }
    }
}

impl HttpBody for RunningBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
