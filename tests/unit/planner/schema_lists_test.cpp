#include "tests/unit/planner/schema_fixture.hpp"

namespace aim::planner {
namespace {

using core::Kind;
using core::List;
using core::Map;
using core::Template;
using core::Value;
using testing::ElementsAre;
using testing::IsEmpty;

Value canonical_ports(List ports) { return container_with("ports", std::move(ports)).at("ports"); }

std::string port_complaint(Value port) {
  const Decoded decoded = container_with("ports", List{std::move(port)});
  return decoded.diagnostics.size() == 1 ? decoded.messages()[0] : "";
}

Value canonical_mounts(List mounts) {
  return container_with("mounts", std::move(mounts)).at("mounts");
}

std::string mount_complaint(Value mount) {
  const Decoded decoded = container_with("mounts", List{std::move(mount)});
  return decoded.diagnostics.size() == 1 ? decoded.messages()[0] : "";
}

Template reference_to(const char* address, const char* attribute) {
  return Template{{core::Reference{core::Address::parse(address).value(), attribute}}};
}

TEST(Ports, SayAddressAndProtocolInTheirCanonicalForm) {
  EXPECT_EQ(canonical_ports({"127.0.0.1:3000:8080"}), Value(List{"127.0.0.1:3000:8080/tcp"}));
  EXPECT_EQ(canonical_ports({"8080:80"}), Value(List{"0.0.0.0:8080:80/tcp"}));
  EXPECT_EQ(canonical_ports({"[::1]:53:53/udp"}), Value(List{"[::1]:53:53/udp"}));
  EXPECT_EQ(canonical_ports({"[0:0::1]:053:53/sctp"}), Value(List{"[::1]:53:53/sctp"}));
}

TEST(Ports, AreSorted) {
  EXPECT_EQ(canonical_ports({"9:9", "53:53/udp", "53:53/tcp"}),
            Value(List{"0.0.0.0:53:53/tcp", "0.0.0.0:53:53/udp", "0.0.0.0:9:9/tcp"}));
}

TEST(Ports, MayNotBeLeftToChance) {
  EXPECT_EQ(port_complaint(8080),
            "Invalid port: `ports[0]` is \"8080\". Say both ports, HOST:CONTAINER, such as "
            "8080:8080, or 127.0.0.1:8080:8080 to keep it on Docker's host.");
  EXPECT_EQ(
      port_complaint("127.0.0.1::80"),
      "Invalid port: `ports[0]` is \"127.0.0.1::80\". Both ports are numbers from 1 to 65535.");
  EXPECT_EQ(port_complaint("0:80"),
            "Invalid port: `ports[0]` is \"0:80\". Both ports are numbers from 1 to 65535.");
}

TEST(Ports, AreNoRanges) {
  EXPECT_EQ(port_complaint("8000-8010:8000-8010"),
            "Invalid port: `ports[0]` is \"8000-8010:8000-8010\". Ranges of ports are not taken. "
            "Write one line for each port.");
}

TEST(Ports, AreNotPublishedOnNames) {
  EXPECT_EQ(port_complaint("localhost:3000:80"),
            "Invalid port: `ports[0]` is \"localhost:3000:80\". Docker takes the name `localhost` "
            "and then opens the port on every interface. Write 127.0.0.1:3000:80.");
  EXPECT_EQ(port_complaint("lab.example:3000:80"),
            "Invalid port: `ports[0]` is \"lab.example:3000:80\". \"lab.example\" is not an IP "
            "address, and Docker publishes on addresses, not on names.");
  EXPECT_EQ(
      port_complaint("::1:3000:80"),
      "Invalid port: `ports[0]` is \"::1:3000:80\". An IPv6 address stands in brackets, as in "
      "[::1]:8080:80.");
}

TEST(Ports, HaveOneOfThreeProtocols) {
  EXPECT_EQ(port_complaint("80:80/http"),
            "Invalid port: `ports[0]` is \"80:80/http\". The protocol is tcp, udp or sctp.");
}

TEST(Ports, AreTexts) {
  EXPECT_EQ(
      port_complaint(Map{{"target", 80}}),
      "Wrong type: `ports[0]` must be [IP:]HOST:CONTAINER[/PROTOCOL] in one text, but it is a "
      "map.");
  EXPECT_THAT(container_with("ports", "80:80").messages(),
              ElementsAre("Wrong type: `ports` must be a list of published ports, but it is "
                          "\"80:80\"."));
}

TEST(Ports, OfTheHostAreTakenOnce) {
  EXPECT_THAT(container_with("ports", List{"127.0.0.1:80:80", "127.0.0.1:80:81"}).messages(),
              ElementsAre("Port published twice: `ports[1]` is \"127.0.0.1:80:81/tcp\", but "
                          "`ports[0]` takes that port already with \"127.0.0.1:80:80/tcp\". A port "
                          "of the host leads to one port of the container only."));
  EXPECT_THAT(container_with("ports", List{"80:80", "127.0.0.1:80:80"}).diagnostics,
              testing::SizeIs(1));
  EXPECT_THAT(container_with("ports", List{"80:80", "80:80/udp", "[::]:80:80", "81:80"}).messages(),
              IsEmpty());
}

TEST(Mounts, ShortFormTellsVolumesFromFolders) {
  EXPECT_EQ(canonical_mounts({"data:/var/data", "/srv/models:/models:ro"}),
            Value(List{Map{{"type", "bind"},
                           {"source", "/srv/models"},
                           {"target", "/models"},
                           {"read_only", true}},
                       Map{{"type", "volume"},
                           {"source", "data"},
                           {"target", "/var/data"},
                           {"read_only", false}}}));
}

TEST(Mounts, LongFormIsTheSame) {
  EXPECT_EQ(canonical_mounts({Map{{"source", "/a//b/"}, {"target", "/c/./d"}}}),
            canonical_mounts({"/a/b:/c/d:rw"}));
}

TEST(Mounts, InMemoryHaveASizeAndNoSource) {
  EXPECT_EQ(canonical_mounts({Map{{"type", "tmpfs"}, {"target", "/tmp"}, {"size", "1GiB"}}}),
            Value(List{Map{{"type", "tmpfs"}, {"target", "/tmp"}, {"size", 1 << 30}}}));
  EXPECT_EQ(mount_complaint(Map{{"type", "tmpfs"}, {"source", "a"}, {"target", "/tmp"}}),
            "Invalid mount: `mounts[0]` is a tmpfs, which has no source. Remove `source`.");
  EXPECT_EQ(
      mount_complaint(Map{{"type", "tmpfs"}, {"read_only", true}, {"target", "/tmp"}}),
      "Invalid mount: `mounts[0]` is a tmpfs, which is empty at the start: read_only makes no "
      "sense. Remove it.");
  EXPECT_EQ(mount_complaint(Map{{"source", "a"}, {"target", "/a"}, {"size", "1GiB"}}),
            "Invalid mount: `mounts[0]` has `size`, which only a tmpfs can have.");
}

TEST(Mounts, OfFoldersNeedTheWholePath) {
  EXPECT_EQ(mount_complaint("./data:/data"),
            "Invalid mount: `mounts[0]` has the source \"./data\", which is neither a key of "
            "`volumes` nor an absolute path.");
  EXPECT_EQ(mount_complaint("~/models:/models"),
            "Invalid mount: `mounts[0]` has the source \"~/models\". Docker knows no home folders: "
            "write the whole path, or a key of `volumes`.");
  EXPECT_EQ(mount_complaint(Map{{"type", "bind"}, {"source", "data"}, {"target", "/data"}}),
            "Invalid mount: `mounts[0]` has the source \"data\", which is not an absolute path. "
            "Docker does not know where aim was started: write the whole path.");
  EXPECT_EQ(
      mount_complaint(Map{{"type", "bind"}, {"source", "~"}, {"target", "/data"}}),
      "Invalid mount: `mounts[0]` has the source \"~\", which is not an absolute path. Docker "
      "knows no home folders: write the whole path.");
}

TEST(Mounts, ThatSayTooLittleAreRefused) {
  EXPECT_EQ(mount_complaint("/data"),
            "Invalid mount: `mounts[0]` is \"/data\". Say what is mounted: VOLUME:/path, or "
            "/on/the/host:/path. A volume without a name would be lost with its container.");
  EXPECT_EQ(mount_complaint("data:/data:z"),
            "Invalid mount: `mounts[0]` is \"data:/data:z\". The only options are ro and rw, not "
            "\"z\".");
  EXPECT_EQ(mount_complaint("a:/b:ro:x"),
            "Invalid mount: `mounts[0]` is \"a:/b:ro:x\". It has too many colons: write "
            "SOURCE:TARGET or SOURCE:TARGET:ro, or the long form.");
  EXPECT_EQ(mount_complaint("data:data"),
            "Invalid value: `mounts[0].target` must be an absolute path, but it is \"data\".");
  EXPECT_EQ(mount_complaint("data:/"),
            "Invalid mount: `mounts[0]` would cover the whole container: its target is /. Mount "
            "something below it.");
  EXPECT_EQ(mount_complaint(":/data"),
            "Invalid mount: `mounts[0]` has the source \"\", which is neither a key of `volumes` "
            "nor an absolute path.");
  EXPECT_EQ(mount_complaint(Map{{"type", "volume"}, {"target", "/data"}}),
            "Missing attribute: `source` is required in `mounts[0]`: a key of `volumes`.");
  EXPECT_EQ(mount_complaint(Map{{"target", "/data"}}),
            "Missing attribute: `type` is required in `mounts[0]`: volume, bind or tmpfs.");
  EXPECT_EQ(mount_complaint(7),
            "Invalid value: `mounts[0]` must be SOURCE:TARGET[:ro] or a map, but it is 7.");
  EXPECT_EQ(mount_complaint(Map{{"src", "a"}, {"source", "a"}, {"target", "/a"}}),
            "Unknown attribute: `mounts[0]` has no attribute `src`. It takes type, source, target, "
            "read_only, propagation, recursive, create_source, nocopy, subpath, size, mode.");
}

TEST(Mounts, CannotShareATarget) {
  EXPECT_THAT(container_with("mounts", List{"a:/data", "b:/data/"}).messages(),
              ElementsAre("Target mounted twice: `mounts[1]` is mounted at \"/data\", where "
                          "`mounts[0]` is mounted already."));
}

TEST(Mounts, NameVolumesByTheirKey) {
  Template short_form = reference_to("volume.data", "name");
  short_form.parts.emplace_back(":/data");
  const std::string message =
      "Reference is not possible here: A volume is mounted by its key in this configuration: write "
      "`data` instead of a reference to its name.";
  EXPECT_EQ(mount_complaint(short_form), message);
  EXPECT_EQ(mount_complaint(Map{{"type", "volume"},
                                {"source", reference_to("volume.data", "name")},
                                {"target", "/data"}}),
            message);
}

TEST(Mounts, OfFoldersMayReferToOtherResources) {
  const Template where = reference_to("volume.data", "mountpoint");
  EXPECT_EQ(canonical_mounts({Map{{"type", "bind"}, {"source", where}, {"target", "/data"}}}),
            Value(List{Map{
                {"type", "bind"}, {"source", where}, {"target", "/data"}, {"read_only", false}}}));
}

TEST(Networks, AreAMapByKey) {
  EXPECT_EQ(container_with("networks", List{"front", "back"}).at("networks"),
            Value(Map{{"back", Map{}}, {"front", Map{}}}));
  EXPECT_EQ(
      container_with(
          "networks",
          Map{{"front", Value()},
              {"back",
               Map{{"aliases", List{"db", "cache", "db"}}, {"ipv4_address", "172.30.0.9"}}}})
          .at("networks"),
      Value(Map{{"front", Map{}},
                {"back", Map{{"aliases", List{"cache", "db"}}, {"ipv4_address", "172.30.0.9"}}}}));
}

TEST(Networks, ThatCannotBeJoinedAreRefused) {
  const auto complaint = [](Value networks) {
    const Decoded decoded = container_with("networks", std::move(networks));
    return decoded.diagnostics.size() == 1 ? decoded.messages()[0] : "";
  };
  EXPECT_EQ(complaint(List{"a", "a"}), "Network named twice: `networks[1]` names \"a\" again.");
  EXPECT_EQ(complaint(List{}),
            "Empty list: `networks` is empty, but a container always is on some network. Remove it "
            "to join the project's network `default`.");
  EXPECT_EQ(complaint(List{Map{{"back", Map{}}}}),
            "Wrong type: `networks[0]` must be a key of `networks`, but it is a map. With aliases "
            "or an address, write `networks` as a map.");
  EXPECT_EQ(complaint("back"),
            "Wrong type: `networks` must be a list or a map of networks, but it is \"back\".");
  EXPECT_EQ(
      complaint(Map{{"back", Map{{"ipv4_address", "::1"}}}}),
      "Invalid value: `networks.back.ipv4_address` must be an IPv4 address, but it is \"::1\".");
  EXPECT_EQ(complaint(Map{{"back", Map{{"alises", List{"a"}}}}}),
            "Unknown attribute: `networks.back` has no attribute `alises`. Did you mean `aliases`? "
            "It takes aliases, ipv4_address, ipv6_address.");
  EXPECT_EQ(complaint(List{reference_to("network.back", "name")}),
            "Reference is not possible here: A network is joined by its key in this configuration: "
            "write `back` instead of a reference.");
}

/// Samples of what may be written, for each type.
const std::vector<Value>& samples() {
  static const std::vector<Value> kSamples = {
      Value(),
      true,
      0,
      1,
      8080,
      7'000'000,
      0.5,
      2.0,
      "true",
      "80",
      "1.5",
      "30s",
      "1h30m",
      "16GiB",
      "500MB",
      "nginx",
      "localhost:5000/a",
      "on-failure:02",
      "always",
      "1.1.1.1",
      "0::1",
      "10.0.0.0/8",
      "/a/../b",
      "cap_net_admin",
      "kill",
      "host",
      "vllm",
      "chat",
      "never",
      core::Secret("s"),
      core::Unknown{},
      Template{{std::string("x"), core::Reference{{Kind::Endpoint, "q", {}}, "url"}}},
      List{},
      List{"b", "a", 1, false},
      List{"CAP_CHOWN", "all"},
      List{"db:::1"},
      List{"8080:80", "127.0.0.1:1:2/udp"},
      List{"data:/b", "/a:/a:ro", Map{{"type", "tmpfs"}, {"target", "/t"}, {"size", "1m"}}},
      Map{},
      Map{{"a", 1}, {"b", Value()}},
      Map{{"--a", true}, {"--b", List{1, 2}}},
      Map{{"net", Map{{"aliases", List{"y", "x"}}}}, {"other", Value()}},
      Map{{"driver", "local"}, {"options", Map{{"max-file", 3}}}},
      Map{{"http", Map{{"port", 80}}}, {"interval", "1s"}},
      Map{{"subnet", "10.0.0.0/8"}}};
  return kSamples;
}

TEST(Normalise, IsIdempotentForEveryAttributeAndEverySample) {
  std::set<Type> seen;
  for (const Kind kind : core::kAllKinds) {
    for (const Attribute& attribute : attributes(kind)) {
      for (const Value& sample : samples()) {
        core::Diagnostics first_look;
        const std::optional<Value> once =
            normalise(attribute, sample, {}, {std::string(attribute.name)}, first_look);
        EXPECT_EQ(once.has_value(), !first_look.has_errors()) << attribute.name;
        if (!once) {
          continue;
        }
        if (!sample.is_null() && !sample.is<core::Unknown>() && !sample.is<Template>()) {
          seen.insert(attribute.type);
        }
        core::Diagnostics second_look;
        const std::optional<Value> twice =
            normalise(attribute, *once, {}, {std::string(attribute.name)}, second_look);
        EXPECT_FALSE(second_look.has_errors()) << attribute.name;
        EXPECT_EQ(twice, once) << attribute.name;
      }
    }
  }
  // Every type was really met by a sample that it takes; Integer and Object members through Object.
  for (const Type type : {Type::String,
                          Type::Number,
                          Type::Boolean,
                          Type::Duration,
                          Type::Size,
                          Type::Port,
                          Type::Strings,
                          Type::StringMap,
                          Type::Arguments,
                          Type::Image,
                          Type::RestartPolicy,
                          Type::Ports,
                          Type::Mounts,
                          Type::Networks,
                          Type::Object}) {
    EXPECT_TRUE(seen.contains(type)) << static_cast<int>(type);
  }
}

TEST(Normalise, TakesDurationsInMilliseconds) {
  core::Diagnostics diagnostics;
  EXPECT_EQ(normalise(*find_attribute(Kind::Container, "stop_grace_period"),
                      30'000,
                      {},
                      {"stop_grace_period"},
                      diagnostics),
            Value(30'000));
  EXPECT_TRUE(diagnostics.empty());
}

TEST(Normalise, ReportsAtThePathGiven) {
  core::Diagnostics diagnostics;
  const core::SourceRange where{"aim.yaml", {7, 9}, {7, 12}};
  EXPECT_EQ(
      normalise(
          *find_attribute(Kind::Endpoint, "port"), "x", {{"port", where}}, {"port"}, diagnostics),
      std::nullopt);
  ASSERT_EQ(diagnostics.items().size(), 1U);
  EXPECT_EQ(diagnostics.items()[0].range, where);
}

}  // namespace
}  // namespace aim::planner
