//! The files under `deploy/` agree with each other and with the service, where no schema can see it.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use dataprocessing::config::Config;
use saphyr::{LoadableYamlNode, YamlOwned};

const CONFIG: &str = "deploy/kubernetes/dataprocessing.yaml";
const DEPLOYMENT: &str = "deploy/kubernetes/deployment.yaml";
const SERVICE: &str = "deploy/kubernetes/service.yaml";
const PROFILES: &str = "etc/kustomization.yaml";
const PROBES: [&str; 3] = ["startupProbe", "livenessProbe", "readinessProbe"];

#[test]
fn the_probes_ask_for_the_health_that_they_mean() {
    let pod = pod();
    let [startup, liveness, readiness] =
        PROBES.map(|probe| container(&pod)[probe]["grpc"].as_mapping_get("service").map(text));
    assert_eq!(startup, Some("liveness"));
    assert_eq!(liveness, Some("liveness"), "a store that is away must not restart pods");
    assert_eq!(readiness, None, "without a name it is the readiness of the whole service");
}

#[test]
fn probes_and_callers_come_to_the_port_where_the_service_listens() {
    let config = document(CONFIG);
    let (host, port) = text(&config["server"]["listen"]).rsplit_once(':').expect("listen is host:port");
    assert_eq!(host, "0.0.0.0", "kubelet and callers come from outside of the pod");

    let port: i64 = port.parse().expect("the port is a number");
    let pod = pod();
    for probe in PROBES {
        assert_eq!(integer(&container(&pod)[probe]["grpc"]["port"]), port, "{probe}");
    }
    assert_eq!(integer(&container(&pod)["ports"][0]["containerPort"]), port);
    assert_eq!(integer(&document(SERVICE)["spec"]["ports"][0]["port"]), port);
}

#[test]
fn the_grace_period_is_longer_than_everything_that_a_drain_may_take() {
    let drain = &document(CONFIG)["server"]["drain"];
    let announce = duration(&drain["announce"]);
    assert_eq!(announce, Duration::from_secs(5));

    let pod = pod();
    let before = seconds(&container(&pod)["lifecycle"]["preStop"]["sleep"]["seconds"]);
    let grace = seconds(&pod["terminationGracePeriodSeconds"]);
    let needed = before + announce + duration(&drain["limit"]);
    assert!(grace > needed, "killed after {grace:?} with up to {needed:?} to do");
}

#[test]
fn the_mounts_are_where_the_configuration_is_looked_for() {
    let pod = pod();
    let mounts: BTreeSet<&str> =
        items(&container(&pod)["volumeMounts"]).map(|mount| text(&mount["mountPath"])).collect();
    let config = document(CONFIG);
    let file = text(&container(&pod)["args"][2]);
    assert_eq!(mounts, BTreeSet::from([file, text(&config["hospitals"]["dir"])]));
}

#[test]
fn the_configurations_are_ones_that_the_service_starts_with() {
    for file in [CONFIG, "deploy/dataprocessing.yaml"] {
        let config =
            Config::load_from(Some(&root().join(file)), []).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.server.listen.port(), 8080, "{file}");
    }
}

#[test]
fn every_shipped_hospital_profile_is_in_the_config_map() {
    let shipped: BTreeSet<String> = fs::read_dir(root().join("etc/hospitals"))
        .expect("the shipped profiles are there")
        .map(|entry| entry.expect("and readable").file_name())
        .map(|name| format!("hospitals/{}", name.to_string_lossy()))
        .collect();
    let kustomization = document(PROFILES);
    let listed: BTreeSet<String> =
        items(&kustomization["configMapGenerator"][0]["files"]).map(|file| text(file).to_owned()).collect();
    assert_eq!(listed, shipped);
}

/// The specification of the Deployment's pods.
fn pod() -> YamlOwned {
    document(DEPLOYMENT)["spec"]["template"]["spec"].clone()
}

/// The specification of a pod's one container.
fn container(pod: &YamlOwned) -> &YamlOwned {
    &pod["containers"][0]
}

fn document(path: &str) -> YamlOwned {
    let source = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut documents = YamlOwned::load_from_str(&source).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(documents.len(), 1, "{path} holds one document");
    documents.remove(0)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn items(list: &YamlOwned) -> impl Iterator<Item = &YamlOwned> {
    list.as_sequence().expect("a list").iter()
}

fn text(value: &YamlOwned) -> &str {
    value.as_str().expect("text")
}

fn integer(value: &YamlOwned) -> i64 {
    value.as_integer().expect("a whole number")
}

/// A Kubernetes number of seconds.
fn seconds(value: &YamlOwned) -> Duration {
    Duration::from_secs(integer(value).try_into().expect("not negative"))
}

/// A duration as the service's configuration writes it.
fn duration(value: &YamlOwned) -> Duration {
    humantime::parse_duration(text(value)).expect("a duration as 5s")
}
