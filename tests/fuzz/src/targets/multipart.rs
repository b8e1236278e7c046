//! A form of which the pieces are cut at will: read or refused, and no more is kept than came.

use framekey_emulator::fuzz::multipart;

use crate::{Target, run, words};

pub(crate) const TARGET: Target =
    Target { name: "multipart", check, seeds, words: pieces, longest: 4096 };

fn check(data: &[u8]) {
    assert!(run::wait(multipart(data)).is_some(), "it is never read to its end");
}

fn seeds() -> Vec<Vec<u8>> {
    words::inputs(&[
        "\u{10}--edge\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nb\r\n--edge\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"c.mp4\"\r\n\
         content-type: video/mp4\r\n\r\nbytes\r\n--edge--\r\n",
        "\u{1}--edge\r\n",
        "\u{7f}--edge--\r\n\r\n",
        "\u{3}--edge\r\ncontent-disposition: form-data; name*=utf-8''%c3%a9\r\n\r\n\r\n--edge",
    ])
}

fn pieces() -> Vec<String> {
    words::of(&[
        "--edge",
        "--edge--",
        "\r\n",
        "\r\n\r\n",
        "content-disposition: form-data; ",
        "name=\"a\"",
        "filename=\"b\"",
        "filename*=utf-8''",
        "content-type: ",
        "content-transfer-encoding: base64",
    ])
}
