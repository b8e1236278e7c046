//! From typify's types to ours: open enumerations and unions, fields that tell null from absence,
//! unknown fields kept, secrets that do not print.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use proc_macro2::TokenStream;
use quote::quote;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Field, Fields, Ident, Item, ItemEnum, ItemStruct, Type, parse_quote};

use super::enums;
use super::syntax::{SerdeField, ShortPaths, idents, inner, normal_docs, type_name};
use crate::generate::document::{Document, FieldKind};
use crate::generate::pointer::{is_list, reference_name};

/// A type with its implementations, and the names of the types that it mentions.
pub(crate) struct Made {
    pub(crate) items: Vec<Item>,
    /// The fields that `new` takes; empty: it has a default.
    pub(crate) required: Vec<(Ident, Type)>,
    pub(crate) mentions: BTreeSet<String>,
}

/// All types of a service by name.
pub(crate) type Types = BTreeMap<String, Made>;

/// What the types need to know of the service.
struct Remake<'a> {
    document: &'a Document,
    /// `Schema.property` as it is written in the document.
    secrets: BTreeSet<&'static str>,
    /// Names of schemas that are forms.
    forms: BTreeSet<String>,
    /// Enumerations of one value that tell the variants of a union apart.
    tags: BTreeSet<String>,
    /// Types that requests are made of.
    sent: BTreeSet<String>,
    /// The doc comments of the types, for fields that have none of their own.
    texts: BTreeMap<String, Vec<Attribute>>,
}

/// Remakes the content of typify's `types` module.
pub(crate) fn remake(document: &Document, items: Vec<Item>) -> Result<Types> {
    let mut kept: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let mut impls = Vec::new();
    for mut item in items {
        ShortPaths.visit_item_mut(&mut item);
        match item {
            Item::Struct(ItemStruct { ref ident, .. }) | Item::Enum(ItemEnum { ref ident, .. }) => {
                let name = ident.to_string();
                let other = kept.insert(name.clone(), vec![item]);
                ensure!(other.is_none(), "two schemas become the type `{name}`; rename one");
            }
            Item::Impl(item) => impls.push(item),
            // Conversion errors and default values: nothing of ours is checked or filled in.
            Item::Mod(_) => {}
            other => bail!("typify made an item that is not expected: `{}`", quote!(#other)),
        }
    }
    for item in impls {
        let wanted = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        let wanted = wanted.is_some_and(|last| last.ident == "From" || last.ident == "Deref");
        if let Some(items) =
            type_name(&item.self_ty).filter(|_| wanted).and_then(|name| kept.get_mut(&name))
        {
            items.push(Item::Impl(item));
        }
    }
    let mentions: BTreeMap<String, BTreeSet<String>> =
        kept.iter().map(|(name, items)| (name.clone(), mentioned(items, name, &kept))).collect();
    let remake = Remake {
        secrets: super::secrets::of(document)?,
        forms: super::form_names(document),
        tags: tags(&kept),
        sent: sent(document, &mentions),
        texts: kept.iter().map(|(name, items)| (name.clone(), docs_of(items))).collect(),
        document,
    };
    let mut types = Types::new();
    for (name, items) in kept {
        let mut made = Vec::new();
        let mut required = Vec::new();
        for item in items {
            match item {
                Item::Struct(item) => made.extend(remake.structure(item, &mut required)?),
                Item::Enum(item) => made.extend(enums::remake(item, remake.tags.contains(&name))?),
                other => made.push(other),
            }
        }
        let mentions = mentions.get(&name).cloned().unwrap_or_default();
        types.insert(name, Made { items: made, required, mentions });
    }
    for secret in &remake.secrets {
        let name = secret.split_once('.').map_or(*secret, |(schema, _)| schema);
        ensure!(types.contains_key(name), "the secret `{secret}` is of no generated type");
    }
    Ok(types)
}

fn docs_of(items: &[Item]) -> Vec<Attribute> {
    match items.first() {
        Some(Item::Struct(item)) => normal_docs(&item.attrs),
        Some(Item::Enum(item)) => normal_docs(&item.attrs),
        _ => Vec::new(),
    }
}

fn mentioned(items: &[Item], own: &str, known: &BTreeMap<String, Vec<Item>>) -> BTreeSet<String> {
    let words = items.iter().flat_map(|item| idents(quote!(#item)));
    words.filter(|word| word != own && known.contains_key(word)).collect()
}

/// One-value enumerations that stand in the variants of a union.
fn tags(types: &BTreeMap<String, Vec<Item>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in types.values().flatten() {
        let Item::Enum(union) = item else { continue };
        for field in union.variants.iter().flat_map(|variant| &variant.fields) {
            let name = type_name(&field.ty).unwrap_or_default();
            let Some(Item::Struct(variant)) = types.get(&name).and_then(|items| items.first())
            else {
                continue;
            };
            for field in &variant.fields {
                let name = type_name(&field.ty).unwrap_or_default();
                if let Some(Item::Enum(tag)) = types.get(&name).and_then(|items| items.first())
                    && tag.variants.len() == 1
                {
                    found.insert(name);
                }
            }
        }
    }
    found
}

/// Everything that bodies and deep queries are made of.
fn sent(document: &Document, mentions: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let bodies = document
        .operations
        .iter()
        .filter_map(|operation| operation.body.as_ref().map(|body| &body.schema));
    let params = document
        .operations
        .iter()
        .flat_map(|operation| operation.params.iter().map(|param| &param.schema));
    let mut open: Vec<String> =
        bodies.chain(params).filter_map(reference_name).map(str::to_owned).collect();
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(inside) = mentions.get(&name).filter(|_| found.insert(name)) {
            open.extend(inside.iter().cloned());
        }
    }
    found
}

impl Remake<'_> {
    fn structure(
        &self,
        mut item: ItemStruct,
        required: &mut Vec<(Ident, Type)>,
    ) -> Result<Vec<Item>> {
        let name = item.ident.to_string();
        let docs = normal_docs(&item.attrs);
        let has_default = item.attrs.iter().any(|attribute| {
            attribute.path().is_ident("derive")
                && idents(quote!(#attribute)).any(|word| word == "Default")
        });
        let Fields::Named(fields) = &mut item.fields else {
            let default = has_default.then(|| quote!(, Default));
            item.attrs = docs;
            item.attrs.push(parse_quote!(#[derive(Clone, Debug, serde::Deserialize, serde::Serialize #default)]));
            item.attrs.push(parse_quote!(#[serde(transparent)]));
            return Ok(vec![Item::Struct(item)]);
        };
        let form = self.forms.contains(&name);
        let mut remade: Vec<Field> = Vec::new();
        for field in std::mem::take(&mut fields.named) {
            let (field, needed) =
                if form { self.form_field(&name, field)? } else { self.field(&name, field)? };
            let tag = type_name(&field.ty).is_some_and(|name| self.tags.contains(&name));
            if let (true, false, Some(ident)) = (needed, tag, &field.ident) {
                required.push((ident.clone(), field.ty.clone()));
            }
            remade.push(field);
        }
        remade
            .retain(|field| !(form && field.ident.as_ref().is_some_and(|ident| ident == "extra")));
        let all: Vec<Ident> = remade.iter().filter_map(|field| field.ident.clone()).collect();
        for (at, ident) in all.iter().enumerate() {
            ensure!(
                !all[..at].contains(ident),
                "two properties of `{name}` become the field `{ident}`; rename one"
            );
        }
        fields.named = remade.into_iter().collect();
        item.attrs = docs;
        let serde = (!form).then(|| quote!(, serde::Deserialize, serde::Serialize));
        let default = required.is_empty().then(|| quote!(, Default));
        item.attrs.push(parse_quote!(#[derive(Clone, Debug #serde #default)]));
        item.attrs.push(parse_quote!(#[non_exhaustive]));
        let mut made = vec![];
        if self.sent.contains(&name) && !required.is_empty() {
            made.push(constructor(&item.ident, required, &all));
        }
        made.insert(0, Item::Struct(item));
        Ok(made)
    }

    /// A field of a JSON object, and whether it must be given.
    fn field(&self, owner: &str, mut field: Field) -> Result<(Field, bool)> {
        let serde = SerdeField::read(&field.attrs)?;
        let ident = field.ident.clone().context("a field has no name")?;
        let mut ty = field.ty.clone();
        if serde.skips {
            ty = inner(&ty, "Option").unwrap_or(ty);
        }
        let wire = serde.rename.clone().unwrap_or_else(|| ident.to_string());
        if self.secrets.contains(format!("{owner}.{wire}").as_str()) {
            ty =
                secret(ty).with_context(|| format!("the secret `{owner}.{wire}` is not a text"))?;
        }
        let mut attributes = self.docs(&field);
        if serde.flatten {
            if quote!(#ty).to_string().replace(' ', "")
                == "serde_json::Map<String,serde_json::Value>"
            {
                ty = parse_quote!(Extra);
            }
            attributes = vec![
                parse_quote!(#[doc = " Fields that this version does not know."]),
                parse_quote!(#[serde(flatten)]),
            ];
        } else {
            let rename = serde.rename.as_ref().map(|wire| quote!(rename = #wire,));
            if serde.skips {
                ty = parse_quote!(Patch<#ty>);
                attributes.push(parse_quote!(#[serde(#rename default, skip_serializing_if = "Patch::is_absent")]));
            } else if let Some(wire) = &serde.rename {
                attributes.push(parse_quote!(#[serde(rename = #wire)]));
            }
        }
        field.ty = ty;
        field.attrs = attributes;
        Ok((field, !serde.skips && !serde.flatten))
    }

    /// A field of a form: no JSON, so that null and absence are the same.
    fn form_field(&self, owner: &str, mut field: Field) -> Result<(Field, bool)> {
        let serde = SerdeField::read(&field.attrs)?;
        let ident = field.ident.clone().context("a field has no name")?;
        let wire = serde.rename.clone().unwrap_or_else(|| ident.to_string());
        let operation = self.document.operations.iter().find(|operation| {
            operation.body.as_ref().is_some_and(|body| reference_name(&body.schema) == Some(owner))
        });
        let row = operation.and_then(|operation| operation.body.as_ref());
        let row = row.and_then(|body| body.fields.iter().find(|field| field.wire == wire));
        let docs = self.docs(&field);
        let mut required = !serde.skips && !serde.flatten;
        if let Some(row) = row.filter(|row| row.kind == FieldKind::File) {
            let several = is_list(&self.document.root, &row.schema);
            required &= !several;
            field.ty = match (several, required) {
                (true, _) => parse_quote!(Vec<File>),
                (false, true) => parse_quote!(File),
                (false, false) => parse_quote!(Option<File>),
            };
        } else if self.secrets.contains(format!("{owner}.{wire}").as_str()) {
            field.ty = secret(field.ty)
                .with_context(|| format!("the secret `{owner}.{wire}` is not a text"))?;
        }
        field.attrs = docs;
        Ok((field, required))
    }

    /// A field's own text, or that of the type that it refers to.
    fn docs(&self, field: &Field) -> Vec<Attribute> {
        let own = normal_docs(&field.attrs);
        let ty = &field.ty;
        let mut names = idents(quote!(#ty));
        if own.is_empty() {
            names.find_map(|name| self.texts.get(&name).cloned()).unwrap_or_default()
        } else {
            own
        }
    }
}

/// The same type with `SecretText` for `String`.
fn secret(ty: Type) -> Option<Type> {
    if let Some(inside) = inner(&ty, "Option") {
        let inside = secret(inside)?;
        return Some(parse_quote!(Option<#inside>));
    }
    (type_name(&ty)? == "String").then(|| parse_quote!(SecretText))
}

/// `new` with what must be given; everything else is absent until it is set.
fn constructor(name: &Ident, required: &[(Ident, Type)], all: &[Ident]) -> Item {
    let doc = format!(" A `{name}` of what must be given.");
    let arguments = required.iter().map(|(ident, ty)| argument(ident, ty));
    let fields = all.iter().map(|ident| match required.iter().find(|(known, _)| known == ident) {
        Some((_, ty)) if is_into(ty) => quote!(#ident: #ident.into()),
        Some(_) => quote!(#ident),
        None => quote!(#ident: Default::default()),
    });
    parse_quote! {
        impl #name {
            #[doc = #doc]
            #[must_use]
            pub fn new(#(#arguments),*) -> Self {
                #name { #(#fields),* }
            }
        }
    }
}

/// How a value of this type is taken: texts from whatever becomes one.
pub(crate) fn argument(ident: &Ident, ty: &Type) -> TokenStream {
    if is_into(ty) { quote!(#ident: impl Into<#ty>) } else { quote!(#ident: #ty) }
}

/// Whether a value of this type is taken by `Into`.
pub(crate) fn is_into(ty: &Type) -> bool {
    matches!(type_name(ty).as_deref(), Some("String" | "SecretText"))
}

/// The item as it stands in the document's types, for its fields.
pub(crate) fn fields_of<'a>(types: &'a Types, name: &str) -> Result<&'a syn::FieldsNamed> {
    let item = types.get(name).and_then(|made| made.items.first());
    match item {
        Some(Item::Struct(ItemStruct { fields: Fields::Named(fields), .. })) => Ok(fields),
        _ => bail!("the body `{name}` is no object with fields"),
    }
}

/// Whether a type is an open enumeration.
pub(crate) fn is_open_enum(types: &Types, name: &str) -> bool {
    types.get(name).is_some_and(|made| made.items.iter().any(|item| matches!(item, Item::Macro(_))))
}
