//! From progenitor's methods to ours: what it found out about each operation is read from its code,
//! checked against the document, and written over our session.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use heck::ToSnakeCase;
use quote::format_ident;
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{
    Expr, ExprLit, FnArg, Ident, ImplItem, ImplItemFn, Item, Lit, Pat, ReturnType, Token, Type,
    parse_quote,
};

use super::syntax::{NoLifetimes, ShortPaths, inner, type_name};
use crate::generate::document::{Document, Operation, Param, Place, Style};
use crate::generate::overlay::StreamKind;
use crate::generate::pointer::reference_name;

/// A typed method.
pub(crate) struct Method<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) name: Ident,
    pub(crate) arguments: Vec<Argument<'a>>,
    pub(crate) answer: Answer,
    /// The path as progenitor writes it: a template and the arguments in it.
    pub(crate) path: (String, Vec<Ident>),
}

/// An argument of a typed method.
pub(crate) struct Argument<'a> {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) source: Source<'a>,
}

/// Where an argument goes.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Param(&'a Param),
    Json,
    Form,
}

/// What a method answers.
pub(crate) enum Answer {
    Json(Type),
    Empty,
    /// Always a stream of this.
    Events(Type, StreamKind),
}

/// Reads the methods of progenitor's client; every operation of the document has one.
pub(crate) fn read<'a>(document: &'a Document, file: &syn::File) -> Result<Vec<Method<'a>>> {
    let mut found: BTreeMap<String, &ImplItemFn> = BTreeMap::new();
    for item in &file.items {
        let Item::Impl(item) = item else { continue };
        for item in &item.items {
            if let ImplItem::Fn(function) = item {
                found.insert(function.sig.ident.to_string(), function);
            }
        }
    }
    let mut methods = Vec::new();
    for operation in &document.operations {
        let function = found.get(&operation.operation_id);
        let function = function.with_context(|| {
            format!(
                "spec/{}/openapi.yaml: operation `{}` got no typed method",
                document.service.slug, operation.id
            )
        })?;
        methods.push(method(operation, function).with_context(|| {
            format!("spec/{}/openapi.yaml: operation `{}`", document.service.slug, operation.id)
        })?);
    }
    Ok(methods)
}

fn method<'a>(operation: &'a Operation, function: &ImplItemFn) -> Result<Method<'a>> {
    let mut seen = Seen::default();
    seen.visit_block(&function.block);
    seen.check(operation)?;
    let path = seen.path.context("progenitor's method makes no path")?;
    let mut arguments = Vec::new();
    for input in &function.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Pat::Ident(pattern) = &*input.pat else {
            bail!("an argument of progenitor's has no name")
        };
        let mut ty = (*input.ty).clone();
        ShortPaths.visit_type_mut(&mut ty);
        NoLifetimes.visit_type_mut(&mut ty);
        arguments.push(argument(operation, pattern.ident.clone(), ty)?);
    }
    if let Some(body) = operation.body.as_ref().filter(|body| body.multipart) {
        let form =
            format_ident!("{}", reference_name(&body.schema).context("a form is a named schema")?);
        arguments.push(Argument {
            ident: format_ident!("body"),
            ty: parse_quote!(&types::#form),
            source: Source::Form,
        });
    }
    Ok(Method {
        operation,
        name: function.sig.ident.clone(),
        arguments,
        answer: answer(operation, function)?,
        path,
    })
}

fn argument(operation: &Operation, ident: Ident, mut ty: Type) -> Result<Argument<'_>> {
    if ident == "body" {
        return Ok(Argument { ident, ty, source: Source::Json });
    }
    let name = ident.to_string();
    let param = operation
        .params
        .iter()
        .find(|param| param.wire.to_snake_case() == name.trim_end_matches('_'));
    let param = param
        .with_context(|| format!("progenitor's argument `{name}` is none of the document's"))?;
    if param.style == Style::Deep {
        ty = match reference_name(&param.schema) {
            Some(name) => {
                let name = format_ident!("{name}");
                parse_quote!(Option<&types::#name>)
            }
            None => {
                let item = param.schema.get("additionalProperties").and_then(reference_name);
                let item: Type = match item {
                    Some(name) => {
                        let name = format_ident!("{name}");
                        parse_quote!(types::#name)
                    }
                    None => parse_quote!(String),
                };
                parse_quote!(Option<&std::collections::BTreeMap<String, #item>>)
            }
        };
    }
    Ok(Argument { ident, ty, source: Source::Param(param) })
}

fn answer(operation: &Operation, function: &ImplItemFn) -> Result<Answer> {
    let ReturnType::Type(_, ty) = &function.sig.output else {
        bail!("progenitor's method answers nothing")
    };
    let mut value = inner(ty, "Result")
        .and_then(|value| inner(&value, "ResponseValue"))
        .context("progenitor's answer is odd")?;
    ShortPaths.visit_type_mut(&mut value);
    match (&operation.stream, type_name(&value).as_deref()) {
        (Some(stream), _) if stream.when.is_none() => {
            ensure!(stream.kind != StreamKind::Bytes, "streams of bytes have no typed method yet");
            Ok(Answer::Events(event_type(operation, &operation.accept)?, stream.kind))
        }
        (_, Some("ByteStream")) => {
            bail!(
                "answers `{}`, and the overlay does not say which stream that is (`stream`)",
                operation.accept
            )
        }
        (_, None) => Ok(Answer::Empty),
        _ => Ok(Answer::Json(value)),
    }
}

/// The type of one value of a stream.
pub(crate) fn event_type(operation: &Operation, media: &str) -> Result<Type> {
    let schema = operation
        .successes()
        .find_map(|(_, answer)| answer.get("content")?.get(media)?.get("schema"));
    match schema.and_then(reference_name) {
        Some(name) => {
            let name = format_ident!("{name}");
            Ok(parse_quote!(types::#name))
        }
        None => Ok(parse_quote!(serde_json::Value)),
    }
}

/// What a method's code says.
#[derive(Default)]
struct Seen {
    path: Option<(String, Vec<Ident>)>,
    verb: Option<String>,
    queries: Vec<String>,
    headers: Vec<String>,
    json: bool,
}

impl Seen {
    /// Progenitor and we must have read the same document.
    fn check(&self, operation: &Operation) -> Result<()> {
        let verb = operation.method.to_lowercase();
        ensure!(
            self.verb.as_deref() == Some(&*verb),
            "progenitor sends it as {:?}, not `{verb}`",
            self.verb
        );
        let wires = |place: Place| {
            let mut names: Vec<&str> = operation
                .params
                .iter()
                .filter(|param| param.place == place)
                .map(|param| param.wire.as_str())
                .collect();
            names.sort_unstable();
            names
        };
        for (place, seen) in [(Place::Query, &self.queries), (Place::Header, &self.headers)] {
            let mut seen: Vec<&str> = seen.iter().map(String::as_str).collect();
            seen.sort_unstable();
            ensure!(
                seen == wires(place),
                "progenitor sends {place:?} parameters {seen:?}, not {:?}",
                wires(place)
            );
        }
        let json = operation.body.as_ref().is_some_and(|body| !body.multipart);
        ensure!(self.json == json, "progenitor and the document differ over its JSON body");
        Ok(())
    }
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let Ok(arguments) = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        else {
            return;
        };
        let mut arguments = arguments.into_iter();
        let Some(Expr::Lit(ExprLit { lit: Lit::Str(template), .. })) = arguments.next() else {
            return;
        };
        let mut found = Names(Vec::new());
        arguments.for_each(|argument| found.visit_expr(&argument));
        let template = template.value();
        self.path = Some((template.strip_prefix("{}").unwrap_or(&template).to_owned(), found.0));
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let first = call.args.first();
        match call.method.to_string().as_str() {
            // `self.post(…)` is a hook; what begins a request takes the URL.
            verb @ ("get" | "post" | "put" | "patch" | "delete") if first.is_some_and(is_url) => {
                self.verb = Some(verb.to_owned());
            }
            "query" => self.queries.extend(first.and_then(first_text)),
            "append" => self.headers.extend(first.and_then(text)),
            "json" => self.json = true,
            _ => {}
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

/// Plain names that path segments are made of; `self` and functions are none.
struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let Expr::Path(path) = &*call.receiver {
            self.0.extend(path.path.get_ident().filter(|ident| *ident != "self").cloned());
        }
    }
}

/// The text of `&QueryParam::new("text", …)`.
fn first_text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Reference(reference) => first_text(&reference.expr),
        Expr::Call(call) => call.args.first().and_then(text),
        _ => None,
    }
}

fn is_url(expression: &Expr) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident("url"))
}

fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}
