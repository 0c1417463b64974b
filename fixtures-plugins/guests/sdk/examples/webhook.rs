//! Events, configuration, outbound requests, and bearing repetition: an event may be given twice, and is told of
//! once.

use hostproof_guest::{
    Error, Json, Plugin, Route, Subscription, cache, config, export, fetch, kv, log,
};
use serde::{Deserialize, Serialize};

struct Webhook;

impl Plugin for Webhook {
    const ROUTES: &[Route] = &[Route::get("/status", status)];
    const SUBSCRIPTIONS: &[Subscription] = &[Subscription::to("task.updated", task_updated)];

    /// Without its token the plugin cannot work: better to fail the load than every event.
    fn init() -> Result<(), Error> {
        config::require("webhook.token").map(drop)
    }
}

#[derive(Deserialize, Serialize)]
struct TaskUpdated {
    event_id: String,
    task_id: String,
    title: String,
}

fn task_updated(event: TaskUpdated) -> Result<(), Error> {
    let seen = format!("seen:{}", event.event_id);
    if kv::get(&seen)?.is_some() {
        return Ok(());
    }
    fetch::post("https://hooks.example.com/tasks")
        .bearer(&config::require("webhook.token")?)
        .json(&event)?
        .send()?
        // Not taken: an error here makes the host give the event again later.
        .error_for_status()?;
    log::info(format_args!("told of task {}", event.task_id));
    kv::set(&seen, b"1")?;
    Ok(())
}

#[derive(Clone, Deserialize, Serialize)]
struct Status {
    up: bool,
}

/// Asks at most once a minute.
fn status() -> Result<Json<Status>, Error> {
    if let Some(known) = cache::get_json("status")? {
        return Ok(Json(known));
    }
    let answer = fetch::get("https://hooks.example.com/health").send();
    let status = Status { up: answer.is_ok_and(|answer| answer.status == 200) };
    cache::set_json("status", &status, 60)?;
    Ok(Json(status))
}

export!(Webhook);

#[cfg(test)]
mod tests {
    use hostproof_guest::testing::TestHost;
    use serde_json::{Value, json};

    use super::*;

    fn host() -> TestHost<Webhook> {
        let host = TestHost::new(include_str!("webhook.json"));
        host.config("webhook.token", "s3cret");
        host
    }

    fn event() -> Value {
        json!({ "event_id": "e1", "task_id": "t1", "title": "Write tests" })
    }

    #[test]
    fn an_event_is_told_of_once_though_it_comes_twice() {
        let host = host();
        host.on_fetch("POST", "https://hooks.example.com/tasks").text(204, "");
        assert!(host.deliver("task.updated", &event()).is_ok());
        assert!(host.deliver("task.updated", &event()).is_ok());
        let [told] = &host.fetched()[..] else { panic!("{:?}", host.fetched()) };
        assert_eq!(told["headers"]["Authorization"], "Bearer s3cret");
        assert!(told["body"].as_str().is_some_and(|body| body.contains("Write tests")));
    }

    #[test]
    fn what_was_not_taken_is_to_be_given_again() {
        let host = host();
        host.on_fetch("POST", "https://hooks.example.com/tasks").text(503, "later");
        assert!(host.deliver("task.updated", &event()).is_err());
        assert_eq!(host.stored("seen:e1"), None);
    }

    #[test]
    fn without_a_token_the_plugin_does_not_load() {
        let host = TestHost::<Webhook>::new(include_str!("webhook.json"));
        let error = host.init().expect_err("there is no token");
        assert!(error.to_string().contains("webhook.token"), "{error}");
    }

    #[test]
    fn the_other_server_is_asked_once_a_minute() {
        let host = host();
        host.on_fetch("GET", "https://hooks.example.com/health").text(200, "ok");
        for _ in 0..2 {
            assert_eq!(host.get("/status").send().body(), br#"{"up":true}"#);
        }
        assert_eq!(host.fetched().len(), 1);
        assert_eq!(host.cached("status"), Some((r#"{"up":true}"#.to_owned(), 60)));
    }
}
