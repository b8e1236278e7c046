//! Every typed method behind its operation id, arguments and answers as JSON: for tests.

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::methods::{Answer, Method, Source};
use super::syntax::inner;
use super::types::fields_of;
use super::{Typed, field_ident};
use crate::generate::document::FieldKind;
use crate::generate::output::Output;
use crate::generate::pointer::reference_name;

/// How an argument is held before it is lent to a method.
pub(crate) struct Held {
    /// The type of the value itself.
    pub(crate) ty: Type,
    pub(crate) optional: bool,
    /// The expression that lends it, given its name.
    pub(crate) lend: fn(&TokenStream) -> TokenStream,
}

impl Held {
    /// From the type of a method's argument.
    pub(crate) fn of(ty: &Type) -> Held {
        let (optional, inside) = match inner(ty, "Option") {
            Some(inside) => (true, inside),
            None => (false, ty.clone()),
        };
        let Type::Reference(reference) = &inside else {
            return Held { ty: inside, optional, lend: |name| quote!(#name) };
        };
        let target = &*reference.elem;
        let text = matches!(target, Type::Path(path) if path.path.is_ident("str"));
        let ty = if text { syn::parse_quote!(String) } else { target.clone() };
        let lend: fn(&TokenStream) -> TokenStream = match (optional, text) {
            (true, true) => |name| quote!(#name.as_deref()),
            (true, false) => |name| quote!(#name.as_ref()),
            (false, _) => |name| quote!(&#name),
        };
        Held { ty, optional, lend }
    }
}

pub(crate) fn write(typed: &Typed<'_>, output: &mut Output) -> Result<()> {
    let functions =
        typed.methods.iter().map(|method| function(typed, method)).collect::<Result<Vec<_>>>()?;
    let arms = typed.methods.iter().map(|method| {
        let (id, name) = (&method.operation.id, &method.name);
        quote!(#id => Box::pin(#name(client, given)).await,)
    });
    let tokens = quote! {
        #[allow(unused_imports)]
        use framekey_runtime::typed::by_id::{Given, answer, collect, unknown};
        use framekey_runtime::{Error, catalog};
        use serde_json::Value;

        use super::{Client, types};

        /// Calls an operation by its id. Arguments have the names of the operation table; a file is
        /// `{"$bytes": "text"}`.
        ///
        /// # Errors
        /// As the typed method; of kind `usage` where the arguments do not fit its types.
        pub async fn call_by_id(client: &Client, id: &str, arguments: Value) -> Result<Value, Error> {
            let given = Given::new(arguments)?;
            match id {
                #(#arms)*
                _ => Err(unknown(id)),
            }
        }

        #(#functions)*
    };
    let file = format!("crates/{}/src/generated/by_id.rs", typed.document.service.core);
    output.rust(&file, "Typed methods by operation id.", tokens)
}

fn function(typed: &Typed<'_>, method: &Method<'_>) -> Result<TokenStream> {
    let name = &method.name;
    let module = format_ident!("{}", typed.document.service.module);
    let constant = crate::generate::catalog::constant(method.operation);
    let mut takes = Vec::new();
    let mut lends = Vec::new();
    for argument in &method.arguments {
        let ident = &argument.ident;
        let Held { ty, optional, lend } = Held::of(&argument.ty);
        lends.push(lend(&quote!(#ident)));
        takes.push(match argument.source {
            Source::Param(param) => {
                let name = &param.name;
                if optional {
                    quote!(let #ident: Option<#ty> = given.optional(#name)?;)
                } else {
                    quote!(let #ident: #ty = given.required(#name)?;)
                }
            }
            Source::Json => quote!(let #ident: #ty = given.body(catalog::#module::#constant)?;),
            Source::Form => {
                let form = form(typed, method)?;
                quote!(let #ident = #form;)
            }
        });
    }
    let call = quote!(client.#name(#(#lends),*).await?);
    let answer = match &method.answer {
        Answer::Json(_) | Answer::Empty => quote!(answer(&*#call)),
        Answer::Events(..) => quote!(collect(#call.into_inner()).await),
    };
    Ok(quote! {
        #[allow(unused_mut)]
        async fn #name(client: &Client, mut given: Given) -> Result<Value, Error> {
            #(#takes)*
            given.finish()?;
            #answer
        }
    })
}

fn form(typed: &Typed<'_>, method: &Method<'_>) -> Result<TokenStream> {
    let Some(body) = &method.operation.body else { return Ok(quote!(())) };
    let schema = reference_name(&body.schema).unwrap_or_default();
    let ty = format_ident!("{schema}");
    let mut fields = Vec::new();
    for field in &body.fields {
        let (name, ident) = (&field.name, field_ident(&field.wire));
        let known = fields_of(&typed.types, schema)?
            .named
            .iter()
            .find(|known| known.ident.as_ref() == Some(&ident));
        let optional = known.is_some_and(|known| inner(&known.ty, "Option").is_some());
        let several = known.is_some_and(|known| inner(&known.ty, "Vec").is_some());
        fields.push(match (field.kind, optional) {
            (FieldKind::File, true) => quote!(#ident: given.files(#name)?.pop()),
            (FieldKind::File, false) if several => quote!(#ident: given.files(#name)?),
            (FieldKind::File, false) => quote!(#ident: given.file(#name)?),
            (_, true) => quote!(#ident: given.optional(#name)?),
            (_, false) => quote!(#ident: given.required(#name)?),
        });
    }
    Ok(quote!(types::#ty { #(#fields),* }))
}
