//! One call: the verb that begins it, its setters, and how it is sent.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{Attribute, Ident, Type, parse_quote};

use super::camel;
use crate::generate::document::Operation;
use crate::generate::pointer::reference_name;
use crate::generate::typed::methods::{Answer, Method, Source};
use crate::generate::typed::syntax::{docs, inner, type_name};
use crate::generate::typed::types::{Types, fields_of, is_open_enum};
use crate::generate::typed::{Held, Typed, field_ident, operation_docs, plain};

/// A body with more required fields than this is taken whole.
const MOST_ARGUMENTS: usize = 3;

/// A call in parts.
pub(super) struct Call<'a> {
    name: Ident,
    /// Arguments of the verb: name, how it is taken, and how it becomes the value.
    arguments: Vec<(Ident, TokenStream)>,
    /// Fields of the builder: name, type, first value.
    fields: Vec<(Ident, TokenStream, TokenStream)>,
    setters: Vec<TokenStream>,
    /// What the typed method is given.
    lends: Vec<TokenStream>,
    types: &'a Types,
    names: BTreeSet<String>,
}

impl<'a> Call<'a> {
    pub(super) fn of(typed: &'a Typed<'_>, method: &Method<'_>) -> Result<Self> {
        let mut call = Call {
            name: camel(&method.operation.id),
            arguments: Vec::new(),
            fields: Vec::new(),
            setters: Vec::new(),
            lends: Vec::new(),
            types: &typed.types,
            names: ["core", "body", "send", "response", "stream"].map(str::to_owned).into(),
        };
        for argument in &method.arguments {
            match argument.source {
                Source::Param(param) => {
                    let ident = free_ident(&param.name);
                    let Held { ty, optional, lend } = Held::of(&argument.ty);
                    call.lends.push(lend(&quote!(self.#ident)));
                    call.param(&ident, &ty, optional, &param.text)?;
                }
                Source::Json | Source::Form => {
                    call.lends.push(quote!(&self.body));
                    call.body(typed, method.operation)?;
                }
            }
        }
        Ok(call)
    }

    fn claim(&mut self, name: &Ident) -> Result<()> {
        ensure!(
            self.names.insert(name.to_string()),
            "the argument `{name}` has a name that builders need"
        );
        Ok(())
    }

    /// How a value is taken, and how it becomes its own type.
    fn taken(&self, ident: &Ident, ty: &Type) -> (TokenStream, TokenStream) {
        let name = type_name(ty).unwrap_or_default();
        let into = matches!(name.as_str(), "String" | "SecretText" | "Patch")
            || is_open_enum(self.types, &name);
        if into {
            (quote!(#ident: impl Into<#ty>), quote!(#ident.into()))
        } else {
            (quote!(#ident: #ty), quote!(#ident))
        }
    }

    fn param(&mut self, ident: &Ident, ty: &Type, optional: bool, text: &str) -> Result<()> {
        self.claim(ident)?;
        let (taken, value) = self.taken(ident, ty);
        if !optional {
            self.arguments.push((ident.clone(), taken));
            self.fields.push((ident.clone(), quote!(#ty), value));
            return Ok(());
        }
        self.fields.push((ident.clone(), quote!(Option<#ty>), quote!(None)));
        let doc = docs(&[plain(text)]);
        self.setters.push(setter(&doc, ident, &taken, &quote!(self.#ident = Some(#value);)));
        Ok(())
    }

    fn body(&mut self, typed: &Typed<'_>, operation: &Operation) -> Result<()> {
        let Some(body) = &operation.body else { return Ok(()) };
        let schema = reference_name(&body.schema).context("the body is no named schema")?;
        let ty = format_ident!("{schema}");
        let constructor =
            typed.types.get(schema).map(|made| made.required.clone()).unwrap_or_default();
        let on_demand = operation.stream.as_ref().and_then(|stream| stream.when.as_ref());
        let whole = constructor.len() > MOST_ARGUMENTS;
        if whole {
            self.arguments.push((format_ident!("body"), quote!(body: types::#ty)));
            self.fields.push((format_ident!("body"), quote!(types::#ty), quote!(body)));
        } else {
            let mut values = Vec::new();
            for (ident, ty) in &constructor {
                // `send` and `stream` decide it.
                if on_demand.is_some_and(|wire| field_ident(wire) == *ident) {
                    values.push(quote!(false));
                    continue;
                }
                let ty = self.outside(ty);
                self.claim(ident)?;
                let (taken, value) = self.taken(ident, &ty);
                self.arguments.push((ident.clone(), taken));
                values.push(value);
            }
            let first = if constructor.is_empty() {
                quote!(types::#ty::default())
            } else {
                quote!(types::#ty::new(#(#values),*))
            };
            self.fields.push((format_ident!("body"), quote!(types::#ty), first));
        }
        for row in body.fields.iter().filter(|row| Some(&row.wire) != on_demand) {
            let field = field_ident(&row.wire);
            let known = fields_of(&typed.types, schema)?
                .named
                .iter()
                .find(|known| known.ident.as_ref() == Some(&field));
            let known = known.with_context(|| format!("the body's type has no field `{field}`"))?;
            if constructor.iter().any(|(ident, _)| *ident == field) {
                continue;
            }
            let ident = free_ident(&row.name);
            self.claim(&ident)?;
            let ty = self.outside(&known.ty);
            let docs: Vec<&Attribute> =
                known.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).collect();
            let docs: Vec<Attribute> = docs.into_iter().cloned().collect();
            let (taken, set) = match inner(&ty, "Option") {
                Some(inside) => {
                    let (taken, value) = self.taken(&ident, &inside);
                    (taken, quote!(self.body.#field = Some(#value);))
                }
                None => {
                    let (taken, value) = self.taken(&ident, &ty);
                    (taken, quote!(self.body.#field = #value;))
                }
            };
            self.setters.push(setter(&docs, &ident, &taken, &set));
        }
        Ok(())
    }

    /// The type as it is named outside of the types' own module.
    fn outside(&self, ty: &Type) -> Type {
        let mut ty = ty.clone();
        Outside(self.types).visit_type_mut(&mut ty);
        ty
    }

    /// The method of the resource that begins the call.
    pub(super) fn verb(&self, operation: &Operation) -> TokenStream {
        let (name, verb) = (&self.name, free_ident(&operation.verb));
        let doc = docs(&operation_docs(operation));
        let arguments = self.arguments.iter().map(|(_, taken)| taken);
        let fields = self.fields.iter().map(|(ident, _, first)| {
            if *ident == first.to_string() { quote!(#ident) } else { quote!(#ident: #first) }
        });
        quote! {
            #(#doc)*
            pub fn #verb(&self, #(#arguments),*) -> #name {
                #name { core: self.core.clone(), #(#fields),* }
            }
        }
    }

    pub(super) fn code(&self, typed: &Typed<'_>, method: &Method<'_>) -> Result<TokenStream> {
        let (name, id) = (&self.name, &method.operation.id);
        let doc = docs(&[format!("A call of `{id}`, to be filled in and awaited.")]);
        let fields = self.fields.iter().map(|(ident, ty, _)| quote!(#ident: #ty));
        let (setters, lends) = (&self.setters, &self.lends);
        let function = &method.name;
        let answer = match &method.answer {
            Answer::Json(ty) => quote!(#ty),
            Answer::Empty => quote!(()),
            Answer::Events(ty, _) => quote!(EventStream<#ty>),
        };
        let stream = method.stream_code(typed.document)?.map(|(code, event)| {
            let function = &code.sig.ident;
            quote! {
                /// Sends it and answers value by value, as they come.
                ///
                /// # Errors
                /// See [`framekey_runtime::Session::send`].
                pub async fn stream(self) -> Result<EventStream<#event>, Error> {
                    Ok(self.core.#function(#(#lends),*).await?.into_inner())
                }
            }
        });
        Ok(quote! {
            #(#doc)*
            #[derive(Clone)]
            #[must_use = "nothing is sent before it is awaited"]
            pub struct #name {
                core: Client,
                #(#fields),*
            }

            impl #name {
                #(#setters)*

                /// Sends it and answers the value with the status and the header fields.
                ///
                /// # Errors
                /// See [`framekey_runtime::Session::send`].
                pub async fn response(self) -> Result<ResponseValue<#answer>, Error> {
                    self.core.#function(#(#lends),*).await
                }

                #stream
            }

            request!(#name, #id, #answer);
        })
    }
}

fn setter(
    docs: &[Attribute],
    ident: &Ident,
    taken: &TokenStream,
    set: &TokenStream,
) -> TokenStream {
    quote! {
        #(#docs)*
        pub fn #ident(mut self, #taken) -> Self {
            #set
            self
        }
    }
}

/// An argument's name as an identifier.
fn free_ident(name: &str) -> Ident {
    syn::parse_str::<Ident>(name).unwrap_or_else(|_| format_ident!("{name}_"))
}

/// Puts `types::` before the names of generated types.
struct Outside<'a>(&'a Types);

impl VisitMut for Outside<'_> {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        syn::visit_mut::visit_path_mut(self, path);
        if let Some(ident) =
            path.get_ident().filter(|ident| self.0.contains_key(&ident.to_string()))
        {
            *path = parse_quote!(types::#ident);
        }
    }
}
