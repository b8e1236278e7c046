//! Reads header blocks of HTTP/2 (RFC 7541) for how each field was written, not for what it means:
//! names that stand in a table are left as their number.

/// How a field was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// As the number of a table's entry.
    Indexed,
    /// In full, and put into the table of the connection.
    Remembered,
    /// In full, and not put into the table.
    Passing,
    /// In full, with the order to everybody on the way never to put it into a table (section 6.2.3).
    Never,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// How it was written.
    pub writing: Writing,
    /// The name, or `#23` where it stands in a table.
    pub name: String,
    /// The value; empty for an indexed field.
    pub value: String,
}

/// The fields of a block; `None` where it breaks the rules.
#[must_use]
pub fn fields(block: &[u8]) -> Option<Vec<Field>> {
    let mut rest = block;
    let mut fields = Vec::new();
    while let Some(&first) = rest.first() {
        let (writing, prefix) = match first {
            0x80.. => (Writing::Indexed, 7),
            0x40.. => (Writing::Remembered, 6),
            0x20.. => {
                number(&mut rest, 5)?;
                continue;
            }
            0x10.. => (Writing::Never, 4),
            _ => (Writing::Passing, 4),
        };
        let index = number(&mut rest, prefix)?;
        let mut field = Field { writing, name: format!("#{index}"), value: String::new() };
        if writing != Writing::Indexed {
            if index == 0 {
                field.name = text(&mut rest)?;
            }
            field.value = text(&mut rest)?;
        }
        fields.push(field);
    }
    Some(fields)
}

/// A number that begins in the low `prefix` bits of a byte (section 5.1).
fn number(rest: &mut &[u8], prefix: u32) -> Option<usize> {
    let full = (1_usize << prefix) - 1;
    let mut value = usize::from(take(rest)?) & full;
    if value < full {
        return Some(value);
    }
    for shift in (0..28).step_by(7) {
        let byte = take(rest)?;
        value += usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(*first)
}

/// A text, plain or by Huffman's code (section 5.2).
fn text(rest: &mut &[u8]) -> Option<String> {
    let coded = rest.first()? & 0x80 != 0;
    let length = number(rest, 7)?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    match coded {
        true => Some(decode(bytes)),
        false => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// The part of the code (appendix B) that header texts of ours need: first code, length, characters.
const CODE: [(u32, u32, &str); 6] = [
    (0x0, 5, "012aceiost"),
    (0x14, 6, " %-./3456789=A_bdfghlmnpru"),
    (0x5c, 7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (0xf8, 8, "&*,;XZ"),
    (0x3f8, 10, "!\"()?"),
    (0x7fa, 11, "'+|"),
];

/// Up to the first character that is not in the table, which is written as U+FFFD.
fn decode(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut code, mut length) = (0, 0);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1)))
    {
        code = code << 1 | bit;
        length += 1;
        let row = CODE.iter().find(|(first, bits, characters)| {
            *bits == length && (*first..*first + characters.len() as u32).contains(&code)
        });
        if let Some((first, _, characters)) = row {
            text.extend(characters.chars().nth((code - first) as usize));
            (code, length) = (0, 0);
        } else if length > 11 {
            text.push('\u{fffd}');
            return text;
        }
    }
    text
}
