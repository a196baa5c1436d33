//! Typed values out of positioned YAML.
