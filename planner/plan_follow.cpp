#include "planner/plan_follow.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aim::planner {

using core::Address;
using core::Kind;
using core::Map;
using core::Unknown;
using core::Value;

namespace {

bool runs(Kind kind) { return kind == Kind::Endpoint || kind == Kind::Container; }

bool stays(const ResourceChange& change) {
  return change.action == Action::NoOp || change.action == Action::Update;
}

void make_update(ResourceChange& change) {
  if (change.action == Action::NoOp) {
    change.action = Action::Update;
    change.reason = Reason::Follows;
  }
}

void add_field(ResourceChange& change, core::Path path, Value before, Value after) {
  change.fields.push_back(
      {std::move(path), std::move(before), std::move(after), false, std::nullopt});
  std::stable_sort(
      change.fields.begin(), change.fields.end(), [](const FieldChange& a, const FieldChange& b) {
        return core::to_string(a.path) < core::to_string(b.path);
      });
}

/// Whether the step would join or leave `network`.
bool concerns(const InPlaceStep& step, const std::string& network) {
  const Connect* connect = std::get_if<Connect>(&step);
  const Disconnect* disconnect = std::get_if<Disconnect>(&step);
  return (connect && connect->attachment.network == network) ||
         (disconnect && disconnect->attachment.network == network);
}

bool starts(const ResourceChange& change) {
  return std::any_of(change.steps.begin(), change.steps.end(), [](const InPlaceStep& step) {
    return std::holds_alternative<Start>(step) || std::holds_alternative<Restart>(step);
  });
}

bool mounts(const core::ObservedContainer& container, const std::string& volume) {
  const std::map<std::string, std::string> volumes = volumes_by_path(container.attributes);
  return std::any_of(
      volumes.begin(), volumes.end(), [&](const auto& entry) { return entry.second == volume; });
}

class Follower {
 public:
  Follower(std::map<Address, ResourceChange>& changes,
           const Identification& identification,
           const NameLookup& names,
           core::Diagnostics& diagnostics)
      : changes_(changes),
        identification_(identification),
        names_(names),
        diagnostics_(diagnostics) {}

  void run() {
    for (const auto& [address, change] : changes_) {
      if (change.previous_network) {
        leave_network(change);
      } else if (change.action == Action::Replace && address.kind == Kind::Volume) {
        check_users(change);
      }
    }
    while (restart_followers()) {
    }
  }

 private:
  const core::ObservedContainer* container_of(const Address& address) const {
    const auto found = identification_.resources.find(address);
    return found == identification_.resources.end() ? nullptr : found->second.container;
  }

  void leave_network(const ResourceChange& network) {
    for (auto& [address, user] : changes_) {
      const core::ObservedContainer* container = container_of(address);
      if (container == nullptr || user.action == Action::Forget) {
        continue;
      }
      if (const auto held = attachment(*container, network)) {
        user.detached.push_back(*held);
        if (stays(user)) {
          join_again(*held, network, user);
        }
      }
    }
  }

  static std::optional<core::Attachment> attachment(const core::ObservedContainer& container,
                                                    const ResourceChange& network) {
    for (const auto& [name, seen] : container.networks) {
      if (seen.network_id == network.docker_id ||
          (seen.network_id.empty() && name == network.previous_network->name)) {
        return observed_attachment(container, name);
      }
    }
    return std::nullopt;
  }

  void join_again(const core::Attachment& held,
                  const ResourceChange& network,
                  ResourceChange& user) const {
    std::erase_if(user.steps, [&](const InPlaceStep& step) {
      return concerns(step, held.network) || concerns(step, network.docker_name);
    });
    std::vector<InPlaceStep> joins;
    for (const core::Attachment& wanted : attachments(user.address, user.attributes, names_)) {
      if (wanted.network == network.docker_name) {
        joins.emplace_back(Connect{wanted});
      }
    }
    // Before anything that starts it.
    user.steps.insert(user.steps.begin(), joins.begin(), joins.end());
    make_update(user);
    add_field(user, {"networks", network.address.name, "id"}, network.docker_id, Unknown{});
  }

  void check_users(const ResourceChange& volume) {
    for (const auto& [address, user] : changes_) {
      const core::ObservedContainer* container = container_of(address);
      if (container == nullptr || user.action == Action::Replace || user.action == Action::Delete ||
          !mounts(*container, volume.docker_id)) {
        continue;
      }
      diagnostics_.add(
          {core::Severity::Error,
           "Volume is in use",
           fmt::format("{} would be replaced, but {} mounts it and is left as it is. Include it in "
                       "the plan.",
                       volume.address.str(),
                       address.str()),
           volume.range,
           {},
           volume.address.str()});
    }
  }

  /// True if there was one more to take along.
  bool restart_followers() {
    for (auto& [address, follower] : changes_) {
      const core::ObservedContainer* container = container_of(address);
      if (container == nullptr || !runs(address.kind) || !stays(follower) || follower.stopped ||
          starts(follower)) {
        continue;
      }
      for (const std::string& donor : namespace_donors(container->attributes)) {
        if (is_started(donor)) {
          follower.steps.emplace_back(Restart{});
          follower.downtime = Downtime::Restart;
          make_update(follower);
          add_field(follower, {"status"}, "running", "restarted");
          return true;
        }
      }
    }
    return false;
  }

  bool is_started(const std::string& id) const {
    return std::any_of(changes_.begin(), changes_.end(), [&](const auto& entry) {
      const ResourceChange& change = entry.second;
      return change.docker_id == id && change.action == Action::Update && starts(change);
    });
  }

  std::map<Address, ResourceChange>& changes_;
  const Identification& identification_;
  const NameLookup& names_;
  core::Diagnostics& diagnostics_;
};

}  // namespace

void follow_replacements(std::map<Address, ResourceChange>& changes,
                         const Identification& identification,
                         const NameLookup& names,
                         core::Diagnostics& diagnostics) {
  Follower(changes, identification, names, diagnostics).run();
}

}  // namespace aim::planner
