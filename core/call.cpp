#include "core/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "core/journal.hpp"
#include "core/progress.hpp"

namespace aim::core {

namespace {

constexpr std::string_view kCallKey = "call";

/// Names pass as they are; of an id what people are used to see.
std::string shown(const std::string& reference) {
  constexpr std::size_t kIdDigits = 64;
  constexpr std::size_t kShownDigits = 12;
  const bool id = reference.size() == kIdDigits &&
                  reference.find_first_not_of("0123456789abcdef") == std::string::npos;
  return id ? reference.substr(0, kShownDigits) : reference;
}

Map to_map(const Labels& labels) {
  Map map;
  for (const auto& [key, text] : labels) {
    map.emplace(key, text);
  }
  return map;
}

Map to_map(const Attachment& attachment) {
  List aliases(attachment.aliases.begin(), attachment.aliases.end());
  Map map{{"aliases", std::move(aliases)},
          {"ipv4_address", attachment.ipv4_address},
          {"network", attachment.network}};
  // Absent where there is none, as in journals of before it was known.
  if (!attachment.ipv6_address.empty()) {
    map.emplace("ipv6_address", attachment.ipv6_address);
  }
  return map;
}

// Each call as a map, so that secrets and odd keys are written as they are everywhere else.

Map to_map(const CreateContainer& call) {
  List networks;
  for (const Attachment& attachment : call.networks) {
    networks.emplace_back(to_map(attachment));
  }
  return Map{{"call", "create_container"},
             {"name", call.name},
             {"attributes", call.attributes},
             {"labels", to_map(call.labels)},
             {"restart", call.restart},
             {"networks", std::move(networks)}};
}

Map to_map(const StartContainer& call) {
  return Map{{"call", "start_container"}, {"container", call.container}};
}

Map to_map(const StopContainer& call) {
  return Map{{"call", "stop_container"},
             {"container", call.container},
             {"grace_s", std::int64_t{call.grace.count()}}};
}

Map to_map(const KillContainer& call) {
  return Map{{"call", "kill_container"}, {"container", call.container}};
}

Map to_map(const PauseContainer& call) {
  return Map{{"call", "pause_container"}, {"container", call.container}};
}

Map to_map(const UnpauseContainer& call) {
  return Map{{"call", "unpause_container"}, {"container", call.container}};
}

Map to_map(const RenameContainer& call) {
  return Map{
      {"call", "rename_container"}, {"container", call.container}, {"new_name", call.new_name}};
}

Map to_map(const UpdateContainer& call) {
  return Map{
      {"call", "update_container"}, {"container", call.container}, {"attributes", call.attributes}};
}

Map to_map(const RemoveContainer& call) {
  return Map{{"call", "remove_container"},
             {"container", call.container},
             {"force", call.force},
             {"anonymous_volumes", call.anonymous_volumes}};
}

Map to_map(const ConnectNetwork& call) {
  return Map{{"call", "connect_network"},
             {"container", call.container},
             {"attachment", to_map(call.attachment)}};
}

Map to_map(const DisconnectNetwork& call) {
  return Map{
      {"call", "disconnect_network"}, {"container", call.container}, {"network", call.network}};
}

Map to_map(const PutFiles& call) {
  return Map{{"call", "put_files"}, {"container", call.container}, {"files", call.files}};
}

Map to_map(const CopyFiles& call) {
  Map paths;
  for (const auto& [from, to] : call.paths) {
    paths.emplace(from, to);
  }
  return Map{{"call", "copy_files"}, {"container", call.container}, {"paths", std::move(paths)}};
}

Map to_map(const CreateNetwork& call) {
  return Map{{"call", "create_network"},
             {"name", call.name},
             {"attributes", call.attributes},
             {"labels", to_map(call.labels)}};
}

Map to_map(const RemoveNetwork& call) {
  return Map{{"call", "remove_network"}, {"network", call.network}};
}

Map to_map(const CreateVolume& call) {
  return Map{{"call", "create_volume"},
             {"name", call.name},
             {"attributes", call.attributes},
             {"labels", to_map(call.labels)}};
}

Map to_map(const RemoveVolume& call) { return Map{{"call", "remove_volume"}, {"name", call.name}}; }

/// Takes the members of a map one by one; what is missing, of another type or left over makes the
/// whole a malformed call.
class Fields {
 public:
  explicit Fields(const Map& map) : map_(map) {}

  std::string text(std::string_view key) { return take<std::string>(key); }

  bool truth(std::string_view key) { return take<bool>(key); }

  std::int64_t number(std::string_view key) { return take<std::int64_t>(key); }

  Map map(std::string_view key) { return take<Map>(key); }

  Labels labels(std::string_view key) {
    Labels labels;
    for (const auto& [name, value] : map(key)) {
      labels.emplace(name, as_text(value));
    }
    return labels;
  }

  std::map<std::string, std::string> texts(std::string_view key) {
    std::map<std::string, std::string> texts;
    for (const auto& [name, value] : map(key)) {
      texts.emplace(name, as_text(value));
    }
    return texts;
  }

  Attachment attachment(std::string_view key) { return attachment_of(map(key)); }

  std::vector<Attachment> attachments(std::string_view key) {
    std::vector<Attachment> attachments;
    for (const Value& value : take<List>(key)) {
      const Map* item = value.get<Map>();
      well_formed_ = well_formed_ && item != nullptr;
      if (item != nullptr) {
        attachments.push_back(attachment_of(*item));
      }
    }
    return attachments;
  }

  /// Whether everything that was asked for was there, and nothing else.
  [[nodiscard]] bool complete() const { return well_formed_ && taken_ == map_.size(); }

 private:
  template <class T>
  T take(std::string_view key) {
    ++taken_;
    const Value* value = find(map_, key);
    const T* typed = value == nullptr ? nullptr : value->get<T>();
    well_formed_ = well_formed_ && typed != nullptr;
    return typed == nullptr ? T() : *typed;
  }

  std::string as_text(const Value& value) {
    const std::string* text = value.get<std::string>();
    well_formed_ = well_formed_ && text != nullptr;
    return text == nullptr ? std::string() : *text;
  }

  Attachment attachment_of(const Map& map) {
    Fields fields(map);
    Attachment attachment;
    attachment.network = fields.text("network");
    for (const Value& alias : fields.take<List>("aliases")) {
      attachment.aliases.push_back(as_text(alias));
    }
    attachment.ipv4_address = fields.text("ipv4_address");
    if (find(map, "ipv6_address") != nullptr) {
      attachment.ipv6_address = fields.text("ipv6_address");
    }
    well_formed_ = well_formed_ && fields.complete();
    return attachment;
  }

  const Map& map_;
  std::size_t taken_ = 0;
  bool well_formed_ = true;
};

using Reader = Call (*)(Fields&);

struct NamedReader {
  std::string_view name;
  Reader read;
};

// Braced lists are evaluated in order, so are the members here.
constexpr std::array kReaders = {
    NamedReader{"create_container",
                [](Fields& f) -> Call {
                  return CreateContainer{f.text("name"),
                                         f.map("attributes"),
                                         f.labels("labels"),
                                         f.text("restart"),
                                         f.attachments("networks")};
                }},
    NamedReader{"start_container",
                [](Fields& f) -> Call { return StartContainer{f.text("container")}; }},
    NamedReader{
        "stop_container",
        [](Fields& f) -> Call {
          return StopContainer{f.text("container"), std::chrono::seconds(f.number("grace_s"))};
        }},
    NamedReader{"kill_container",
                [](Fields& f) -> Call { return KillContainer{f.text("container")}; }},
    NamedReader{"pause_container",
                [](Fields& f) -> Call { return PauseContainer{f.text("container")}; }},
    NamedReader{"unpause_container",
                [](Fields& f) -> Call { return UnpauseContainer{f.text("container")}; }},
    NamedReader{"rename_container",
                [](Fields& f) -> Call {
                  return RenameContainer{f.text("container"), f.text("new_name")};
                }},
    NamedReader{"update_container",
                [](Fields& f) -> Call {
                  return UpdateContainer{f.text("container"), f.map("attributes")};
                }},
    NamedReader{"remove_container",
                [](Fields& f) -> Call {
                  return RemoveContainer{
                      f.text("container"), f.truth("force"), f.truth("anonymous_volumes")};
                }},
    NamedReader{"connect_network",
                [](Fields& f) -> Call {
                  return ConnectNetwork{f.text("container"), f.attachment("attachment")};
                }},
    NamedReader{"disconnect_network",
                [](Fields& f) -> Call {
                  return DisconnectNetwork{f.text("container"), f.text("network")};
                }},
    NamedReader{"put_files",
                [](Fields& f) -> Call {
                  return PutFiles{f.text("container"), f.map("files")};
                }},
    NamedReader{"copy_files",
                [](Fields& f) -> Call {
                  return CopyFiles{f.text("container"), f.texts("paths")};
                }},
    NamedReader{"create_network",
                [](Fields& f) -> Call {
                  return CreateNetwork{f.text("name"), f.map("attributes"), f.labels("labels")};
                }},
    NamedReader{"remove_network",
                [](Fields& f) -> Call { return RemoveNetwork{f.text("network")}; }},
    NamedReader{"create_volume",
                [](Fields& f) -> Call {
                  return CreateVolume{f.text("name"), f.map("attributes"), f.labels("labels")};
                }},
    NamedReader{"remove_volume", [](Fields& f) -> Call { return RemoveVolume{f.text("name")}; }},
};

static_assert(kReaders.size() == std::variant_size_v<Call>, "every call can be read back");

Error malformed(std::string_view what) {
  return make_error(ErrorCode::Protocol, fmt::format("malformed call: {}", what));
}

}  // namespace

std::string describe(const Call& call) {
  return std::visit(
      overloaded{
          [](const CreateContainer& c) { return fmt::format("create container {}", c.name); },
          [](const StartContainer& c) {
            return fmt::format("start container {}", shown(c.container));
          },
          [](const StopContainer& c) {
            return fmt::format("stop container {}", shown(c.container));
          },
          [](const KillContainer& c) {
            return fmt::format("kill container {}", shown(c.container));
          },
          [](const PauseContainer& c) {
            return fmt::format("pause container {}", shown(c.container));
          },
          [](const UnpauseContainer& c) {
            return fmt::format("unpause container {}", shown(c.container));
          },
          [](const RenameContainer& c) {
            return fmt::format("rename container {} to {}", shown(c.container), c.new_name);
          },
          [](const UpdateContainer& c) {
            return fmt::format("update container {}", shown(c.container));
          },
          [](const RemoveContainer& c) {
            return fmt::format("remove container {}", shown(c.container));
          },
          [](const ConnectNetwork& c) {
            return fmt::format("connect container {} to network {}",
                               shown(c.container),
                               shown(c.attachment.network));
          },
          [](const DisconnectNetwork& c) {
            return fmt::format(
                "disconnect container {} from network {}", shown(c.container), shown(c.network));
          },
          [](const PutFiles& c) {
            return fmt::format("put files into container {}", shown(c.container));
          },
          [](const CopyFiles& c) {
            return fmt::format("copy files inside container {}", shown(c.container));
          },
          [](const CreateNetwork& c) { return fmt::format("create network {}", c.name); },
          [](const RemoveNetwork& c) { return fmt::format("remove network {}", shown(c.network)); },
          [](const CreateVolume& c) { return fmt::format("create volume {}", c.name); },
          [](const RemoveVolume& c) { return fmt::format("remove volume {}", c.name); }},
      call);
}

boost::json::value to_json(const Call& call) {
  return to_json(std::visit([](const auto& one) { return to_map(one); }, call));
}

Result<Call> call_from_json(const boost::json::value& json) {
  Result<Value> value = value_from_json(json);
  if (!value) {
    return while_doing(value.error(), "while reading a call");
  }
  const Map* map = value->get<Map>();
  if (map == nullptr) {
    return malformed("it is not a map");
  }
  Fields fields(*map);
  const std::string name = fields.text(kCallKey);
  const auto reader =
      std::find_if(kReaders.begin(), kReaders.end(), [&](const NamedReader& candidate) {
        return candidate.name == name;
      });
  if (reader == kReaders.end()) {
    return malformed(fmt::format("there is no call named '{}'", name));
  }
  Call call = reader->read(fields);
  if (!fields.complete()) {
    return malformed(fmt::format("{} has other members than it must have", name));
  }
  return call;
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::Prepare:
      return "prepare";
    case Phase::Switch:
      return "switch";
    case Phase::Readiness:
      return "readiness";
    case Phase::Commit:
      return "commit";
    case Phase::Undo:
      return "undo";
  }
  return "";
}

std::string_view to_string(RunResult result) {
  switch (result) {
    case RunResult::Applied:
      return "applied";
    case RunResult::Partly:
      return "partly";
    case RunResult::RolledBack:
      return "rolled_back";
    case RunResult::RollbackFailed:
      return "rollback_failed";
    case RunResult::CommitFailed:
      return "commit_failed";
    case RunResult::NothingDone:
      return "nothing_done";
  }
  return "";
}

std::string_view to_string(Activity activity) {
  switch (activity) {
    case Activity::Pulling:
      return "pulling";
    case Activity::Creating:
      return "creating";
    case Activity::Updating:
      return "updating";
    case Activity::Replacing:
      return "replacing";
    case Activity::Destroying:
      return "destroying";
    case Activity::Stopping:
      return "stopping";
    case Activity::Disconnecting:
      return "disconnecting";
    case Activity::Starting:
      return "starting";
    case Activity::Waiting:
      return "waiting";
    case Activity::Undoing:
      return "undoing";
    case Activity::Renaming:
      return "renaming";
    case Activity::Removing:
      return "removing";
  }
  return "";
}

}  // namespace aim::core
