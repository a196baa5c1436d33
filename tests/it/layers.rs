//! The layers of the package hold, and no two files import each other. Cargo keeps the crates apart.

mod imports;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use self::imports::{Names, Source, named, sources};

/// What each module of the package may name besides itself: only rows below it.
const LAYERS: [(&str, &[&str]); 14] = [
    ("main", &[]),
    ("cli", &["app", "config", "model", "shutdown", "telemetry"]),
    ("app", &["config", "server", "logic", "svc", "model", "client", "context", "shutdown", "telemetry"]),
    // The sections of the configuration live with their parts.
    ("config", &["server", "model", "client", "telemetry"]),
    ("server", &["logic", "svc", "context"]),
    ("logic", &["svc", "model", "client", "context", "sync"]),
    ("svc", &["model", "client", "context"]),
    ("model", &[]),
    ("client", &["sync"]),
    ("context", &[]),
    ("shutdown", &[]),
    ("sync", &[]),
    ("telemetry", &[]),
    ("", &[]),
];

/// What only one module may name.
const CONFINED: [(&str, &str); 6] = [
    ("crate::server::pb", "server"),
    ("prost", "server"),
    ("reqwest", "client"),
    ("sqlx", "model"),
    ("tonic", "server"),
    ("tonic_types", "server"),
];

#[test]
fn no_module_names_what_its_layer_may_not() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(sources.len() > LAYERS.len(), "only {} source files found", sources.len());
    let found: BTreeSet<String> = sources.iter().flat_map(violations).collect();
    assert!(found.is_empty(), "{} against the layers:\n{found:#?}", found.len());
}

#[test]
fn every_layer_lists_only_layers_below_it() {
    for (row, (layer, allowed)) in LAYERS.iter().enumerate() {
        let below = |name: &&str| LAYERS[row + 1..].iter().any(|(other, _)| other == name);
        assert!(allowed.iter().all(below), "{layer}");
    }
}

#[test]
fn names_are_found_wherever_they_are_written() {
    let sources = [
        "use crate::{context, server};",
        "fn f() { crate::server::start() }",
        "fn f() { select! { _ = crate::server::start() => {} } }",
        "fn f() { super::super::server::start() }",
        "#[derive(sqlx::FromRow)] struct Row;",
        "mod inner { use super::super::super::server; }",
        "#[cfg(test)] mod tests { use sqlx as database; }",
    ];
    for text in sources {
        let module = ["logic", "feeder"].map(str::to_owned).to_vec();
        let source = Source { file: "it".into(), named: named(text, &module), module };
        assert_eq!(violations(&source).len(), 1, "{text}");
    }
}

/// What a file names against the tables.
fn violations(source: &Source) -> Vec<String> {
    let layer = source.module.first().map_or("", String::as_str);
    let row = LAYERS.iter().find(|(name, _)| *name == layer);
    let (_, allowed) = row.unwrap_or_else(|| panic!("`{layer}` has no row in the table of layers"));
    let forbidden = |path: &Names| {
        let above = path.first().is_some_and(|name| name == "crate")
            && path
                .get(1)
                .is_some_and(|name| name != layer && is_layer(name) && !allowed.contains(&name.as_str()));
        above || CONFINED.iter().any(|(name, owner)| layer != *owner && is_under(path, name))
    };
    let named = source.named.iter().filter(|named| forbidden(&named.path));
    named.map(|named| format!("{} names {}", source.file.display(), named.path.join("::"))).collect()
}

fn is_layer(name: &str) -> bool {
    LAYERS.iter().any(|(layer, _)| *layer == name)
}

fn is_under(path: &Names, prefix: &str) -> bool {
    let mut path = path.iter();
    prefix.split("::").all(|part| path.next().is_some_and(|name| name == part))
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = fs::read_dir(root.join("crates")).expect("the crates are readable");
    let crates = crates.map(|entry| entry.expect("its entries too").path());
    let circles = crates.chain([root.to_owned()]).flat_map(|package| {
        let found = on_circles(&imports_of_files(&sources(&package.join("src"))));
        found.into_iter().map(move |import| format!("{}: {import}", package.display()))
    });
    let circles: Vec<String> = circles.collect();
    assert!(circles.is_empty(), "{} imports on circles:\n{circles:#?}", circles.len());
}

/// Formatting, profiles, look-back and rules can be read one at a time.
#[test]
fn the_modules_of_cleaning_import_one_way() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/cleaning/src"));
    let outermost = |module: Names| module.into_iter().take(1).collect::<Names>();
    let imports = imports_of_files(&sources).into_iter().map(|(from, to)| (outermost(from), outermost(to)));
    let imports: BTreeSet<_> = imports.filter(|(from, to)| from != to && !from.is_empty()).collect();
    assert!(!imports.is_empty());
    assert_eq!(on_circles(&imports), [""; 0]);
}

#[test]
fn a_circle_is_found() {
    let edges = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")];
    let edges = edges.map(|(from, to)| (vec![from.to_owned()], vec![to.to_owned()]));
    assert_eq!(on_circles(&edges.into()), ["b -> c", "c -> b"]);
}

/// Which module imports which other one, without tests. A module may use the items of the modules around it: they
/// are one unit for everybody else.
fn imports_of_files(sources: &[Source]) -> BTreeSet<(Names, Names)> {
    let modules: BTreeMap<&[String], &Source> =
        sources.iter().map(|source| (source.module.as_slice(), source)).collect();
    let mut edges = BTreeSet::new();
    for source in sources {
        for named in source.named.iter().filter(|named| !named.in_test) {
            let target = defined_in(&named.path, &source.module, &modules, 0);
            if let Some(target) = target.filter(|target| !source.module.starts_with(target)) {
                edges.insert((source.module.clone(), target));
            }
        }
    }
    edges
}

/// The module with the definition that a path in `module` leads to, through the imports of other modules.
fn defined_in(
    path: &[String],
    module: &[String],
    modules: &BTreeMap<&[String], &Source>,
    depth: usize,
) -> Option<Names> {
    let absolute = match path.split_first()? {
        (first, rest) if first == "crate" => rest.to_vec(),
        _ => [module, path].concat(),
    };
    let (length, owner) =
        (0..=absolute.len()).rev().find_map(|length| Some((length, modules.get(&absolute[..length])?)))?;
    // A name that starts with neither `crate` nor a child module belongs to another crate.
    if path[0] != "crate" && length <= module.len() {
        return None;
    }
    let name = absolute.get(length);
    let mut imports = owner.named.iter().filter(|named| !named.in_test && named.imported_as.is_some());
    let reexport = imports.find(|named| named.imported_as.as_ref() == name);
    match reexport.filter(|_| depth < 8) {
        Some(reexport) => defined_in(&reexport.path, &owner.module, modules, depth + 1),
        None => Some(owner.module.clone()),
    }
}

/// The imports that lie on a circle: those whose target leads back to where they start.
fn on_circles(edges: &BTreeSet<(Names, Names)>) -> Vec<String> {
    let leads_back = |(start, target): &&(Names, Names)| {
        let (mut open, mut seen) = (vec![target], BTreeSet::from([target]));
        while let Some(module) = open.pop() {
            let next = edges.iter().filter(|(from, _)| from == module).map(|(_, to)| to);
            open.extend(next.filter(|to| seen.insert(to)));
        }
        seen.contains(start)
    };
    edges
        .iter()
        .filter(leads_back)
        .map(|(from, to)| format!("{} -> {}", from.join("::"), to.join("::")))
        .collect()
}
