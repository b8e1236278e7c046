//! Puts a target's corpus into a folder, one input a file, with its dictionary beside; and takes what a
//! fuzzer left there back. `cargo xtask fuzz` calls it.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "what is printed is read by xtask")]

use std::fs;
use std::io::{Error, Result};
use std::path::Path;

use framekey_fuzz::{TARGETS, Target, corpus};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["list"] => {
            TARGETS.iter().for_each(|target| println!("{} {}", target.name, target.longest))
        }
        ["lay-out", target, folder] => lay_out(named(target)?, Path::new(folder))?,
        ["take-in", target, folder] => take_in(named(target)?, Path::new(folder))?,
        _ => return Err(Error::other("list | lay-out TARGET FOLDER | take-in TARGET FOLDER")),
    }
    Ok(())
}

fn named(name: &str) -> Result<Target> {
    Target::named(name).ok_or_else(|| Error::other(format!("there is no target `{name}`")))
}

/// `FOLDER/inputs/N` and `FOLDER/words`.
fn lay_out(target: Target, folder: &Path) -> Result<()> {
    let inputs = folder.join("inputs");
    fs::create_dir_all(&inputs)?;
    let all = corpus::read(target.name)?.into_iter().chain((target.seeds)());
    for (number, input) in all.enumerate() {
        fs::write(inputs.join(number.to_string()), input)?;
    }
    // libFuzzer's form: quoted, with escapes in hexadecimal.
    let line = |word: &String| {
        let plain =
            |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\' || byte == b' ';
        let text: String =
            word.bytes()
                .map(|byte| {
                    if plain(byte) {
                        char::from(byte).to_string()
                    } else {
                        format!("\\x{byte:02x}")
                    }
                })
                .collect();
        format!("\"{text}\"\n")
    };
    // It takes no longer words.
    let words = (target.words)().into_iter().filter(|word| !word.is_empty() && word.len() <= 64);
    fs::write(folder.join("words"), words.map(|word| line(&word)).collect::<String>())
}

/// No corpus is larger, in bytes of inputs: the smallest that reach something new tell most.
const LARGEST: usize = 12_000;

/// What lies in the folder becomes the corpus, without what the seeds are already.
fn take_in(target: Target, folder: &Path) -> Result<()> {
    let seeds = (target.seeds)();
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let input = fs::read(entry?.path())?;
        if !seeds.contains(&input) {
            inputs.push(input);
        }
    }
    inputs.sort_by_key(Vec::len);
    let mut room = LARGEST;
    inputs.retain(|input| {
        let fits = input.len() <= room;
        room -= if fits { input.len() } else { 0 };
        fits
    });
    println!("{}: {} inputs beside {} seeds", target.name, inputs.len(), seeds.len());
    corpus::write(target.name, inputs)
}
