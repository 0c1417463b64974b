//! Steps about events: variables exist, matchers are well formed.

use super::{matcher, text};
use crate::case::Action;
use crate::vars::Vars;

pub(super) fn check(action: &Action, known: &Vars) -> Result<(), String> {
    match action {
        Action::ObserveEvent(event) => {
            known.text(&event.r#type).map_err(text)?;
            for data in [&event.source, &event.payload, &event.count].into_iter().flatten() {
                matcher(data, known)?;
            }
        }
        Action::CoreEvent(event) => {
            known.text(&event.r#type).map_err(text)?;
            known.text(&event.containing).map_err(text)?;
            for data in [&event.payload, &event.count].into_iter().flatten() {
                matcher(data, known)?;
            }
        }
        Action::InjectEvent(event) => {
            for value in event.r#type.iter().chain(&event.payload_text).chain(event.fields.values())
            {
                known.text(value).map_err(text)?;
            }
            for data in event.payload.iter().chain(&event.payload_fill) {
                known.value(&data.0).map_err(text)?;
            }
        }
        Action::DeadLetter(letter) => {
            known.text(&letter.entry).map_err(text)?;
            let fields = [&letter.r#type, &letter.payload, &letter.subscriber, &letter.reason];
            for data in fields.into_iter().chain([&letter.deliveries, &letter.count]).flatten() {
                matcher(data, known)?;
            }
        }
        Action::Entry(entry) => drop(known.text(&entry.id).map_err(text)?),
        _ => {}
    }
    Ok(())
}
