//! The code of a typed method over our session.

use anyhow::{Context, Result};
use quote::{format_ident, quote};
use syn::{Ident, ImplItemFn, Type, parse_quote};

use super::methods::{Answer, Argument, Method, Source, event_type};
use crate::generate::document::{Document, FieldKind, Place, Style};
use crate::generate::overlay::StreamKind;

impl Method<'_> {
    /// The method's code.
    pub(crate) fn code(&self, document: &Document) -> ImplItemFn {
        let answer = match &self.answer {
            Answer::Json(ty) => quote!(#ty),
            Answer::Empty => quote!(()),
            Answer::Events(ty, _) => quote!(EventStream<#ty>),
        };
        let streamed = matches!(self.answer, Answer::Events(..)).then(|| quote!(.streamed()));
        let decode = match &self.answer {
            Answer::Json(_) => quote!(ResponseValue::from_response(operation, response)),
            Answer::Empty => quote!(Ok(ResponseValue::empty(response))),
            Answer::Events(_, kind) => {
                let framing = framing(*kind);
                quote!(Ok(ResponseValue::events(#framing, response)))
            }
        };
        self.function(document, &self.name, &answer, &quote!(json), streamed.as_ref(), &decode)
    }

    /// The method that asks for a stream, where the operation answers one on demand.
    pub(crate) fn stream_code(&self, document: &Document) -> Result<Option<(ImplItemFn, Type)>> {
        let Some(stream) = self.operation.stream.as_ref().filter(|stream| stream.when.is_some())
        else {
            return Ok(None);
        };
        let media = self
            .stream_media()
            .context("the overlay says that it can stream, and no answer is a stream")?;
        let event = event_type(self.operation, &media)?;
        let name = format_ident!("{}_stream", self.name);
        let framing = framing(stream.kind);
        let decode = quote!(Ok(ResponseValue::events(#framing, response)));
        let code = self.function(
            document,
            &name,
            &quote!(EventStream<#event>),
            &quote!(json_streamed),
            None,
            &decode,
        );
        Ok(Some((code, event)))
    }

    /// The media type of a stream that stands beside JSON.
    pub(crate) fn stream_media(&self) -> Option<String> {
        let content = self
            .operation
            .successes()
            .find_map(|(_, answer)| answer.get("content")?.as_object())?;
        content.keys().find(|media| **media != self.operation.accept).cloned()
    }

    fn function(
        &self,
        document: &Document,
        name: &Ident,
        answer: &proc_macro2::TokenStream,
        json: &proc_macro2::TokenStream,
        streamed: Option<&proc_macro2::TokenStream>,
        decode: &proc_macro2::TokenStream,
    ) -> ImplItemFn {
        let docs = super::docs::method(self);
        let arguments = self.arguments.iter().map(|Argument { ident, ty, .. }| quote!(#ident: #ty));
        let module = format_ident!("{}", document.service.module);
        let constant = crate::generate::catalog::constant(self.operation);
        let (template, segments) = &self.path;
        // `{videoId}` of the document is `{video_id}` here: each segment is encoded under its own name.
        let mut pieces = template.split("{}");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (segment, piece) in segments.iter().zip(pieces) {
            text += &format!("{{{segment}}}{piece}");
        }
        let names = segments.iter().map(ToString::to_string);
        let path =
            if segments.is_empty() { quote!(#text.to_owned()) } else { quote!(format!(#text)) };
        // Table order, since the other door writes parameters in it.
        let params = self.operation.params.iter().filter_map(|param| {
            let ident = self.arguments.iter().find_map(|argument| match argument.source {
                Source::Param(known) if std::ptr::eq(known, param) => Some(&argument.ident),
                _ => None,
            })?;
            let wire = &param.wire;
            match (param.place, param.style) {
                (Place::Path, _) => None,
                (Place::Query, Style::Deep) => Some(quote!(.deep_query(#wire, &#ident))),
                (Place::Query, _) => Some(quote!(.query(#wire, &#ident))),
                (Place::Header, _) => Some(quote!(.header(#wire, &#ident))),
            }
        });
        let body = self.arguments.iter().find_map(|argument| match argument.source {
            Source::Json => Some(quote!(.#json(body))),
            Source::Form => Some(self.form()),
            Source::Param(_) => None,
        });
        parse_quote! {
            #(#docs)*
            pub async fn #name(&self, #(#arguments),*) -> Result<ResponseValue<#answer>, Error> {
                let operation = catalog::#module::#constant;
                #(let #segments = encode_path(operation, #names, &#segments)?;)*
                let path = #path;
                let response = RequestBuilder::new(operation, path)
                    #(#params)*
                    #body
                    #streamed
                    .send(&self.session)
                    .await?;
                #decode
            }
        }
    }

    /// The form, part by part in table order.
    fn form(&self) -> proc_macro2::TokenStream {
        let fields = self.operation.body.iter().flat_map(|body| &body.fields);
        let parts = fields.map(|field| {
            let (wire, ident) = (&field.wire, super::field_ident(&field.wire));
            match field.kind {
                FieldKind::Value => quote!(.value(#wire, &body.#ident)),
                FieldKind::List => quote!(.list(#wire, &body.#ident)),
                FieldKind::File if field.required => quote!(.files(#wire, [&body.#ident])),
                FieldKind::File => quote!(.files(#wire, &body.#ident)),
            }
        });
        quote!(.form(Form::new() #(#parts)*))
    }
}

fn framing(kind: StreamKind) -> proc_macro2::TokenStream {
    match kind {
        StreamKind::Sse => quote!(Framing::ServerSent),
        StreamKind::Ndjson | StreamKind::Jsonl | StreamKind::Bytes => quote!(Framing::Lines),
    }
}
