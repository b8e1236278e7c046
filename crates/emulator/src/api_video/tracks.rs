//! Captions and chapters: WebVTT tracks of a video, one a language.

use std::collections::{BTreeMap, BTreeSet};

use framekey_catalog::Service;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::valid::Fault;
use super::{files, list};
use crate::answer::{Answer, not_found};
use crate::call::Call;

/// The languages of the document, each by its own name.
const NAMES: [(&str, &str); 33] = [
    ("ar", "العربية"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("es", "Español"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hr", "Hrvatski"),
    ("hu", "Magyar"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("ml", "മലയാളം"),
    ("nl", "Nederlands"),
    ("nn", "Norsk nynorsk"),
    ("no", "Norsk"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ru", "Русский"),
    ("sk", "Slovenčina"),
    ("sl", "Slovenščina"),
    ("te", "తెలుగు"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("ur", "اردو"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
];

/// The tracks of one video.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Tracks {
    /// Whether each is shown without being asked, by language.
    captions: BTreeMap<String, bool>,
    chapters: BTreeSet<String>,
}

impl Tracks {
    pub(super) fn answer(&mut self, call: &Call, video: &str) -> Option<Answer> {
        let language = call.id("language");
        if !language.is_empty() && !is_tag(language) {
            let title = "The language should be an IETF tag with dashes, such as en or fr-CA.";
            return Some(Fault::attribute("language", title).into());
        }
        Some(match call.operation.id {
            "captions.list" => {
                let write = |(language, is_default): (&String, &bool)| {
                    caption(video, language, *is_default)
                };
                list::page(call, self.captions.iter().collect(), write)
            }
            "chapters.list" => list::page(call, self.chapters.iter().collect(), |language| {
                chapter(video, language)
            }),
            "captions.get" => self.caption(video, language),
            "captions.upload" => match files::check(call, &files::TRACKS, u64::MAX) {
                // A track that is there gives way to the new one.
                Ok(()) => {
                    self.captions.insert(language.to_owned(), false);
                    self.caption(video, language)
                }
                Err(fault) => fault.into(),
            },
            "captions.update" => self.change(call, video, language),
            "captions.delete" => gone(self.captions.remove(language).is_some(), "caption"),
            "chapters.get" => self.chapter(video, language),
            "chapters.upload" => match files::check(call, &files::TRACKS, u64::MAX) {
                Ok(()) => {
                    self.chapters.insert(language.to_owned());
                    self.chapter(video, language)
                }
                Err(fault) => fault.into(),
            },
            "chapters.delete" => gone(self.chapters.remove(language), "chapter"),
            _ => return None,
        })
    }

    /// A caption that the service made itself.
    pub(super) fn transcribe(&mut self, language: &str) {
        self.captions.entry(language.to_owned()).or_default();
    }

    fn caption(&self, video: &str, language: &str) -> Answer {
        match self.captions.get(language) {
            Some(is_default) => Answer::json(200, &caption(video, language, *is_default)),
            None => not_found(Service::ApiVideo, "caption"),
        }
    }

    fn chapter(&self, video: &str, language: &str) -> Answer {
        match self.chapters.contains(language) {
            true => Answer::json(200, &chapter(video, language)),
            false => not_found(Service::ApiVideo, "chapter"),
        }
    }

    fn change(&mut self, call: &Call, video: &str, language: &str) -> Answer {
        let wanted = call.field("default").and_then(Value::as_bool);
        if let Some(wanted) = wanted.filter(|_| self.captions.contains_key(language)) {
            for (known, is_default) in &mut self.captions {
                if known == language {
                    *is_default = wanted;
                } else if wanted {
                    // At most one is shown without being asked.
                    *is_default = false;
                }
            }
        }
        self.caption(video, language)
    }
}

fn gone(was_there: bool, what: &str) -> Answer {
    if was_there { Answer::empty(204) } else { not_found(Service::ApiVideo, what) }
}

fn caption(video: &str, language: &str, is_default: bool) -> Value {
    let primary = language.split('-').next().unwrap_or_default();
    let name = NAMES.iter().find(|(tag, _)| *tag == primary).map_or(language, |(_, name)| name);
    json!({
        "uri": format!("/videos/{video}/captions/{language}"),
        "src": format!("https://vod.apivideo.example/vod/{video}/captions/{language}.vtt"),
        "srclang": language, "languageName": name, "default": is_default,
    })
}

fn chapter(video: &str, language: &str) -> Value {
    json!({
        "uri": format!("/videos/{video}/chapters/{language}"),
        "src": format!("https://vod.apivideo.example/vod/{video}/chapters/{language}.vtt"),
        "language": language,
    })
}

/// A language, then script, region or variant: `en`, `fr-CA`, `zh-Hans-CN`.
fn is_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_language = |part: &str| {
        (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let is_more = |part: &str| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    parts.next().is_some_and(is_language) && parts.all(is_more)
}
