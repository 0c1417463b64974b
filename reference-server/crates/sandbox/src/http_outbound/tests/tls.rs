//! Who the other side has to be.

use super::*;

fn hello(_path: &str) -> (Vec<u8>, bool) {
    (ok("hello"), true)
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted() {
    let peer = Peer::start(hello).await;
    let response = peer.client().fetch(call(&peer.url("/a"))).await.unwrap();
    assert_eq!((response.status, response.body.as_str()), (200, "hello"));
    // A dot behind the name is no other name, neither for the certificate nor for the server.
    let policy = policy::OutboundPolicy::default();
    let dotted = format!("https://peer.example.:{}/b", peer.port);
    let url = policy.check_url(&dotted, &["peer.example".to_owned()], &[]).unwrap();
    let response = peer.client().fetch(call(url.as_str())).await.unwrap();
    assert_eq!(response.status, 200);
    let head = peer.seen.lock().unwrap().last().cloned().unwrap();
    assert!(head.contains(&format!("host: peer.example:{}\r\n", peer.port)), "{head}");
}

#[tokio::test]
async fn any_other_certificate_is_refused_and_nothing_is_sent() {
    let stranger = Peer::start(hello).await;
    let named = |names: &[&str]| {
        CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    };
    let mut expired = named(&["peer.example"]);
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let mut early = named(&["peer.example"]);
    early.not_before = rcgen::date_time_ymd(4000, 1, 1);
    for (certificate, reason) in [
        (expired, "the certificate has expired"),
        (early, "the certificate is not valid yet"),
        (named(&["other.example"]), "the certificate is for another name"),
        (named(&["sub.peer.example"]), "the certificate is for another name"),
        (named(&["*.example.com"]), "the certificate is for another name"),
    ] {
        let peer = Peer::with_certificate(hello, certificate).await;
        let refusal = peer.client().fetch(call(&peer.url("/"))).await.unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (code::TLS_FAILED, reason));
        assert_eq!(peer.paths(), Vec::<String>::new());
    }
    let peer = Peer::start(hello).await;
    assert_eq!(refused(&stranger.client(), &peer.url("/")).await, code::TLS_FAILED);
    assert_eq!(peer.paths(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_without_tls_is_no_server() {
    let peer = Peer::start(hello).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(&ok("plain")).await;
        }
    });
    let url = format!("https://peer.example:{port}/");
    assert_eq!(refused(&peer.client(), &url).await, code::TLS_FAILED);
}
