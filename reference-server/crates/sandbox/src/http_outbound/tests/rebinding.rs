//! Names that change their answer.

use super::*;

/// This machine first, then a private address, and so on; counts how often it was asked.
#[derive(Clone, Default)]
struct Fickle {
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Lookup for Fickle {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(name.to_owned());
        let answer = if asked.len() % 2 == 1 { [127, 0, 0, 1] } else { [10, 0, 0, 1] };
        Ok(vec![answer.into()])
    }
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_checked() {
    let peer = Peer::start(|_| (ok("checked"), true)).await;
    let lookup = Fickle::default();
    let policy = Policy { outbound: home_is_public(), ..Policy::default() };
    let client = peer.client_by(lookup.clone(), policy);

    // Were the name resolved once to check and once to connect, the second answer would be in the
    // way: nothing listens there.
    let response = client.fetch(call(&peer.url("/1"))).await.unwrap();
    assert_eq!(response.body, "checked");
    assert_eq!(lookup.asked.lock().unwrap().as_slice(), ["peer.example"]);

    // A new connection asks anew, and the answer is judged anew.
    assert_eq!(refused(&client, &peer.url("/2")).await, code::ADDRESS_NOT_ALLOWED);
    assert_eq!(lookup.asked.lock().unwrap().len(), 2);
    assert_eq!(peer.paths(), ["/1"]);
}

#[tokio::test]
async fn a_redirect_resolves_anew() {
    let peer = Peer::start(|path| match path {
        "/leave" => {
            (b"HTTP/1.1 302 Found\r\nlocation: /end\r\ncontent-length: 0\r\n\r\n".to_vec(), true)
        }
        _ => (ok("end"), true),
    })
    .await;
    let policy = Policy { outbound: home_is_public(), ..Policy::default() };
    let client = peer.client_by(Fickle::default(), policy);
    assert_eq!(refused(&client, &peer.url("/leave")).await, code::REDIRECT_NOT_ALLOWED);
    assert_eq!(peer.paths(), ["/leave"]);
}
