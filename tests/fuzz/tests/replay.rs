//! Every target over its seeds, its corpus and seeded noise around them; with `FRAMEKEY_LONG=1` a
//! hundred times as much of it. Issue rows: FZ-02, MP-04, RD-06, TK-11, E33.
#![allow(clippy::print_stdout, reason = "the input that broke something")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey_fuzz::noise::Noise;
use framekey_fuzz::{TARGETS, Target, corpus};

fn replay(name: &str, rounds: usize) {
    let target = Target::named(name).expect("a target");
    let mut inputs = corpus::read(name).expect("a corpus");
    inputs.extend((target.seeds)());
    inputs.iter().for_each(|input| (target.check)(input));
    let rounds = if std::env::var_os("FRAMEKEY_LONG").is_some() { rounds * 100 } else { rounds };
    let mut noise = Noise::new(7, inputs, (target.words)());
    for _ in 0..rounds {
        let input = noise.draw(target.longest);
        let check = std::panic::AssertUnwindSafe(|| (target.check)(&input));
        if let Err(why) = std::panic::catch_unwind(check) {
            println!("{name}: {}", input.escape_ascii());
            std::panic::resume_unwind(why);
        }
    }
}

macro_rules! targets {
    ($($test:ident: $name:literal, $rounds:literal;)*) => {
        $(#[test]
        fn $test() {
            replay($name, $rounds);
        })*

        #[test]
        fn every_target_is_replayed() {
            let mut names = TARGETS.map(|target| target.name);
            names.sort_unstable();
            assert_eq!(names, [$($name),*]);
        }
    };
}

targets! {
    any_answer_is_one_error_without_the_key: "answer", 3_000;
    a_content_range_is_read_one_way: "content_range", 100_000;
    documents_of_the_control_plane_are_refused_or_kept: "document", 300;
    rd_06_no_argument_leads_elsewhere: "door", 10_000;
    e33_a_key_is_cleaned_or_refused_by_its_place: "key", 5_000;
    a_form_is_read_or_refused: "multipart", 10_000;
    e33_no_value_of_a_profile_is_quoted: "profile", 3_000;
    mp_04_nothing_but_the_true_entry_is_used: "store", 1_000;
    the_emulator_answers_anything_in_its_services_shapes: "story", 300;
    tk_11_any_token_answer_is_a_token_or_one_error: "token", 2_000;
}
