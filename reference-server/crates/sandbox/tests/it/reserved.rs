//! Functions that the ABI knows and this host does not offer.

use serde_json::Value;

use crate::guests::{handle, module};
use crate::world::{World, text};

#[tokio::test]
async fn what_has_a_place_for_an_answer_says_so_there_and_the_guest_goes_on() {
    let world = World::new();
    for function in ["send_email", "password_set_token_issue"] {
        let guest = module(&handle(&format!(
            "(call ${function} (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 4))
             (call $answer_out)"
        )));
        let answer: Value =
            serde_json::from_str(&text(&world.load(&guest).await, "").await).unwrap();
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with("not_offered: ") && error.contains(function), "{error}");
    }
}
