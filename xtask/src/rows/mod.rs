//! `cargo xtask rows`: each row, the tests that prove it, and the line of code that it guards.

mod found;
mod prove;
mod table;

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::check::{Report, Subject};
use crate::say;
use found::Found;
use table::{Row, Table};

/// What to show.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Remove the guarded line in a copy of the work tree and see a test of the row fail.
    #[arg(long)]
    prove: bool,
    /// Only these rows (`TK-01`); all of them when none is named.
    rows: Vec<String>,
}

/// A row with what was found for it.
struct Standing {
    row: Row,
    tests: Vec<Found>,
    /// The guarded line, or what is wrong with it.
    line: Result<usize, String>,
    /// A test of the row has a long form.
    has_long: bool,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let subject = Subject::read(root)?;
    let mut standings = stand(&subject)?;
    let is_named = |row: &Row| options.rows.iter().any(|name| name.eq_ignore_ascii_case(&row.id));
    if let Some(name) = options
        .rows
        .iter()
        .find(|name| !standings.iter().any(|standing| standing.row.id.eq_ignore_ascii_case(name)))
    {
        bail!("{} has no row `{name}`", table::TABLE);
    }
    standings.retain(|standing| options.rows.is_empty() || is_named(&standing.row));
    if options.prove {
        return prove::run(&subject, &standings);
    }
    standings.iter().for_each(show);
    let faults: Vec<String> = standings.iter().filter_map(fault).collect();
    faults.iter().for_each(|fault| say::error(fault));
    ensure!(faults.is_empty(), "{} of {} rows do not stand", faults.len(), standings.len());
    Ok(())
}

/// The same as a check: every row has a test, and its guard is where the table says.
pub(crate) fn check(subject: &Subject) -> Result<Report> {
    let standings = stand(subject)?;
    let tests: usize = standings.iter().map(|standing| standing.tests.len()).sum();
    let seen = format!("{} rows, {tests} tests that bear their ids", standings.len());
    Ok(Report::new(seen, standings.iter().filter_map(fault).collect()))
}

fn stand(subject: &Subject) -> Result<Vec<Standing>> {
    let table = Table::read(&subject.text(table::TABLE)?)?;
    let (mut tests, mut long) = (Vec::new(), HashSet::new());
    for file in &subject.files {
        // What others wrote, and what is generated, bears no ids of ours.
        if !file.split('/').any(|part| part == "generated" || part == "node_modules") {
            let text = subject.text(file)?;
            tests.extend(found::in_file(file, &text));
            if text.contains(table::LONG) {
                long.insert(file.clone());
            }
        }
    }
    Ok(table
        .rows
        .into_iter()
        .map(|row| {
            let prefix = row.prefix();
            let mine: Vec<Found> =
                tests.iter().filter(|test| test.prefixes.contains(&prefix)).cloned().collect();
            let has_long = mine.iter().any(|test| long.contains(&test.file));
            let line = match subject.text(&row.guard.file) {
                Ok(code) => row.guard.line(&code),
                Err(error) => Err(format!("{error:#}")),
            };
            Standing { row, tests: mine, line, has_long }
        })
        .collect())
}

fn fault(Standing { row, tests, line, has_long }: &Standing) -> Option<String> {
    if tests.is_empty() {
        return Some(format!("{}: no test is named {}…", row.id, row.prefix()));
    }
    if row.short.is_some() && !has_long {
        let (id, table, long) = (&row.id, table::TABLE, table::LONG);
        return Some(format!("{id}: {table} names a short form, and no test asks for {long}"));
    }
    let why = line.as_ref().err()?;
    Some(format!("{}: {} {why}; correct {}", row.id, row.guard.file, table::TABLE))
}

fn show(standing: &Standing) {
    let Standing { row, tests, line, .. } = standing;
    say::line(&format!("{}  {}: {}", row.id, row.title, row.figure));
    if let Some(short) = &row.short {
        say::line(&format!("       short  {short}; all of it with {}=1", table::LONG));
    }
    for Found { file, name, .. } in tests {
        say::line(&format!("       test   {file}  {name}"));
    }
    if let Ok(line) = line {
        let text = row.guard.text.split_whitespace().collect::<Vec<_>>().join(" ");
        say::line(&format!("       guards {}:{line}  {text}", row.guard.file));
    }
}
