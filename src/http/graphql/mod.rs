//! GraphQL over HTTP: our own door, because the ready-made one executes mutations by GET, forms and plain text,
//! reads bodies past the limit, and parses before it counts.
//!
//! A question passes `origin`, `browser` and `question` (who asks, in which form), `text_guard` (before the parser),
//! `document_guard` (before validation), which `documents` keep together, `pace` (how often one may change something), then the executor; its answer passes
//! `complete` (nulls and order as the specification has them), `mask` (what may leave) and `answer` (the bytes, in the form that `media` chose). What strikes from outside, `fault` puts into
//! the same form. A socket (`socket_door`, `socket`, in the words of `protocol`) takes the same way by `door`, question by question.

mod answer;
mod body;
mod browser;
mod complete;
mod document_guard;
mod documents;
mod door;
mod fault;
mod handler;
mod mask;
mod media;
mod origin;
mod pace;
mod protocol;
mod question;
mod running;
mod socket;
mod socket_door;
mod text_guard;
mod upload;

pub use answer::{write_batch, write_response};
pub(crate) use body::read_body;
pub use complete::{Switches, Types};
pub use document_guard::check_document;
pub use documents::Documents;
pub use door::{Door, Execute};
pub use fault::{PATH, shape};
pub use handler::{get, post};
pub use mask::{mask, to_server_error};
pub(crate) use socket::SocketDoor;
pub(crate) use socket_door::{SOCKET_PATH, open};
pub use text_guard::{check_text, nesting_of_json};
pub use upload::is_multipart;
