//! Player themes: colours and switches with the service's defaults, and a logo.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{fields, files, kept, list};
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::shelf::Shelf;

/// Opaque white, the colour of most things.
const WHITE: &str = "rgba(255, 255, 255, 1)";

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Players(Shelf<Player>);

#[derive(Serialize, Deserialize)]
struct Player {
    id: String,
    fields: Map<String, Value>,
    /// The link behind the logo, where there is a logo.
    logo: Option<String>,
    created: Moment,
    updated: Moment,
}

impl Player {
    fn write(&self) -> Value {
        let mut body = json!({
            "playerId": self.id, "createdAt": self.created.to_string(),
            "updatedAt": self.updated.to_string(), "name": "", "text": WHITE, "link": WHITE,
            "linkHover": WHITE, "linkActive": WHITE, "trackPlayed": "rgba(88, 131, 255, .95)",
            "trackUnplayed": "rgba(255, 255, 255, .35)",
            "trackBackground": "rgba(255, 255, 255, .2)", "backgroundTop": "rgba(0, 0, 0, .7)",
            "backgroundBottom": "rgba(0, 0, 0, .7)", "backgroundText": WHITE, "enableApi": true,
            "enableControls": true, "forceAutoplay": false, "hideTitle": false, "forceLoop": false,
        });
        for (name, value) in &self.fields {
            body[name] = value.clone();
        }
        if let Some(link) = &self.logo {
            let logo = format!("https://cdn.apivideo.example/player/{}/logo.png", self.id);
            body["assets"] = json!({ "logo": logo, "link": link });
        }
        body
    }

    fn name(&self) -> &str {
        fields::text(&self.fields, "name")
    }
}

impl Players {
    pub(super) fn answer(&mut self, call: &Call, draw: &mut Draw) -> Option<Answer> {
        let id = call.id("playerId");
        let mut with =
            |then: &dyn Fn(&mut Player) -> Answer| kept::with(&mut self.0, "player", id, then);
        Some(match call.operation.id {
            "player_themes.create" => self.create(call, draw),
            "player_themes.list" => self.list(call),
            "player_themes.get" => with(&|player| Answer::json(200, &player.write())),
            "player_themes.update" => with(&|player| {
                fields::change(&mut player.fields, call);
                player.updated = call.now;
                Answer::json(200, &player.write())
            }),
            "player_themes.upload_logo" => with(&|player| upload_logo(player, call)),
            "player_themes.delete_logo" => with(&|player| {
                player.logo = None;
                player.updated = call.now;
                Answer::empty(204)
            }),
            "player_themes.delete" => kept::delete(&mut self.0, "player", id),
            _ => return None,
        })
    }

    fn create(&mut self, call: &Call, draw: &mut Draw) -> Answer {
        let id = format!("pl{}", draw.letters(22));
        let fields = fields::given(call);
        let player =
            Player { id: id.clone(), fields, logo: None, created: call.now, updated: call.now };
        let answer = Answer::json(201, &player.write());
        self.0.add(&id, player);
        answer
    }

    fn list(&self, call: &Call) -> Answer {
        let order = |one: &Player, other: &Player| match call.query("sortBy") {
            Some("name") => one.name().cmp(other.name()),
            Some("updatedAt") => one.updated.cmp(&other.updated),
            _ => one.created.cmp(&other.created),
        };
        list::newest_first(call, self.0.iter(), order, Player::write)
    }
}

fn upload_logo(player: &mut Player, call: &Call) -> Answer {
    if let Err(fault) = files::check(call, &files::SIMPLE_IMAGES, files::LARGEST_LOGO) {
        return fault.into();
    }
    player.logo = Some(call.form.field("link").unwrap_or_default().to_owned());
    player.updated = call.now;
    Answer::json(201, &player.write())
}
