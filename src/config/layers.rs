//! Layers of settings: the defaults, the file and the variables, each laid over the one before.

use std::path::Path;

use settings::{Node, Nothing, Origin, Problems, Reported, Value, yaml};

use super::{environment, read_file};

/// The tree of all layers. A layer that cannot be read is a problem, and the others are merged all the same: their
/// problems are to be found too.
pub(super) fn merged(
    defaults_name: &str,
    defaults: &str,
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
    problems: &mut Problems,
) -> Result<Node, Reported> {
    let defaults = yaml::parse(defaults_name, defaults, problems)?;
    let file = file.and_then(|path| file_layer(path, problems).ok());
    let layers = file.into_iter().chain(environment::layers(variables, problems));
    Ok(layers.fold(defaults, |base, layer| layer.laid_over(base, usize::MAX, Nothing::Replaces)))
}

fn file_layer(path: &Path, problems: &mut Problems) -> Result<Node, Reported> {
    let name = path.display().to_string();
    let text = read_file(path).map_err(|message| problems.report(Origin::whole(&name), "", message))?;
    let root = yaml::parse(&name, &text, problems)?;
    match root.value {
        Value::Table(_) => Ok(root),
        _ => Err(problems.report(root.origin, "", "expected sections, as `server:`")),
    }
}
