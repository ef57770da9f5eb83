//! `/imports/{id}/rejected.csv`: the features of an import that were refused, as a table for people.

use super::error::Problem;
use crate::app::App;
use crate::error::{Error, ErrorCode};
use crate::format::cell::guarded;
use crate::model::Caller;
use crate::model::import::RejectedRow;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// As RFC 4180 has it, with the names of the columns.
pub(super) async fn rejected(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let answer = async {
        let none = || Error::new(ErrorCode::NotFound, "there is no such import");
        let id = id.parse().map_err(|_| none())?;
        app.imports().rejected(&caller.viewer, id).await
    };
    match answer.await {
        Ok(rows) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
                (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"rejected.csv\"")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (headers, table(&rows)).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

fn table(rows: &[RejectedRow]) -> String {
    rows.iter().fold("number,code,reason,excerpt\r\n".to_owned(), |text, row| {
        let [code, reason, excerpt] = [&row.code, &row.reason, &row.excerpt].map(|text| cell(text));
        text + &format!("{},{code},{reason},{excerpt}\r\n", row.number)
    })
}

/// Quoted, and no formula: the excerpt is what a stranger wrote.
fn cell(text: &str) -> String {
    format!("\"{}\"", guarded(text).replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_runs_nothing() {
        for (text, wanted) in
            [("a", "\"a\""), ("a\"b,c\r\n", "\"a\"\"b,c\r\n\""), ("=1+1", "\"'=1+1\""), ("@x", "\"'@x\""), ("", "\"\"")]
        {
            assert_eq!(cell(text), wanted, "{text}");
        }
    }
}
