//! What the demo makes on an account, and that it goes away again: by a step, or when a step failed or
//! somebody stopped the demo.

use framekey::dynamic::Client;
use framekey::{Error, ErrorKind};
use serde_json::{Value, json};

use super::expect::Expect;
use super::stage::{Needs, Stage, call, text};

/// A kind of thing that the demo makes.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Where the id is in the answer that made it.
    id: &'static str,
    /// The argument that takes it.
    argument: &'static str,
    delete: &'static str,
    get: &'static str,
    credential: &'static str,
}

pub(crate) static VIDEO: Kind = Kind {
    id: "/videoId",
    argument: "video_id",
    delete: "videos.delete",
    get: "videos.get",
    credential: "bearer",
};
pub(crate) static UPLOAD_TOKEN: Kind = Kind {
    id: "/token",
    argument: "upload_token",
    delete: "upload_tokens.delete",
    get: "upload_tokens.get",
    credential: "bearer",
};
pub(crate) static TWELVE_LABS_INDEX: Kind = Kind {
    id: "/_id",
    argument: "index_id",
    delete: "indexes.delete",
    get: "indexes.get",
    credential: "api_key",
};
pub(crate) static VIDEOVECTOR_INDEX: Kind = Kind {
    id: "/index_id",
    argument: "index_id",
    delete: "indexes.delete",
    get: "indexes.get",
    credential: "bearer",
};
pub(crate) static API_KEY: Kind = Kind {
    id: "/key_id",
    argument: "key_id",
    delete: "api_keys.delete",
    get: "api_keys.get",
    credential: "bearer",
};

/// One thing that was made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    kind: &'static Kind,
    by: Client,
    pub(crate) id: String,
}

impl Made {
    fn argument(&self) -> Value {
        json!({ self.kind.argument: self.id })
    }
}

impl Stage {
    /// Keeps in mind what a step made, until it is deleted.
    pub(crate) fn keep(
        &mut self,
        kind: &'static Kind,
        by: &Client,
        answer: Option<&Value>,
    ) -> Option<Made> {
        let made = Made { kind, by: by.clone(), id: text(answer?, kind.id) };
        self.made.push(made.clone());
        Some(made)
    }

    /// A step that deletes what an earlier one made, and looks that it is gone.
    pub(crate) async fn delete(
        &mut self,
        name: &'static str,
        kind: &'static Kind,
        made: Option<Made>,
    ) {
        let mut deleted = false;
        self.step(
            name,
            Needs::Write.after(&made),
            Expect::nothing()
                .then(kind.delete, kind.credential)
                .then(kind.get, kind.credential)
                .fails("http.404", ""),
            async {
                let client = made.as_ref().map(|made| &made.by);
                let argument = made.as_ref().map(Made::argument).unwrap_or_default();
                call(client, kind.delete, argument.clone()).await?;
                deleted = true;
                call(client, kind.get, argument).await
            },
            |_| "it is still there".to_owned(),
        )
        .await;
        if let Some(made) = made.filter(|_| deleted) {
            self.made.retain(|kept| kept.id != made.id);
        }
    }

    /// Deletes on a live account what the steps left there.
    pub(crate) async fn clean_up(&mut self) {
        while let Some(made) = self.made.last().cloned().filter(|_| self.is_live()) {
            self.story("clean-up");
            let Made { kind, by, id } = &made;
            self.step(
                "delete what is left",
                Needs::Write,
                Expect::nothing()
                    .times("access_tokens.create", "none", 0, 1)
                    .then(kind.delete, kind.credential),
                async {
                    match call(by, kind.delete, made.argument()).await {
                        // The step that deleted it was stopped before its answer came.
                        Err(error) if error.status() == Some(404) => Ok(()),
                        outcome => outcome.map(drop).map_err(|error| left(&made, &error)),
                    }
                },
                |()| format!("{} {id}", kind.argument),
            )
            .await;
            self.made.pop();
        }
    }

    /// What is left on the account, a line each.
    pub(crate) fn left(&self) -> Vec<String> {
        let made = self.made.iter().filter(|_| self.is_live());
        made.map(|made| format!("{} {} is left there", made.kind.argument, made.id)).collect()
    }
}

fn left(made: &Made, error: &Error) -> Error {
    let message = format!("{} {} is left there: {error}", made.kind.argument, made.id);
    Error::new(ErrorKind::Internal, error.code(), message)
}
