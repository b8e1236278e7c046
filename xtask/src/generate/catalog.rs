//! The operation tables of the catalog.

use anyhow::Result;
use heck::ToShoutySnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::document::{Body, Document, Field, Operation, Param, Scheme};
use super::output::Output;
use super::overlay::{Page, Stream};
use super::service::SERVICES;

const FOLDER: &str = "crates/catalog/src/generated";

/// Writes the catalog's `generated/` folder, but for the option and error tables.
pub(crate) fn generate(documents: &[Document], output: &mut Output) -> Result<()> {
    output.folder(FOLDER);
    for document in documents {
        let file = format!("{FOLDER}/{}.rs", document.service.module);
        let head = format!("The operations of {}.", document.service.slug);
        output.rust(&file, &head, table(document))?;
        super::schemas::generate(document, &format!("{FOLDER}/schemas"), output)?;
        super::packed::generate(document, &format!("{FOLDER}/packed"), output);
    }
    let modules = SERVICES.map(|service| format_ident!("{}", service.module));
    let arms = SERVICES.map(|service| {
        let variant = format_ident!("{}", service.variant);
        let file = format!("schemas/{}.json", service.slug);
        quote!(crate::Service::#variant => include_str!(#file),)
    });
    let packed_arms = SERVICES.map(|service| {
        let variant = format_ident!("{}", service.variant);
        let file = format!("packed/{}.txt", service.slug);
        quote!(crate::Service::#variant => include_str!(#file),)
    });
    let tokens = quote! {
        #(pub mod #modules;)*
        pub(crate) mod errors;
        pub(crate) mod options;

        /// The schemas of a service as JSON text: `operations` by id (request, responses,
        /// parameters) and the component `schemas` that they refer to.
        #[cfg(feature = "schemas")]
        #[must_use]
        pub fn schemas(service: crate::Service) -> &'static str {
            match service { #(#arms)* }
        }

        /// The operation table of a service as text.
        #[cfg(any(test, target_arch = "wasm32"))]
        pub(crate) fn packed(service: crate::Service) -> &'static str {
            match service { #(#packed_arms)* }
        }
    };
    output.rust(&format!("{FOLDER}/mod.rs"), "The tables.", tokens)
}

/// The name of an operation's constant.
pub(crate) fn constant(operation: &Operation) -> proc_macro2::Ident {
    format_ident!("{}", operation.operation_id.to_shouty_snake_case())
}

fn table(document: &Document) -> TokenStream {
    let rows = document.operations.iter().map(|operation| row(document, operation));
    let constants = document.operations.iter().enumerate().map(|(at, operation)| {
        let name = constant(operation);
        let doc = format!(" `{}`: {}", operation.id, operation.text("summary"));
        quote! {
            #[doc = #doc]
            pub const #name: &Operation = &OPERATIONS[#at];
        }
    });
    quote! {
        #[allow(unused_imports)]
        use crate::{
            Bearer, Body, Field, FieldKind, Method, Operation, Page, Param, Place, Retry, Scheme,
            Scope, Service, Stream, StreamKind, Style,
        };

        /// One row per operation, sorted by id.
        pub static OPERATIONS: &[Operation] = &[#(#rows),*];

        #(#constants)*
    }
}

fn row(document: &Document, operation: &Operation) -> TokenStream {
    let Operation { id, resource, verb, path, accept, .. } = operation;
    let service = format_ident!("{}", document.service.variant);
    let method = format_ident!("{}", operation.method);
    let params = operation.params.iter().map(param);
    let body = body(operation.body.as_ref());
    let security = operation.security.iter().map(scheme);
    let scope = option(operation.scope.map(|scope| variant("Scope", &scope)));
    let retry = variant("Retry", &operation.retry);
    let page = page(operation.page.as_ref());
    let stream = option(operation.stream.as_ref().map(stream));
    quote! {
        Operation {
            id: #id,
            service: Service::#service,
            resource: #resource,
            verb: #verb,
            method: Method::#method,
            path: #path,
            params: &[#(#params),*],
            body: #body,
            security: &[#(#security),*],
            scope: #scope,
            retry: #retry,
            page: #page,
            stream: #stream,
            accept: #accept,
        }
    }
}

fn param(param: &Param) -> TokenStream {
    let Param { name, wire, required, .. } = param;
    let (place, style) = (variant("Place", &param.place), variant("Style", &param.style));
    quote!(Param { name: #name, wire: #wire, place: #place, style: #style, required: #required })
}

fn body(body: Option<&Body>) -> TokenStream {
    let Some(body) = body else {
        return quote!(Body::None);
    };
    let fields = body.fields.iter().map(field);
    let required = body.required;
    if body.multipart {
        quote!(Body::Multipart { fields: &[#(#fields),*] })
    } else {
        quote!(Body::Json { required: #required, fields: &[#(#fields),*] })
    }
}

fn field(field: &Field) -> TokenStream {
    let Field { name, wire, required, .. } = field;
    let kind = variant("FieldKind", &field.kind);
    quote!(Field { name: #name, wire: #wire, kind: #kind, required: #required })
}

fn scheme(scheme: &Scheme) -> TokenStream {
    match scheme {
        Scheme::Basic => quote!(Scheme::Basic),
        Scheme::Bearer(bearer) => {
            let bearer = match bearer {
                super::overlay::Bearer::NotOauth => quote!(Bearer::NotOAuth),
                other => variant("Bearer", other),
            };
            quote!(Scheme::Bearer(#bearer))
        }
        Scheme::ApiKeyHeader(name) => quote!(Scheme::ApiKeyHeader(#name)),
        Scheme::ApiKeyQuery(name) => quote!(Scheme::ApiKeyQuery(#name)),
    }
}

fn page(page: Option<&Page>) -> TokenStream {
    match page {
        None => quote!(Page::None),
        Some(Page::Number { page, size, items, pages }) => {
            quote!(Page::Number { page: #page, size: #size, items: #items, pages: #pages })
        }
        Some(Page::Cursor { cursor, r#in, size, items, next, more: _ }) => {
            let in_body = *r#in == super::overlay::CursorPlace::Body;
            quote!(Page::Cursor { cursor: #cursor, in_body: #in_body, size: #size, items: #items, next: #next })
        }
        Some(Page::Token { operation, param, items, next }) => {
            quote!(Page::Token { operation: #operation, param: #param, items: #items, next: #next })
        }
        Some(Page::Limit { size, items }) => quote!(Page::Limit { size: #size, items: #items }),
    }
}

fn stream(stream: &Stream) -> TokenStream {
    let kind = variant("StreamKind", &stream.kind);
    let when = option(stream.when.as_ref().map(|field| quote!(#field)));
    quote!(Stream { kind: #kind, when: #when })
}

fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}

/// The catalog's enums have the names of ours.
fn variant(of: &str, value: &impl std::fmt::Debug) -> TokenStream {
    let (of, value) = (format_ident!("{of}"), format_ident!("{}", format!("{value:?}")));
    quote!(#of::#value)
}
