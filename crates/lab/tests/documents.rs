//! What the documents tell people to type is what the binary offers.

use crate::lab;

const README: &str = include_str!("../../../README.md");
const PROFILES: &str = include_str!("../../../docs/profiles.md");
const BENCHMARKS: &str = include_str!("../../../docs/benchmarks.md");
const ALIASES: &str = include_str!("../../../.cargo/config.toml");

fn help(arguments: &[&str]) -> String {
    String::from_utf8(lab().args(arguments).arg("--help").output().unwrap().stdout).unwrap()
}

#[test]
fn every_lab_command_of_the_documents_is_one_of_the_binary() {
    let lines = [README, PROFILES, BENCHMARKS].into_iter().flat_map(str::lines);
    let commands: Vec<_> = lines.filter_map(|line| line.strip_prefix("cargo lab ")).collect();
    assert!(!commands.is_empty() && README.contains("\ncargo demo\n"));
    for command in commands.iter().map(|line| line.split(' ').next().unwrap()) {
        assert!(help(&[]).contains(&format!("  {command} ")), "{command}");
    }
    for option in ["--json", "--keep"] {
        assert!(help(&["demo"]).contains(option) && README.contains(option));
    }
}

#[test]
fn the_aliases_of_cargo_name_this_package() {
    for alias in
        ["demo = \"run --release --package lab -- demo\"", "lab = \"run --release --package lab --\""]
    {
        assert!(ALIASES.contains(alias), "{alias}");
    }
}

#[test]
fn the_service_of_the_benchmark_is_no_command_of_the_user() {
    assert!(!help(&[]).contains("serve"));
}
