//! Where a request ends, and whom it is for, over the wire.

use super::{Server, quick, until_closed};
use crate::config::{Config, ConnectionLimits};
use crate::http::SecurityHeaders;
use crate::serve::Entrance;
use crate::tls::Status;

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_doubled_host_is_refused_over_the_wire() {
    let site = crate::http::tests::site(&[]);
    let server = Server::start(site, ConnectionLimits::default()).await;
    let requests: [(&[u8], &str); 8] = [
        (b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", "400"),
        (b"GET /livez HTTP/1.0\r\n\r\n", "400"),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400"),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "400"),
        (b"GET /livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "421"),
        (b"GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400"),
        (b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello", "400"),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "200"),
    ];
    let answers = server.with(move |address| requests.map(|(bytes, _)| until_closed(address, bytes))).await;
    for (answer, (request, wanted)) in answers.iter().zip(requests) {
        let request = String::from_utf8_lossy(request);
        assert_eq!(answer.get(9..12), Some(wanted), "{request}: {answer}");
    }
}

/// What a proxy in front could read in another way than we do gets one answer and the end: no second request hides in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_end_is_in_doubt_gets_one_answer_and_the_connection_is_closed() {
    const HIDDEN: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let post =
        |fields: &str, body: &str| format!("POST /graphql HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}{HIDDEN}");
    let get = |fields: &str| format!("GET /livez HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{HIDDEN}");
    let table = [
        (post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "4"),
        (post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"), "4"),
        (post("Transfer-Encoding: identity\r\n", ""), "400"),
        (post("Transfer-Encoding: xchunked\r\n", ""), "400"),
        (post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), "400"),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"),
        (post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), "400"),
        (post("Transfer-Encoding: chunked\r\n", "zz\r\n\r\n"), "4"),
        (post("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n\r\n"), "4"),
        (post("Content-Length: +5\r\n", "hello"), "400"),
        (post("Content-Length: -5\r\n", "hello"), "400"),
        (post("Content-Length: 5, 5\r\n", "hello"), "400"),
        (
            format!("POST /graphql HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"),
            "400",
        ),
        (get("X : y\r\n"), "400"),
        (get("X: a\r\n b\r\n"), "400"),
        (get("X: a\0b\r\n"), "400"),
        ("GET /livez HTTP/1.1\rHost: localhost\r\r".to_owned(), "400"),
        ("GET /livez HTTP/1.1\nHost: localhost\nConnection: close\n\n".to_owned(), "200"),
        (format!("GET /livez\r\nHost: localhost\r\n\r\n{HIDDEN}"), "400"),
        (format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n{HIDDEN}", "x".repeat(70_000)), "431"),
        (format!("GET /li vez HTTP/1.1\r\nHost: localhost\r\n\r\n{HIDDEN}"), "400"),
    ];
    let fields = SecurityHeaders::new(&Config::from_pairs([]).unwrap(), Status::default()).lines().into();
    let entrance = Entrance { fields, ..Entrance::plain(crate::http::tests::site(&[])) };
    let server = Server::at(entrance, quick()).await;
    let requests: Vec<_> = table.iter().map(|(request, _)| request.clone()).collect();
    let ask =
        move |address| requests.iter().map(|request| until_closed(address, request.as_bytes())).collect::<Vec<_>>();
    for (answer, (request, wanted)) in server.with(ask).await.iter().zip(table) {
        assert_eq!(answer.matches("x-content-type-options: nosniff\r\n").count(), 1, "{request:?}: {answer}");
        assert!(answer.get(9..12).is_some_and(|status| status.starts_with(wanted)), "{request:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.").count(), 1, "{request:?}: {answer}");
    }
}
