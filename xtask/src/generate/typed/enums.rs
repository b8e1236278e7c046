//! Enumerations and unions of an open world.

use anyhow::{Result, ensure};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Fields, Ident, Item, ItemEnum, parse_quote};

use super::syntax::{SerdeField, normal_docs};

/// Opens an enumeration of texts or a union. `tag`: its one value tells variants of a union apart.
pub(crate) fn remake(item: ItemEnum, tag: bool) -> Result<Vec<Item>> {
    let texts = item.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit));
    match (texts, tag) {
        (true, true) => tag_of(item),
        (true, false) => open(&item),
        (false, _) => Ok(vec![Item::Enum(union(item)?)]),
    }
}

/// A tag stays closed, or every variant of its union would take everything.
fn tag_of(mut item: ItemEnum) -> Result<Vec<Item>> {
    for variant in &mut item.variants {
        let wire =
            SerdeField::read(&variant.attrs)?.rename.unwrap_or_else(|| variant.ident.to_string());
        variant.attrs = normal_docs(&variant.attrs);
        variant.attrs.push(parse_quote!(#[default]));
        variant.attrs.push(parse_quote!(#[serde(rename = #wire)]));
    }
    item.attrs = normal_docs(&item.attrs);
    item.attrs.push(parse_quote!(
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
    ));
    Ok(vec![Item::Enum(item)])
}

fn open(item: &ItemEnum) -> Result<Vec<Item>> {
    let name = &item.ident;
    let docs = normal_docs(&item.attrs);
    let mut variants: Vec<TokenStream> = Vec::new();
    let mut pairs: Vec<(Ident, String)> = Vec::new();
    for variant in &item.variants {
        let ident = &variant.ident;
        let wire = SerdeField::read(&variant.attrs)?.rename.unwrap_or_else(|| ident.to_string());
        let doc = format!(" `{wire}`");
        variants.push(quote!(#[doc = #doc] #ident));
        pairs.push((ident.clone(), wire));
    }
    let taken = pairs.iter().any(|(ident, _)| ident == "Unknown");
    let unknown = format_ident!("{}", if taken { "UnknownValue" } else { "Unknown" });
    let (idents, wires): (Vec<&Ident>, Vec<&String>) =
        pairs.iter().map(|(ident, wire)| (ident, wire)).unzip();
    let made: syn::File = parse_quote! {
        #(#docs)*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// A value that this version does not know.
            #unknown(String),
        }

        impl OpenEnum for #name {
            const KNOWN: &'static [&'static str] = &[#(#wires),*];

            fn of(text: &str) -> Self {
                match text {
                    #(#wires => Self::#idents,)*
                    other => Self::#unknown(other.to_owned()),
                }
            }

            fn as_str(&self) -> &str {
                match self {
                    #(Self::#idents => #wires,)*
                    Self::#unknown(other) => other,
                }
            }
        }

        open_enum!(#name);
    };
    Ok(made.items)
}

fn union(mut item: ItemEnum) -> Result<ItemEnum> {
    let untagged = item.attrs.iter().any(|attribute| {
        attribute.path().is_ident("serde") && quote!(#attribute).to_string().contains("untagged")
    });
    ensure!(
        untagged,
        "the union `{}` is told apart by a tag of serde's, which cannot be opened",
        item.ident
    );
    for variant in &mut item.variants {
        ensure!(
            variant.ident != "Unknown",
            "the union `{}` has a variant `Unknown` of its own",
            item.ident
        );
        ensure!(
            variant.fields.len() == 1,
            "the union `{}` has a variant that is not one value",
            item.ident
        );
        variant.attrs = normal_docs(&variant.attrs);
    }
    item.variants.push(parse_quote!(
        #[doc = " A shape that this version does not know."]
        Unknown(serde_json::Value)
    ));
    item.attrs = normal_docs(&item.attrs);
    item.attrs.push(parse_quote!(#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]));
    item.attrs.push(parse_quote!(#[serde(untagged)]));
    item.attrs.push(parse_quote!(#[non_exhaustive]));
    Ok(item)
}
