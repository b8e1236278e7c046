//! Small questions to Rust syntax.

use anyhow::Result;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, ExprLit, GenericArgument, Lit, Meta, Path, PathArguments, Type, parse_quote,
};

/// Writes `String` for `::std::string::String`, and so on: generated code is read, too.
pub(crate) struct ShortPaths;

impl VisitMut for ShortPaths {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        if path.leading_colon.is_none() {
            return;
        }
        path.leading_colon = None;
        let names: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let prelude = matches!(
            names.as_slice(),
            ["std", "option", "Option"]
                | ["std", "string", "String"]
                | ["std", "vec", "Vec"]
                | ["std", "boxed", "Box"]
                | ["std", "convert", "From"]
        );
        if prelude {
            path.segments = path.segments.iter().skip(2).cloned().collect();
        }
    }
}

/// Writes `&str` for `&'a str`.
pub(crate) struct NoLifetimes;

impl VisitMut for NoLifetimes {
    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        reference.lifetime = None;
        visit_mut::visit_type_reference_mut(self, reference);
    }
}

/// What serde is told about a field.
#[derive(Default)]
pub(crate) struct SerdeField {
    pub(crate) rename: Option<String>,
    pub(crate) skips: bool,
    pub(crate) flatten: bool,
}

impl SerdeField {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut found = SerdeField::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("rename") {
                    found.rename = Some(meta.value()?.parse::<syn::LitStr>()?.value());
                } else if meta.path.is_ident("skip_serializing_if") {
                    meta.value()?.parse::<syn::LitStr>()?;
                    found.skips = true;
                } else if meta.path.is_ident("flatten") {
                    found.flatten = true;
                } else if meta.input.peek(syn::Token![=]) {
                    meta.value()?.parse::<Expr>()?;
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}

/// The doc lines alone, each beginning with a space as hand-written ones do.
pub(crate) fn normal_docs(attributes: &[Attribute]) -> Vec<Attribute> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(meta) = &attribute.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value
        {
            lines.extend(text.value().trim().lines().map(str::to_owned));
        }
    }
    docs(&lines)
}

/// Doc attributes of lines.
pub(crate) fn docs(lines: &[String]) -> Vec<Attribute> {
    lines
        .iter()
        .map(|line| {
            let line =
                if line.trim().is_empty() { String::new() } else { format!(" {}", line.trim()) };
            parse_quote!(#[doc = #line])
        })
        .collect()
}

/// The last name of a type's path, through `Box`.
pub(crate) fn type_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident == "Box" {
        return type_name(&inner(ty, "Box")?);
    }
    Some(last.ident.to_string())
}

/// `T` of `Outer<T>`.
pub(crate) fn inner(ty: &Type, outer: &str) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == outer)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// All names in some tokens.
pub(crate) fn idents(tokens: TokenStream) -> Box<dyn Iterator<Item = String>> {
    Box::new(tokens.into_iter().flat_map(|token| match token {
        TokenTree::Ident(ident) => Box::new(std::iter::once(ident.to_string())),
        TokenTree::Group(group) => idents(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => {
            Box::new(std::iter::empty()) as Box<dyn Iterator<Item = String>>
        }
    }))
}
