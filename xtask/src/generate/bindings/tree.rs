//! The resources of a service as a tree: `indexes` holds its verbs and `indexed_assets`.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::super::document::{Document, Operation};

/// A resource.
#[derive(Default)]
pub(super) struct Node<'a> {
    /// `indexes.indexed_assets`; empty: the client itself.
    pub(super) path: String,
    pub(super) operations: Vec<&'a Operation>,
    pub(super) parts: BTreeMap<String, Node<'a>>,
}

impl<'a> Node<'a> {
    /// The tree of a service.
    pub(super) fn of(document: &'a Document) -> Result<Self> {
        let mut root = Node::default();
        for operation in &document.operations {
            let mut node = &mut root;
            for name in operation.resource.split('.') {
                let path = if node.path.is_empty() {
                    name.to_owned()
                } else {
                    format!("{}.{name}", node.path)
                };
                node = node
                    .parts
                    .entry(name.to_owned())
                    .or_insert_with(|| Node { path, ..Node::default() });
            }
            node.operations.push(operation);
        }
        root.check()?;
        Ok(root)
    }

    /// Every resource, the inner ones before those that hold them.
    pub(super) fn inner_first(&self) -> Vec<&Node<'a>> {
        let mut found: Vec<_> = self.parts.values().flat_map(Node::inner_first).collect();
        if !self.path.is_empty() {
            found.push(self);
        }
        found
    }

    fn check(&self) -> Result<()> {
        for operation in &self.operations {
            ensure!(
                !self.parts.contains_key(&operation.verb),
                "`{}` is an operation and a resource at once: no binding can have both",
                operation.id
            );
        }
        self.parts.values().try_for_each(Node::check)
    }
}
