//! Freshness, and what damaged documents are answered with.

use std::fs;
use std::path::{Path, PathBuf};

use super::{check, document::Document, render, service::SERVICES};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A copy of `spec/` and the lock file, with one text of one file replaced.
fn damaged(file: &str, old: &str, new: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(root().join("Cargo.lock"), copy.path().join("Cargo.lock")).unwrap();
    let specs = SERVICES.iter().flat_map(|service| {
        ["openapi", "overlay"].map(|name| format!("{}/{name}.yaml", service.slug))
    });
    for name in specs.chain(["errors.yaml".to_owned(), "options.yaml".to_owned()]) {
        let (from, to) = (root().join("spec").join(&name), copy.path().join("spec").join(&name));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
    let path = copy.path().join("spec").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{file} has no `{old}`");
    fs::write(&path, text.replacen(old, new, 1)).unwrap();
    copy
}

/// The message for a damaged file; nothing may have been written.
fn message(file: &str, old: &str, new: &str) -> String {
    let copy = damaged(file, old, new);
    let options = super::Options { check: false, list_special: false };
    let message = match super::run(copy.path(), &options) {
        Ok(()) => panic!("{file} with `{new}` was taken"),
        Err(error) => format!("{error:#}"),
    };
    let mut left: Vec<_> =
        fs::read_dir(copy.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["Cargo.lock", "spec"], "something was written");
    assert!(!copy.path().join("spec/spec.lock").exists());
    message
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

#[test]
fn generated_files_match_the_specs() {
    check(&root()).unwrap();
}

#[test]
fn the_same_specs_give_the_same_files() {
    let all = |_| {
        render(&root())
            .unwrap()
            .lines()
            .map(|(file, lines)| format!("{file} {lines}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(all(1), all(2));
}

#[test]
fn a_stale_a_missing_and_a_stray_file_are_named() {
    let copy = damaged("errors.yaml", "errors:", "errors:");
    let output = render(copy.path()).unwrap();
    output.write(copy.path()).unwrap();
    output.check(copy.path()).unwrap();
    let folder = copy.path().join("crates/catalog/src/generated");
    fs::write(folder.join("errors.rs"), "// Generated\n").unwrap();
    fs::remove_file(folder.join("options.rs")).unwrap();
    fs::write(folder.join("old.rs"), "").unwrap();
    let message = output.check(copy.path()).unwrap_err().to_string();
    says(
        &message,
        &[
            "errors.rs: line 1 is",
            "options.rs: is missing",
            "old.rs: is no longer made",
            "run: cargo xtask generate",
        ],
    );
    let changed = output.write(copy.path()).unwrap();
    assert_eq!(changed.len(), 3, "{changed:?}");
    assert!(!folder.join("old.rs").exists());
    output.check(copy.path()).unwrap();
}

#[test]
fn every_operation_is_there() {
    let counts = SERVICES.map(|service| Document::read(&root(), service).unwrap().operations.len());
    assert_eq!(counts, [59, 99, 101]);
}

#[test]
fn broken_yaml_is_told_with_its_line() {
    let message = message("api-video/openapi.yaml", "openapi: 3.0.3", "openapi: 3.0.3\n\tinfo: x");
    says(&message, &["spec/api-video/openapi.yaml:3:", "not the YAML"]);
}

#[test]
fn a_document_of_another_shape_is_refused() {
    says(
        &message("videovector/openapi.yaml", "paths:", "roads:"),
        &["spec/videovector/openapi.yaml", "OpenAPI", "paths"],
    );
}

#[test]
fn an_operation_without_a_credential_decision_is_refused() {
    let message = message("api-video/openapi.yaml", "      security: []\n", "");
    says(&message, &["spec/api-video/openapi.yaml", "`access_tokens.create`", "which credentials"]);
}

#[test]
fn an_unknown_security_scheme_is_refused() {
    let message =
        message("api-video/openapi.yaml", "      - uploadToken: []\n", "      - otherToken: []\n");
    says(&message, &["`videos.upload_with_token`", "`otherToken`"]);
}

#[test]
fn two_operations_of_one_name_are_refused() {
    let message = message(
        "api-video/openapi.yaml",
        "operationId: access_tokens_refresh\n      x-resource: access_tokens\n      x-verb: refresh",
        "operationId: access_tokens_create\n      x-resource: access_tokens\n      x-verb: create",
    );
    says(
        &message,
        &["spec/api-video/openapi.yaml", "POST /auth/refresh", "`access_tokens.create` is taken"],
    );
}

#[test]
fn an_operation_without_a_door_is_refused() {
    let message = message("twelve-labs/openapi.yaml", "      x-verb: ", "      x-verb-of-old: ");
    says(&message, &["spec/twelve-labs/openapi.yaml", "has no `x-verb`", "no door"]);
}

#[test]
fn an_overlay_entry_that_hits_nothing_is_refused() {
    let message = message("api-video/overlay.yaml", "operations: [", "operations: [video.lits, ");
    says(
        &message,
        &["spec/api-video/overlay.yaml", "decision 2", "`video.lits` hits no operation"],
    );
}

#[test]
fn an_unknown_key_of_the_overlay_is_refused() {
    let message = message("twelve-labs/overlay.yaml", "    reason:", "    raeson:");
    says(&message, &["spec/twelve-labs/overlay.yaml:", "raeson"]);
}

#[test]
fn a_page_path_that_is_not_in_the_answer_is_refused() {
    let message = message("api-video/overlay.yaml", "items: data", "items: dtaa");
    says(&message, &["spec/api-video/overlay.yaml", "operation `", "`dtaa`"]);
}

#[test]
fn arguments_of_one_name_are_refused() {
    let message =
        message("api-video/openapi.yaml", "      - name: tags[]\n", "      - name: title_\n");
    says(&message, &["spec/api-video/openapi.yaml", "`title` and `title_`", "argument `title`"]);
}

#[test]
fn two_schemas_of_one_type_are_refused() {
    let schema = "  schemas:\n    upload-token:\n      type: object\n      description: x\n      properties:\n        a:\n          type: string\n";
    let message = message("api-video/openapi.yaml", "  schemas:\n", schema);
    says(&message, &["spec/api-video/openapi.yaml", "`UploadToken`"]);
}

#[test]
fn two_properties_of_one_field_are_refused() {
    let both = "        created_at:\n          type: string\n        createdAt:\n";
    let message = message("api-video/openapi.yaml", "        createdAt:\n", both);
    says(
        &message,
        &["spec/api-video/openapi.yaml", "two properties of `", "the field `created_at`"],
    );
}

#[test]
fn a_secret_that_is_gone_from_the_document_is_told() {
    let message = message("api-video/openapi.yaml", "        streamKey:", "        streamKeys:");
    says(&message, &["streamKey", "secrets.rs"]);
}

#[test]
fn an_unknown_option_type_is_refused() {
    let message = message("options.yaml", "type: secret", "type: secrte");
    says(&message, &["spec/options.yaml:", "secrte"]);
}

#[test]
fn another_version_of_openapi_is_refused() {
    let message = message("api-video/openapi.yaml", "openapi: 3.0.3", "openapi: 3.1.0");
    says(&message, &["spec/api-video/openapi.yaml", "3.1.0", "reads 3.0.3"]);
}

#[test]
fn a_path_begins_with_a_slash() {
    let message = message("api-video/openapi.yaml", "  /tags:", "  tags:");
    says(&message, &["spec/api-video/openapi.yaml", "the path `tags` does not begin with `/`"]);
}

#[test]
fn a_reference_to_nothing_is_named_where_it_stands() {
    let message = message("api-video/openapi.yaml", "schemas/VideosListResponse", "schemas/Nope");
    says(
        &message,
        &["spec/api-video/openapi.yaml", "> responses > 200", "schemas/Nope`", "no such thing"],
    );
    assert!(!message.contains("overlay"), "{message}");
}

#[test]
fn a_schema_that_is_made_of_itself_is_named() {
    let loops = "  schemas:\n    Loop:\n      allOf:\n        - $ref: '#/components/schemas/Round'\n    \
                 Round:\n      allOf:\n        - $ref: '#/components/schemas/Loop'\n";
    let message = message("api-video/openapi.yaml", "  schemas:\n", loops);
    says(&message, &["spec/api-video/openapi.yaml", "the schema `Loop` is made of itself"]);
}
