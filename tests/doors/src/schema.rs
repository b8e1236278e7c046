//! The schemas of a service, and values made from them.

use framekey::Service;
use serde_json::{Map, Value, json};

use crate::seed::Seed;

/// What kind of values a set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taste {
    /// Only what is required.
    Least,
    /// Everything that is optional too.
    All,
    /// Everything, lists empty.
    EmptyLists,
    /// Optional fields are null.
    Nulls,
    /// Enums have a value that nobody has heard of.
    UnknownEnums,
    /// Texts that are not ASCII and want escaping.
    NonAscii,
    /// The largest allowed.
    Maximum,
    /// Any of these, by chance.
    Mixed,
}

impl Taste {
    /// The taste of set `number`: each once, then mixed.
    #[must_use]
    pub fn of(number: u64) -> Self {
        [
            Taste::Least,
            Taste::All,
            Taste::EmptyLists,
            Taste::Nulls,
            Taste::UnknownEnums,
            Taste::NonAscii,
            Taste::Maximum,
        ]
        .get(usize::try_from(number).unwrap_or(usize::MAX))
        .copied()
        .unwrap_or(Taste::Mixed)
    }
}

/// The schemas of one service, as the catalog has them.
pub struct Schemas(Value);

/// Deeper values are cut off: schemas may contain themselves.
const DEEPEST: usize = 6;

impl Schemas {
    /// Reads the catalog's schemas.
    ///
    /// # Panics
    /// When they are not JSON.
    #[must_use]
    pub fn of(service: Service) -> Self {
        #[expect(clippy::expect_used, reason = "a test without schemas must stop")]
        Schemas(
            serde_json::from_str(framekey_catalog::schemas(service)).expect("the schemas are JSON"),
        )
    }

    /// What is known of one operation.
    #[must_use]
    pub fn operation(&self, id: &str) -> &Value {
        &self.0["operations"][id]
    }

    /// Follows references.
    #[must_use]
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            schema = &self.0["schemas"][name];
        }
        schema
    }

    /// All properties of an object schema, merged over `allOf`.
    #[must_use]
    pub fn properties<'a>(&'a self, schema: &'a Value) -> Vec<(&'a str, &'a Value, bool)> {
        let schema = self.resolve(schema);
        let mut found = Vec::new();
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            found.extend(self.properties(part));
        }
        let required = schema.get("required").and_then(Value::as_array);
        for (name, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let needed = required.is_some_and(|list| list.iter().any(|item| item == name));
            found.push((name.as_str(), property, needed));
        }
        found
    }

    /// A value of `schema`.
    pub fn value(&self, schema: &Value, taste: Taste, seed: &mut Seed, depth: usize) -> Value {
        let schema = self.resolve(schema);
        for union in ["oneOf", "anyOf"] {
            if let Some(variants) =
                schema.get(union).and_then(Value::as_array).filter(|list| !list.is_empty())
            {
                let at = usize::try_from(seed.below(variants.len() as u64)).unwrap_or(0);
                return self.value(&variants[at], taste, seed, depth + 1);
            }
        }
        if let Some(options) = schema.get("enum").and_then(Value::as_array) {
            return self.choice(options, taste, seed);
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Value::String(text(schema, taste, seed)),
            Some("integer") => integer(schema, taste, seed),
            Some("number") => json!(number(schema, taste, seed)),
            Some("boolean") => Value::Bool(seed.coin()),
            Some("array") => self.list(schema, taste, seed, depth),
            Some("object") | None => self.object(schema, taste, seed, depth),
            Some(_) => Value::Null,
        }
    }

    fn choice(&self, options: &[Value], taste: Taste, seed: &mut Seed) -> Value {
        let texts = options.iter().all(Value::is_string);
        let unknown = taste == Taste::UnknownEnums || (taste == Taste::Mixed && seed.below(4) == 0);
        // An enum of one value tells the variants of a union apart: it stays.
        if texts && unknown && options.len() > 1 {
            return json!("a-value-of-next-year");
        }
        let at = usize::try_from(seed.below(options.len() as u64)).unwrap_or(0);
        options.get(at).cloned().unwrap_or_default()
    }

    fn list(&self, schema: &Value, taste: Taste, seed: &mut Seed, depth: usize) -> Value {
        let empty = taste == Taste::EmptyLists
            || (taste == Taste::Mixed && seed.below(4) == 0)
            || depth > DEEPEST;
        let length = if empty { 0 } else { 1 + seed.below(2) };
        let items = &schema["items"];
        Value::Array((0..length).map(|_| self.value(items, taste, seed, depth + 1)).collect())
    }

    fn object(&self, schema: &Value, taste: Taste, seed: &mut Seed, depth: usize) -> Value {
        let mut object = Map::new();
        for (name, property, required) in self.properties(schema) {
            if !required && (depth > DEEPEST || !wanted(taste, seed)) {
                continue;
            }
            let null = !required
                && (taste == Taste::Nulls || (taste == Taste::Mixed && seed.below(6) == 0));
            let value =
                if null { Value::Null } else { self.value(property, taste, seed, depth + 1) };
            object.insert(name.to_owned(), value);
        }
        let free = schema.get("additionalProperties").filter(|free| free.is_object());
        if let Some(free) =
            free.filter(|_| object.is_empty() && wanted(taste, seed) && depth <= DEEPEST)
        {
            let value = if free.as_object().is_some_and(Map::is_empty) {
                json!("free")
            } else {
                self.value(free, taste, seed, depth + 1)
            };
            object.insert("a key".to_owned(), value);
        }
        Value::Object(object)
    }
}

/// Whether an optional field is there.
pub fn wanted(taste: Taste, seed: &mut Seed) -> bool {
    match taste {
        Taste::Least => false,
        Taste::Mixed => seed.coin(),
        _ => true,
    }
}

fn text(schema: &Value, taste: Taste, seed: &mut Seed) -> String {
    let fancy = taste == Taste::NonAscii || (taste == Taste::Mixed && seed.below(3) == 0);
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => return "2026-11-21T10:20:30.5+01:00".to_owned(),
        Some("date") => return "2026-11-21".to_owned(),
        _ => {}
    }
    if fancy {
        let texts = ["Übung 漢字 🎬", "a/b?c#d%e", "q&x=y+z \"quoted\"", "\u{202e}rtl\\back"];
        let at = usize::try_from(seed.below(texts.len() as u64)).unwrap_or(0);
        return texts[at].to_owned();
    }
    if taste == Taste::Maximum {
        let longest = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(300).min(300);
        return "m".repeat(usize::try_from(longest).unwrap_or(300));
    }
    format!("text-{}", seed.below(1000))
}

fn integer(schema: &Value, taste: Taste, seed: &mut Seed) -> Value {
    let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(0);
    let most = schema.get("maximum").and_then(Value::as_i64).unwrap_or(i64::from(i32::MAX));
    if taste == Taste::Maximum {
        return json!(most);
    }
    let range = u64::try_from(most.saturating_sub(least)).unwrap_or(0).min(1000);
    json!(least.saturating_add(i64::try_from(seed.below(range + 1)).unwrap_or(0)))
}

/// Never a whole number, since `1.0` and `1` are the same number and not the same bytes.
fn number(schema: &Value, taste: Taste, seed: &mut Seed) -> f64 {
    let least = schema.get("minimum").and_then(Value::as_f64).unwrap_or(0.0);
    let most = schema.get("maximum").and_then(Value::as_f64).unwrap_or(1_000.0);
    if taste == Taste::Maximum {
        return most - (most - least) / 8.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "below 7")]
    let part = (1 + seed.below(7)) as f64 / 8.1;
    least + (most - least) * part
}
