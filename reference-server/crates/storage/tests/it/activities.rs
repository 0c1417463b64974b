//! Activities, on the stream and inside the process.

use contract::activity::{ACTIVITY_STREAM, Activity};
use redis::streams::StreamRangeReply;
use storage::activities::Activities;
use uuid::Uuid;

fn activity() -> Activity {
    Activity {
        id: Uuid::new_v4(),
        task_id: Uuid::new_v4(),
        project_id: Uuid::new_v4(),
        actor_id: Uuid::new_v4(),
        activity_type: "checklist.item_done".to_owned(),
        content: r#"{"n":1}"#.to_owned(),
        created_at: "2026-01-02T03:04:05Z".to_owned(),
    }
}

#[tokio::test]
async fn an_activity_is_an_entry_of_the_stream_field_by_field() {
    let url = services::valkey().await.unwrap().url.clone();
    let activity = activity();
    Activities::valkey(&url).await.unwrap().publish(&activity).await.unwrap();
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let entries: StreamRangeReply = redis::cmd("XRANGE")
        .arg(&[ACTIVITY_STREAM, "-", "+"])
        .query_async(&mut connection)
        .await
        .unwrap();
    let id = activity.id.to_string();
    let entry = entries.ids.iter().find(|entry| entry.get::<String>("id").as_ref() == Some(&id));
    let entry = entry.expect("the entry is there");
    for (field, value) in activity.fields() {
        assert_eq!(entry.get::<String>(field), Some(value), "{field}");
    }
    assert_eq!(entry.map.len(), 8);
}

#[tokio::test]
async fn without_a_store_whoever_listens_in_the_process_hears_it() {
    let activities = Activities::in_process();
    activities.publish(&activity()).await.unwrap();
    let mut listener = activities.listen();
    let said = activity();
    activities.publish(&said).await.unwrap();
    assert_eq!(listener.recv().await.unwrap(), said, "and not what was said before");
}
