//! Search: by text, image, both, or exact conditions, over what runs have found. Nearness is made up,
//! but the same each time: a text is near what shares its words, an image is near by its bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::extraction::as_text;
use super::rules::{Answered, invalid};
use super::runs::Run;
use super::videos::{Segment, Video};
use super::{Account, conditions, listing, shape};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::journal::sha256_hex;

/// What reciprocal rank fusion adds to a rank.
const FUSION: f64 = 60.0;
const PREVIEW: usize = 120;

/// What is searched.
pub(super) struct Scope {
    /// Media of these indexes, or of the playground where it is none.
    pub(super) indexes: Option<Vec<String>>,
    pub(super) runs: Option<Vec<String>>,
    pub(super) videos: Option<Vec<String>>,
    /// Only what was there by then.
    pub(super) until: Moment,
}

/// Something that can be found.
pub(super) struct Spot<'a> {
    pub(super) run: &'a Run,
    pub(super) video: &'a Video,
    pub(super) segment: &'a Segment,
    pub(super) metadata: Value,
}

impl Spot<'_> {
    /// From 0 to 1: the share of the query's words that are in it.
    pub(super) fn nearness(&self, query: &str, fields: Option<&[Value]>) -> f64 {
        let text = match fields {
            Some(fields) => {
                let texts = fields.iter().filter_map(Value::as_str);
                texts.map(|name| self.metadata[name].to_string()).collect::<Vec<_>>().join(" ")
            }
            None => format!("{} {}", self.video.title, as_text(&self.metadata)),
        };
        let text = text.to_lowercase();
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let hits = words.iter().filter(|word| text.contains(word.as_str())).count();
        hits as f64 / words.len().max(1) as f64
    }

    /// From 0 to 1, by the bytes of the image and the segment.
    fn likeness(&self, image: &[u8]) -> f64 {
        let mixed = sha256_hex(&[image, self.segment.id.as_bytes()].concat());
        let number = u32::from_str_radix(mixed.get(..8).unwrap_or("0"), 16).unwrap_or(0);
        f64::from(number) / f64::from(u32::MAX)
    }

    pub(super) fn to_json(&self, schema: &str) -> Value {
        let text = as_text(&self.metadata);
        shape::of(
            schema,
            json!({
                "result_type": "segment", "result_id": format!("{}:{}", self.run.id, self.segment.id),
                "video_id": self.video.id, "video_uri": self.video.uri, "video_name": self.video.title,
                "segment_id": self.segment.id, "start_time": self.segment.start, "end_time": self.segment.end,
                "text_content": text, "content_preview": text.chars().take(PREVIEW).collect::<String>(),
                "metadata_text": text, "extracted_metadata": self.metadata, "metadata": self.metadata,
                "gcs_uri": self.video.segment_uri(self.segment, "mp4"),
                "thumbnail_gcs_uri": self.video.segment_uri(self.segment, "jpg"), "thumbnail_available": true,
                "media_type": self.video.kind.as_str(), "run_id": self.run.id, "source_run_id": self.run.id,
                "prompt_run_id": self.run.id, "prompt_id": self.run.prompt.id, "source_index_id": self.video.index,
            }),
        )
    }
}

/// The items in falling order of their score; of the same score, in their own order.
fn ranked<T>(items: Vec<T>, score: impl Fn(&T) -> f64) -> Vec<(f64, T)> {
    let mut scored: Vec<(f64, T)> = items.into_iter().map(|item| (score(&item), item)).collect();
    scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    scored
}

/// A list of ids in the body.
pub(super) fn ids(call: &Call, name: &str) -> Option<Vec<String>> {
    let ids = call.field(name)?.as_array()?;
    Some(ids.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn top_k(call: &Call, default: usize) -> usize {
    let given = call.field("top_k").and_then(Value::as_u64);
    given.and_then(|count| usize::try_from(count).ok()).unwrap_or(default)
}

/// An image in the body: base64 without a `data:` prefix.
fn image(call: &Call) -> Result<Option<Vec<u8>>, Answer> {
    let Some(text) = call.field("image_data").and_then(Value::as_str) else { return Ok(None) };
    let bytes = STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty());
    bytes.map(Some).ok_or_else(|| {
        invalid("image_data", "image_data is an image in base64, without a data: prefix.")
    })
}

impl Account {
    /// Everything in a scope, latest run first.
    pub(super) fn spots(&self, scope: &Scope) -> Vec<Spot<'_>> {
        let runs = self.runs.iter().rev().filter(|run| {
            let wanted = scope.runs.as_ref().is_none_or(|ids| ids.contains(&run.id));
            wanted && run.is_searchable() && run.ended.is_some_and(|end| end <= scope.until)
        });
        let media = runs.flat_map(|run| {
            run.items.iter().filter_map(move |item| Some((run, self.videos.get(&item.video)?)))
        });
        let media = media.filter(|(_, video)| {
            let inside = match (&scope.indexes, &video.index) {
                (Some(indexes), Some(index)) => indexes.contains(index),
                (None, index) => index.is_none() || scope.videos.is_some() || scope.runs.is_some(),
                (Some(_), None) => false,
            };
            inside && scope.videos.as_ref().is_none_or(|ids| ids.contains(&video.id))
        });
        let spots = media.flat_map(|(run, video)| {
            run.segments(video).filter_map(move |segment| {
                Some(Spot { run, video, segment, metadata: run.found(video, segment)? })
            })
        });
        spots.collect()
    }

    /// The scope of the path's index, or of those in the body.
    fn scope(&self, call: &Call) -> Result<Scope, Answer> {
        let indexes = match ids(call, "index_ids") {
            Some(ids) => Some(ids),
            None if call.path.contains_key("index_id") => {
                Some(vec![call.id("index_id").to_owned()])
            }
            None => None,
        };
        for id in indexes.iter().flatten() {
            self.index(id)?;
        }
        Ok(Scope { indexes, runs: ids(call, "run_ids"), videos: None, until: call.now })
    }

    pub(super) fn search_text(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let scope = self.scope(call)?;
        self.by_text(call, &scope, draw)
    }

    pub(super) fn search_playground(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let run = call.query("run_id").map(|id| self.run(id).map(|run| vec![run.id.clone()]));
        let scope = Scope { indexes: None, runs: run.transpose()?, videos: None, until: call.now };
        self.by_text(call, &scope, draw)
    }

    fn by_text(&mut self, call: &Call, scope: &Scope, draw: &mut Draw) -> Answered {
        let query = call.field("query").and_then(Value::as_str).unwrap_or_default();
        if query.trim().is_empty() {
            return Err(invalid("query", "query is not empty."));
        }
        let fields = call.field("search_fields").and_then(Value::as_array).map(Vec::as_slice);
        let ranked = ranked(self.spots(scope), |spot| spot.nearness(query, fields));
        let found = ranked.into_iter().take(top_k(call, 30)).map(|(score, spot)| {
            let mut hit = spot.to_json("SearchResult");
            hit["similarity_score"] = json!(score);
            hit["text_score"] = json!(score);
            hit
        });
        let found = found.collect();
        self.used("searches", 1.0, call.now, &json!({ "operation": call.operation.id }), draw);
        Ok(found)
    }

    pub(super) fn search_image(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let scope = self.scope(call)?;
        let image = image(call)?.unwrap_or_default();
        let mut spots = self.spots(&scope);
        spots.retain(|spot| spot.run.has_pictures());
        let found = ranked(spots, |spot| spot.likeness(&image))
            .into_iter()
            .take(top_k(call, 20))
            .map(|(score, spot)| {
                let mut hit = spot.to_json("ImageSearchResult");
                hit["similarity_score"] = json!(score);
                of_image(&mut hit, &spot, score);
                hit
            });
        let found = found.collect();
        self.used("searches", 1.0, call.now, &json!({ "operation": call.operation.id }), draw);
        Ok(found)
    }

    pub(super) fn search_both(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let scope = self.scope(call)?;
        let query =
            call.field("text_query").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let image = image(call)?;
        if query.is_none() && image.is_none() {
            return Err(invalid("text_query", "Either text_query or image_data is required."));
        }
        let weight = |name: &str| call.field(name).and_then(Value::as_f64).unwrap_or(0.5);
        let (of_text, of_picture) = (weight("text_weight"), weight("image_weight"));
        if (of_text + of_picture - 1.0).abs() > 1e-6 {
            return Err(invalid("text_weight", "text_weight and image_weight make 1 together."));
        }
        let fields = call.field("search_fields").and_then(Value::as_array).map(Vec::as_slice);
        let spots = self.spots(&scope);
        let places = |score: &dyn Fn(&Spot<'_>) -> f64| -> Vec<(usize, f64)> {
            let order =
                ranked((0..spots.len()).collect(), |place| spots.get(*place).map_or(0.0, score));
            let mut places = vec![(0, 0.0); spots.len()];
            for (rank, (score, place)) in order.into_iter().enumerate() {
                if let Some(slot) = places.get_mut(place) {
                    *slot = (rank + 1, score);
                }
            }
            places
        };
        let text = query.map(|query| places(&|spot| spot.nearness(query, fields)));
        let picture = image.map(|image| places(&|spot| spot.likeness(&image)));
        let at = |list: &Option<Vec<(usize, f64)>>, place: usize| {
            list.as_ref().and_then(|list| list.get(place).copied())
        };
        let fused = spots.iter().enumerate().map(|(place, spot)| {
            let (text, picture) = (at(&text, place), at(&picture, place));
            let part = |rank: Option<(usize, f64)>, weight: f64| {
                rank.map_or(0.0, |(rank, _)| weight / (FUSION + rank as f64))
            };
            (part(text, of_text) + part(picture, of_picture), text, picture, spot)
        });
        let order = ranked(fused.collect(), |(score, ..)| *score);
        let found = order.into_iter().take(top_k(call, 20)).map(|(score, (_, text, picture, spot))| {
            let mut hit = spot.to_json("MultimodalSearchResult");
            if let Some((_, score)) = picture {
                of_image(&mut hit, spot, score);
            }
            let kind = match (text, picture) {
                (Some(_), Some(_)) => "both",
                (Some(_), None) => "text",
                _ => "image",
            };
            shape::lay_over(
                &mut hit,
                json!({
                    "fused_score": score, "match_type": kind, "text_rank": text.map(|(rank, _)| rank),
                    "text_score": text.map(|(_, score)| score), "image_rank": picture.map(|(rank, _)| rank),
                    "image_score": picture.map(|(_, score)| score),
                }),
            );
            hit
        });
        let found = found.collect();
        self.used("searches", 1.0, call.now, &json!({ "operation": call.operation.id }), draw);
        Ok(found)
    }

    pub(super) fn search_filter(&self, call: &Call) -> Answered {
        let scope = self.scope(call)?;
        let given = call.field("conditions").and_then(Value::as_array);
        let tests = conditions::read(given.map_or(&[], Vec::as_slice))?;
        let spots = self.spots(&scope).into_iter();
        let hits = spots.filter(|spot| tests.iter().all(|test| test.holds(&spot.metadata)));
        let limit = call
            .field("page_size")
            .and_then(Value::as_u64)
            .and_then(|size| usize::try_from(size).ok());
        let limit = limit.unwrap_or(50);
        let after = call.field("cursor").and_then(Value::as_str);
        let cut = listing::cut(call.operation.id, limit, after, listing::numbered(hits))?;
        let data: Vec<Value> = cut.items.iter().map(|spot| spot.to_json("SearchResult")).collect();
        Ok(json!({ "data": data, "pagination": listing::pagination(limit, cut.next.as_deref()) }))
    }

    pub(super) fn search_runs(&mut self, call: &Call, draw: &mut Draw) -> Answered {
        let runs: Vec<String> =
            match (ids(call, "run_ids"), call.field("index_id").and_then(Value::as_str)) {
                (Some(ids), _) if !ids.is_empty() => ids,
                (_, Some(index)) => {
                    let index = &self.index(index)?.id;
                    self.runs
                        .iter()
                        .filter(|run| run.is_over(index))
                        .map(|run| run.id.clone())
                        .collect()
                }
                _ => return Err(invalid("run_ids", "Either run_ids or index_id is required.")),
            };
        let query = call.field("query").and_then(Value::as_str).unwrap_or_default();
        let mut hits: Vec<(f64, Value)> = Vec::new();
        for (age, id) in runs.iter().rev().enumerate() {
            self.run(id)?;
            let scope = Scope {
                indexes: None,
                runs: Some(vec![id.clone()]),
                videos: None,
                until: call.now,
            };
            // Recent runs count more.
            let weight = if call.field("aggregation") == Some(&json!("weighted")) {
                1.0 / (1 + age) as f64
            } else {
                1.0
            };
            let of_run = ranked(self.spots(&scope), |spot| spot.nearness(query, None) * weight);
            hits.extend(of_run.into_iter().take(top_k(call, 5)).map(|(score, spot)| {
                let mut hit = spot.to_json("SearchResult");
                hit["similarity_score"] = json!(score);
                (score, hit)
            }));
        }
        hits.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let mut hits: Vec<Value> = hits.into_iter().map(|(_, hit)| hit).collect();
        if call.field("aggregation") != Some(&json!("all")) {
            let mut seen = std::collections::HashSet::new();
            hits.retain(|hit| seen.insert(hit["segment_id"].to_string()));
        }
        self.used("searches", 1.0, call.now, &json!({ "operation": call.operation.id }), draw);
        Ok(Value::Array(hits))
    }
}

fn of_image(hit: &mut Value, spot: &Spot<'_>, score: f64) {
    let middle = f64::midpoint(spot.segment.start, spot.segment.end);
    shape::lay_over(
        hit,
        json!({
            "image_score": score, "matched_image_score": score, "matched_image_timestamp": middle,
            "matched_image_gcs_uri": spot.video.segment_uri(spot.segment, "jpg"), "match_type": "image",
        }),
    );
}
