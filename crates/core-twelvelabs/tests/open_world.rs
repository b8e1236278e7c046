//! Answers of an open world: unknown values, tags and secrets.

use framekey_core_twelvelabs::types;
use serde_json::json;

#[test]
fn sh_02_secrets_are_not_printed() {
    let token = json!({ "access_token": "canary", "developer_key": "canary", "app_id": "a" });
    let read: types::PickerToken = serde_json::from_value(token.clone()).unwrap();
    assert!(!format!("{read:?}").contains("canary"));
    assert_eq!(serde_json::to_value(&read).unwrap(), token);
}

#[test]
fn e08_a_tag_of_next_year_is_readable_and_written_back() {
    let known = json!({ "event_type": "text_generation", "text": "a" });
    let read: types::AnalyzeStreamEvent = serde_json::from_value(known.clone()).unwrap();
    assert!(matches!(read, types::AnalyzeStreamEvent::Text(_)), "{read:?}");
    assert_eq!(serde_json::to_value(&read).unwrap(), known);
    let unknown = json!({ "event_type": "picture_generation", "picture": [1] });
    let read: types::AnalyzeStreamEvent = serde_json::from_value(unknown.clone()).unwrap();
    assert!(matches!(&read, types::AnalyzeStreamEvent::Unknown(value) if *value == unknown));
    assert_eq!(serde_json::to_value(&read).unwrap(), unknown);
}
