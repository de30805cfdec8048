#include "planner/configuration_moves.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/moves.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Address;
using core::Diagnostics;
using core::MapEntry;
using core::Node;
using core::SourceRange;

namespace {

/// Whether the configuration speaks of `address`, be it as disabled; without a key also as the set
/// that it was.
bool is_configured(const Address& address, const ResourceTable& known) {
  return known.addresses.contains(address) || known.disabled.contains(address) ||
         (!address.key && known.sets.contains(address));
}

/// The members of one entry of `moved` or `removed`.
class EntryReader {
 public:
  EntryReader(const Node& node,
              std::string_view section,
              std::vector<std::string> keys,
              Diagnostics& diagnostics)
      : name_(fmt::format("An entry of `{}`", section)), diagnostics_(diagnostics) {
    range_ = node.range;
    const Node::Entries* entries = map_entries(node, name_, diagnostics);
    good_ = entries != nullptr;
    if (!good_) {
      return;
    }
    for (const MapEntry& entry : *entries) {
      if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) {
        members_.emplace(entry.key, &entry.value);
      } else if (!is_free_key(entry.key)) {
        report_unknown_key(entry, name_, keys, diagnostics);
      }
    }
  }

  [[nodiscard]] const Node* find(std::string_view key) const {
    const auto found = members_.find(key);
    return found == members_.end() ? nullptr : found->second;
  }

  std::optional<Address> address(std::string_view key) {
    const Node* node = find(key);
    if (node == nullptr) {
      if (good_) {
        diagnostics_.error(
            "Missing key",
            fmt::format("{} has no `{}`, which is the address of a resource.", name_, key),
            range_);
      }
      return std::nullopt;
    }
    const std::string* text = std::get_if<std::string>(&node->data);
    core::Result<Address> parsed =
        text ? Address::parse(*text) : core::make_error(core::ErrorCode::Invalid, "");
    if (!parsed) {
      diagnostics_.error(
          "Bad address",
          fmt::format("`{}` is {}, which is no address of a resource. One is written "
                      "KIND.NAME or KIND.NAME[\"KEY\"], KIND being endpoint, "
                      "container, network or volume.",
                      key,
                      described(*node)),
          node->range);
      return std::nullopt;
    }
    return std::move(*parsed);
  }

 private:
  std::string name_;
  Diagnostics& diagnostics_;
  std::map<std::string, const Node*, std::less<>> members_;
  SourceRange range_;
  bool good_ = false;
};

class MoveReader {
 public:
  MoveReader(const ResourceTable& known, Diagnostics& diagnostics)
      : known_(known), diagnostics_(diagnostics) {}

  std::vector<Move> run(const std::vector<const Node*>& nodes) {
    for (const Node* node : nodes) {
      read(*node);
    }
    for (const Move& move : moves_) {
      check_target(move);
    }
    report_cycles();
    return std::move(moves_);
  }

 private:
  void read(const Node& node) {
    EntryReader entry(node, "moved", {"from", "to"}, diagnostics_);
    const std::optional<Address> from = entry.address("from");
    const std::optional<Address> to = entry.address("to");
    if (!from || !to) {
      return;
    }
    Move move{*from, *to, node.range};
    if (from->kind != to->kind) {
      report(
          move,
          "Move between kinds",
          fmt::format("{} cannot become {}: a resource keeps its kind. Remove the entry; the one "
                      "is removed then and the other created.",
                      from->str(),
                      to->str()));
      return;
    }
    if (*from == *to) {
      report(move,
             "Move to itself",
             fmt::format("`moved` says that {} became {}, which changes nothing. Remove the entry.",
                         from->str(),
                         to->str()));
      return;
    }
    // A single resource may move into the set that bears its name now.
    const bool into_set = to->key && known_.sets.contains(*from);
    if (!into_set && is_configured(*from, known_)) {
      report(move,
             "Moved resource still exists",
             fmt::format("`moved` says that {} became {}, but {} is still in this configuration. "
                         "Remove that one, or the entry.",
                         from->str(),
                         to->str(),
                         from->str()));
      return;
    }
    if (check_once(move, by_from_, from->str(), "from") &&
        check_once(move, by_to_, to->str(), "to")) {
      moves_.push_back(std::move(move));
    }
  }

  bool check_once(const Move& move,
                  std::map<std::string, SourceRange>& places,
                  const std::string& address,
                  std::string_view what) {
    const auto [first, is_new] = places.emplace(address, move.range);
    if (!is_new) {
      diagnostics_.add(
          {core::Severity::Error,
           "Moved twice",
           fmt::format("Two entries of `moved` have `{}: {}`, and only one of them could "
                       "count. Remove the other.",
                       what,
                       address),
           move.range,
           {{"the other is here", first->second}},
           {}});
    }
    return is_new;
  }

  /// What a move leads to has to be there, or to move on: else a slip of the pen would destroy it.
  void check_target(const Move& move) {
    const bool moves_on = std::any_of(moves_.begin(), moves_.end(), [&](const Move& other) {
      return other.from == move.to ||
             (!other.from.key && !other.to.key && move.to.key && other.from.kind == move.to.kind &&
              other.from.name == move.to.name);
    });
    const Address whole{move.to.kind, move.to.name, std::nullopt};
    if (moves_on || is_configured(move.to, known_) || known_.disabled.contains(whole)) {
      return;
    }
    static_cast<void>(check_address(move.to, known_, move.range, move.to.str(), diagnostics_));
  }

  void report_cycles() {
    const Moves moves(moves_);
    std::set<Address> reported;
    for (const Move& move : moves_) {
      std::vector<Address> way{move.from};
      while (const std::optional<Address> next = moves.next(way.back())) {
        if (const auto seen = std::find(way.begin(), way.end(), *next); seen != way.end()) {
          way.erase(way.begin(), seen);
          report_cycle(way, reported, move);
          break;
        }
        way.push_back(*next);
      }
    }
  }

  void report_cycle(const std::vector<Address>& cycle,
                    std::set<Address>& reported,
                    const Move& move) {
    if (!reported.insert(*std::min_element(cycle.begin(), cycle.end())).second) {
      return;
    }
    std::string text;
    for (const Address& address : cycle) {
      text += address.str() + " -> ";
    }
    report(move,
           "Moves in a circle",
           fmt::format("{}{}: nobody could tell where a resource ends up. Remove one of these "
                       "entries of `moved`.",
                       text,
                       cycle.front().str()));
  }

  void report(const Move& move, std::string summary, std::string detail) {
    diagnostics_.error(std::move(summary), std::move(detail), move.range);
  }

  const ResourceTable& known_;
  Diagnostics& diagnostics_;
  std::vector<Move> moves_;
  std::map<std::string, SourceRange> by_from_;
  std::map<std::string, SourceRange> by_to_;
};

}  // namespace

std::vector<Move> read_moves(const ConfigurationSections& sections,
                             const ResourceTable& known,
                             Diagnostics& diagnostics) {
  return MoveReader(known, diagnostics).run(sections.moved);
}

std::vector<RemovedEntry> read_removed(const ConfigurationSections& sections,
                                       const ResourceTable& known,
                                       Diagnostics& diagnostics) {
  std::vector<RemovedEntry> removed;
  std::map<Address, SourceRange> places;
  for (const Node* node : sections.removed) {
    EntryReader entry(*node, "removed", {"from", "destroy"}, diagnostics);
    const std::optional<Address> from = entry.address("from");
    std::optional<bool> destroy;
    if (const Node* given = entry.find("destroy")) {
      if (const bool* truth = std::get_if<bool>(&given->data)) {
        destroy = *truth;
      } else {
        report_type(*given, "`destroy`", "true or false", diagnostics);
      }
    }
    if (!from) {
      continue;
    }
    if (is_configured(*from, known)) {
      diagnostics.error(
          "Removed resource still exists",
          fmt::format("`removed` says that {0} is no longer there, but {0} is still in "
                      "this configuration. Remove that one, or the entry.",
                      from->str()),
          node->range);
      continue;
    }
    const auto [first, is_new] = places.emplace(*from, node->range);
    if (is_new) {
      removed.push_back({*from, destroy, node->range});
    } else {
      diagnostics.add(
          {core::Severity::Error,
           "Removed twice",
           fmt::format("Two entries of `removed` are about {}. Remove one of them.", from->str()),
           node->range,
           {{"the other is here", first->second}},
           {}});
    }
  }
  return removed;
}

}  // namespace aim::planner
