//! The deployment in containers, held to our rules: what restarts, how much it may take, what it may not, where its data is.

use std::fs::read_to_string;

use yaml_rust2::{Yaml, YamlLoader};

fn read(file: &str) -> Yaml {
    let text = read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut documents = YamlLoader::load_from_str(&text).expect("YAML");
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

/// `compose.yaml` with what its services extend.
fn compose() -> Yaml {
    let mut compose = read("compose.yaml");
    let services = compose.as_mut_hash().expect("a mapping").get_mut(&Yaml::String("services".into()));
    for (_, service) in services.and_then(Yaml::as_mut_hash).expect("services").iter_mut() {
        let Some(file) = service["extends"]["file"].as_str() else { continue };
        let base = read(file)["services"][service["extends"]["service"].as_str().expect("a service")].clone();
        *service = over(base, service);
    }
    compose
}

/// What extends the other says more, or says otherwise.
fn over(mut base: Yaml, more: &Yaml) -> Yaml {
    let (Some(known), Some(more)) = (base.as_mut_hash(), more.as_hash()) else { return more.clone() };
    for (name, value) in more {
        let value = known.get(name).map_or_else(|| value.clone(), |before| over(before.clone(), value));
        known.insert(name.clone(), value);
    }
    base
}

/// The names and contents of a mapping.
fn entries(of: &Yaml) -> Vec<(String, &Yaml)> {
    let mapping = of.as_hash().expect("a mapping");
    mapping.iter().map(|(name, value)| (name.as_str().expect("a name").to_owned(), value)).collect()
}

fn texts(of: &Yaml) -> Vec<String> {
    let list = of.as_vec().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
}

/// The words of `${NAME:-default}` and `${NAME:?sentence}`: name, sign and rest.
fn variable(value: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = value.split_once("${")?;
    let (inside, _) = rest.split_once('}')?;
    let at = inside.find(':')?;
    Some((&inside[..at], &inside[at..at + 2], &inside[at + 2..]))
}

#[test]
fn every_service_comes_back_is_watched_and_is_bounded() {
    let compose = compose();
    let dockerfile = read_to_string("Dockerfile").expect("Dockerfile");
    for (name, service) in entries(&compose["services"]) {
        assert_eq!(service["restart"].as_str(), Some("unless-stopped"), "{name}");
        assert_eq!(service["read_only"].as_bool(), Some(true), "{name}");
        assert!(texts(&service["security_opt"]).contains(&"no-new-privileges:true".to_owned()), "{name}");
        let (_, sign, most) = variable(service["mem_limit"].as_str().expect("a limit of memory")).expect("a variable");
        assert!(sign == ":-" && most.ends_with('g'), "{name}: {most}");
        assert!(service["pids_limit"].as_i64().is_some_and(|most| most > 0), "{name}");
        assert!(service["privileged"].is_badvalue() && service["user"].as_str() != Some("root"), "{name}");
        let is_watched = match service["build"].as_str() {
            Some(_) => dockerfile.contains("HEALTHCHECK") && texts(&service["cap_drop"]) == ["ALL"],
            None => !service["healthcheck"]["test"].is_badvalue(),
        };
        assert!(is_watched, "{name}");
        for (other, wanted) in
            service["depends_on"].as_hash().map(|_| entries(&service["depends_on"])).unwrap_or_default()
        {
            assert!(!compose["services"][other.as_str()].is_badvalue(), "{name} waits for {other}");
            assert_eq!(wanted["condition"].as_str(), Some("service_healthy"), "{name} waits for {other}");
        }
    }
}

#[test]
fn data_and_backups_outlive_the_containers() {
    let compose = compose();
    let declared: Vec<_> = entries(&compose["volumes"]).into_iter().map(|(name, _)| name).collect();
    let mut mounted = Vec::new();
    for (_, service) in entries(&compose["services"]) {
        for volume in texts(&service["volumes"]) {
            let (from, _) = volume.split_once(':').expect("a place");
            if from.starts_with("./") {
                assert!(volume.ends_with(":ro") && read_to_string(from).is_ok(), "{volume}");
                continue;
            }
            mounted.push(from.to_owned());
        }
    }
    mounted.sort();
    mounted.dedup();
    assert_eq!(mounted, ["backups", "data", "postgis"]);
    let mut sorted = declared;
    sorted.sort();
    assert_eq!(sorted, mounted);
    let cairn = &compose["services"]["cairn"];
    let backups = cairn["environment"]["CAIRN_BACKUP_URL"].as_str().expect("a place of backups");
    let (_, _, folder) = variable(backups).expect("a default");
    assert!(texts(&cairn["volumes"]).contains(&format!("backups:{folder}")), "backups land in their volume");
    assert!(!cairn["environment"]["CAIRN_BACKUP_SCHEDULE"].is_badvalue(), "they are made by the clock");
    let dockerfile = read_to_string("Dockerfile").expect("Dockerfile");
    let made = dockerfile.lines().find(|line| line.contains("install -d -m 0750")).expect("the folders are made");
    assert!(
        dockerfile.contains("COPY --from=build --chown=10001:10001 /owned /")
            && dockerfile.contains("USER 10001:10001")
    );
    for folder in ["/data", folder] {
        assert!(
            made.contains(&format!(" /owned{folder}")),
            "a new volume takes the owner that the image gave {folder}"
        );
    }
}

#[test]
fn no_secret_has_a_default_and_nothing_is_published_unasked() {
    let compose = compose();
    let known = read_to_string(".env.example").expect(".env.example");
    for (name, service) in entries(&compose["services"]) {
        for (setting, value) in entries(&service["environment"]) {
            let value = value.as_str().expect("a text");
            if setting.contains("PASSWORD") {
                assert!(variable(value).is_some_and(|(_, sign, _)| sign == ":?"), "{name}: {setting}");
            }
            if setting.starts_with("CAIRN_") {
                assert!(known.contains(&format!("\n#{setting}=")), "{setting} is no setting");
            }
            assert!(!value.contains("://cairn:"), "{name}: a password stands in {setting}");
        }
        for port in texts(&service["ports"]) {
            assert!(name == "cairn" || name == "balancer", "only Cairn is published, alone or behind the balancer");
            let (_, sign, address) = variable(&port).expect("the operator decides");
            assert!(sign == ":-" && address.starts_with("127.0.0.1:"), "{port}");
        }
    }
}

#[test]
fn several_servers_stand_behind_a_proxy_that_names_their_clients() {
    let compose = compose();
    let (replica, balancer) = (&compose["services"]["replica"], &compose["services"]["balancer"]);
    for service in [replica, balancer] {
        assert_eq!(texts(&service["profiles"]), ["scale"]);
        assert!(texts(&service["networks"]).contains(&"balanced".to_owned()));
    }
    assert!(replica["ports"].is_badvalue(), "they are reached through the balancer alone");
    let environment = &replica["environment"];
    assert_eq!(environment["CAIRN_PROXY_PROTOCOL"].as_str(), Some("on"));
    let subnet = &compose["networks"]["balanced"]["ipam"]["config"][0]["subnet"];
    assert_eq!(environment["CAIRN_TRUSTED_PROXIES"], *subnet, "the balancer is trusted, and nobody of other networks");
    for (setting, value) in entries(&compose["services"]["cairn"]["environment"]) {
        assert_eq!(environment[setting.as_str()], *value, "{setting}");
    }
    let balancing = read_to_string("haproxy.cfg").expect("haproxy.cfg");
    for words in ["send-proxy-v2", "uri /readyz", "${REPLICAS_AT}:8080"] {
        assert!(balancing.contains(words), "{words}");
    }
    assert_eq!(balancer["environment"]["REPLICAS_AT"].as_str(), Some("replica"));
    let (_, _, delay) = variable(environment["CAIRN_LIMIT_SHUTDOWN_DELAY_MS"].as_str().expect("a delay")).expect("one");
    let delay: u64 = delay.parse().expect("milliseconds");
    assert!(delay >= 3_000 && balancing.contains("check inter 1s fall 1"), "time to see that one leaves");
    let grace = replica["stop_grace_period"].as_str().and_then(|text| text.strip_suffix('s')).expect("seconds");
    assert!(grace.parse::<u64>().expect("seconds") * 1_000 > delay + 30_000, "and to finish what runs");
}
