//! What source files name: the paths of their imports, expressions, types and macros.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::visit::{self, Visit};

/// A path of names, such as `crate::server::status`.
pub(crate) type Names = Vec<String>;

/// One source file.
pub(crate) struct Source {
    pub file: PathBuf,
    /// The module that the file is, from the root of its crate.
    pub module: Names,
    pub named: Vec<Named>,
}

/// A path that a file names, with `self`, `super` and `crate` resolved to the latter.
#[derive(Debug)]
pub(crate) struct Named {
    pub path: Names,
    pub in_test: bool,
    /// The name under which a `use` makes it known.
    pub imported_as: Option<String>,
}

/// Every Rust file below a `src` directory.
pub(crate) fn sources(root: &Path) -> Vec<Source> {
    let mut directories = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a source directory is readable") {
            let file = entry.expect("its entries too").path();
            if file.is_dir() {
                directories.push(file);
            } else if file.extension().is_some_and(|extension| extension == "rs") {
                let module = module(file.strip_prefix(root).expect("it was found there"));
                let text = fs::read_to_string(&file).expect("a source file is readable");
                let named = named(&text, &module);
                found.push(Source { file, module, named });
            }
        }
    }
    found
}

/// `server/status.rs` is `server::status`, `lib.rs` the root.
fn module(file: &Path) -> Names {
    let stem = file.with_extension("");
    let parts = stem.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| part != "lib" && part != "mod").collect()
}

/// The paths that a source text names.
pub(crate) fn named(text: &str, module: &[String]) -> Vec<Named> {
    let in_test = module.last().is_some_and(|name| name == "tests");
    let mut names = Visitor { module: module.to_vec(), in_test, named: Vec::new() };
    names.visit_file(&syn::parse_file(text).expect("the sources compile"));
    names.named
}

struct Visitor {
    module: Names,
    in_test: bool,
    named: Vec<Named>,
}

impl Visitor {
    fn add(&mut self, path: Names, imported_as: Option<String>) {
        let mut parts = path.into_iter().peekable();
        let mut base = match parts.peek().map(String::as_str) {
            Some("crate") => vec![parts.next().expect("it was seen")],
            Some("self" | "super") => [vec!["crate".to_owned()], self.module.clone()].concat(),
            _ => Vec::new(),
        };
        while let Some(part) = parts.next_if(|part| part == "self" || part == "super") {
            if part == "super" {
                base.pop();
            }
        }
        let path = base.into_iter().chain(parts.filter(|part| part != "self")).collect();
        self.named.push(Named { path, in_test: self.in_test, imported_as });
    }

    fn add_tree(&mut self, tree: &syn::UseTree, mut path: Names) {
        let mut push = |ident: &syn::Ident| path.push(ident.to_string());
        match tree {
            syn::UseTree::Path(tree) => {
                push(&tree.ident);
                self.add_tree(&tree.tree, path);
            }
            syn::UseTree::Group(tree) => tree.items.iter().for_each(|tree| self.add_tree(tree, path.clone())),
            syn::UseTree::Name(tree) => {
                push(&tree.ident);
                let name = path.iter().rfind(|name| *name != "self").cloned();
                self.add(path, name);
            }
            syn::UseTree::Rename(tree) => {
                push(&tree.ident);
                self.add(path, Some(tree.rename.to_string()));
            }
            syn::UseTree::Glob(_) => self.add(path, None),
        }
    }

    /// The paths in the text of a macro call or an attribute, which is not parsed.
    fn add_tokens(&mut self, tokens: &str) {
        let joined = tokens.replace(" :: ", "::");
        for word in joined.split(|char: char| !(char.is_alphanumeric() || char == '_' || char == ':')) {
            let path: Names = word.trim_matches(':').split("::").map(str::to_owned).collect();
            if path.len() > 1 && path.iter().all(|part| !part.is_empty()) {
                self.add(path, None);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&item.tree, Vec::new());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let was_in_test = self.in_test;
        self.in_test |=
            item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg") && is_test(attribute));
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
        self.in_test = was_in_test;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.add(path.segments.iter().map(|part| part.ident.to_string()).collect(), None);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(&call.tokens.to_string());
        visit::visit_macro(self, call);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.add_tokens(&list.tokens.to_string());
        visit::visit_meta_list(self, list);
    }
}

fn is_test(attribute: &syn::Attribute) -> bool {
    attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
}
