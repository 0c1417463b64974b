//! Tasks, made through all hosts in turn, and whether the plugin was told of each.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::scene::{PLUGIN, Scene};
use crate::{database::Database, sample::Sample};

/// Between two tasks.
const PACE: Duration = Duration::from_millis(10);
/// The events of the last moments, and those that a killed host had, come within this time.
const TOLD_WITHIN: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// A handler's return is noted at once. A host that dies later than this after the call had its time.
const NOTED_WITHIN: f64 = 1.0;

/// Makes tasks until the run is over.
pub(crate) fn make(scene: &Scene<'_>, project: &str) {
    let path = format!("/projects/{project}/tasks");
    let title = json!({ "title": "An event" });
    for number in 0_usize.. {
        if !scene.goes_on() {
            return;
        }
        let turn = number % (scene.mortals.len() + 1);
        match turn.checked_sub(1).and_then(|turn| scene.mortals.get(turn)) {
            None => {
                if let Err(error) = scene.survivor.post(&path, &title) {
                    scene.fail(format!("survivor: {error:#}"));
                }
            }
            Some(mortal) => {
                let Some((client, life)) = mortal.client() else { continue };
                if let Err(error) = client.post(&path, &title)
                    && mortal.lives_since(life)
                {
                    scene.fail(format!("{}: {error:#}", mortal.plan.name));
                }
            }
        }
        thread::sleep(PACE);
    }
}

/// What the plugin was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) tasks: usize,
    /// Told again, after the death of the host that had told it first.
    pub(crate) again: usize,
    /// Told after a later one.
    pub(crate) out_of_order: usize,
}

/// Waits until the plugin was told of every task, and looks how often.
pub(crate) fn told(database: &mut Database, kills: &[f64], fail: impl Fn(String)) -> Result<Told> {
    let schema = Sample::schema(PLUGIN);
    let missing = format!(
        "SELECT id FROM tasks t WHERE NOT EXISTS
             (SELECT FROM {schema}.heard h WHERE h.payload->>'task_id' = t.id::text)"
    );
    let deadline = Instant::now() + TOLD_WITHIN;
    loop {
        let missing = database.texts(&missing)?;
        if missing.is_empty() {
            break;
        }
        if Instant::now() > deadline {
            fail(format!("{} tasks of which the plugin was not told: {missing:?}", missing.len()));
            break;
        }
        thread::sleep(LOOK_INTERVAL);
    }
    let heard = database.rows(&format!(
        "SELECT payload->>'task_id' AS task, (payload->>'task_number')::bigint AS number,
                extract(epoch FROM at) AS at FROM {schema}.heard ORDER BY id"
    ))?;
    let mut told = Told::default();
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut newest = 0;
    for row in &heard {
        let times = times.entry(row["task"].as_str().unwrap_or_default()).or_default();
        let number = row["number"].as_i64().unwrap_or_default();
        told.out_of_order += usize::from(times.is_empty() && number < newest);
        newest = newest.max(number);
        times.push(row["at"].as_f64().unwrap_or_default());
    }
    told.tasks = times.len();
    for (task, times) in times {
        for two in times.windows(2) {
            told.again += 1;
            let died = |at: &&f64| two[0] <= **at && **at <= two[1] && **at - two[0] < NOTED_WITHIN;
            if !kills.iter().any(|at| died(&at)) {
                fail(format!("task {task} was told at {two:?}, and no host was killed between"));
            }
        }
    }
    Ok(told)
}

/// Demands that nothing is left of any operation.
pub(crate) fn settled(database: &mut Database) -> Result<()> {
    let deadline = Instant::now() + TOLD_WITHIN;
    loop {
        let left: Vec<Value> =
            database.rows("SELECT plugin_name, action FROM plugin_operations")?;
        if left.is_empty() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "not settled after {TOLD_WITHIN:?}: {left:?}");
        thread::sleep(LOOK_INTERVAL);
    }
}
