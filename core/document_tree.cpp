#include "core/document_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "core/document_extent.hpp"
#include "core/document_scalar.hpp"
#include "core/document_scan.hpp"

namespace aim::core {

namespace {

constexpr std::string_view kMergeKey = "<<";

enum class MapStyle { Block, Flow };

/// The entries of one map while it is read, findable by key. Small maps are searched: they are the
/// rule, and an index costs more.
class EntryIndex {
 public:
  explicit EntryIndex(const Node::Entries& entries) : entries_(entries) {}

  const MapEntry* find(const std::string& key) {
    if (entries_.size() <= kSearched) {
      const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const MapEntry& entry) {
        return entry.key == key;
      });
      return found == entries_.end() ? nullptr : &*found;
    }
    for (; indexed_ < entries_.size(); ++indexed_) {
      index_.emplace(entries_[indexed_].key, indexed_);
    }
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &entries_[found->second];
  }

 private:
  static constexpr std::size_t kSearched = 16;
  const Node::Entries& entries_;
  std::unordered_map<std::string, std::size_t> index_;
  std::size_t indexed_ = 0;
};

class TreeBuilder {
 public:
  TreeBuilder(const YamlEvents& events,
              std::string_view parsed,
              const TextPositions& positions,
              const DocumentLimits& limits,
              Diagnostics& diagnostics)
      : events_(events.events),
        anchors_(events.anchors),
        text_(parsed),
        positions_(positions),
        limits_(limits),
        diagnostics_(diagnostics) {}

  std::optional<Node> run() {
    std::uint32_t index = 0;
    Node root = build(index);
    return refused_ ? std::nullopt : std::optional(std::move(root));
  }

 private:
  /// Builds the node that begins at event `index` and moves `index` past it.
  Node build(std::uint32_t& index) {
    const YamlEvent& event = events_[index];
    if (alias_depth_ > 0 && !refused_) {
      pay_for(event);
    }
    if (refused_) {
      skip(index);
      return {};
    }
    switch (event.type) {
      case YamlEventType::Scalar:
        ++index;
        return build_scalar(event);
      case YamlEventType::Alias:
        ++index;
        return build_alias(event, index - 1);
      case YamlEventType::ListBegin:
      case YamlEventType::MapBegin:
        return build_collection(index);
      case YamlEventType::ListEnd:
      case YamlEventType::MapEnd:
        break;
    }
    check_failed("a node begins here", __FILE__, __LINE__);
  }

  void skip(std::uint32_t& index) {
    const YamlEvent& event = events_[index];
    const bool collection =
        event.type == YamlEventType::ListBegin || event.type == YamlEventType::MapBegin;
    index = (collection ? event.end : index) + 1;
  }

  // ---- scalars ----

  Node build_scalar(const YamlEvent& event) {
    Node node;
    const std::size_t begin = properties_end(text_, event.offset);
    end_ = scalar_end(text_, begin, event.text);
    node.range = positions_.range(begin, end_);
    node.quoted = event.quoted;
    node.raw = event.quoted ? event.text : restored(event.text);
    if (event.quoted || event.tag == YamlTag::Text) {
      node.data = node.raw;
      return node;
    }
    auto decided = decide_scalar(node.raw);
    if (Node::Data* data = std::get_if<Node::Data>(&decided)) {
      node.data = std::move(*data);
      return node;
    }
    error("Number out of range",
          fmt::format("`{}` is a number that aim cannot hold exactly (whole numbers have 64 bits). "
                      "If it is meant as text, put it in quotes.",
                      node.raw),
          node.range);
    node.data = node.raw;
    return node;
  }

  std::string restored(const std::string& text) const {
    return text.find_first_of("\x01\x02\x03\x05\x06\x07") == std::string::npos
               ? text
               : restore_marks(text);
  }

  // ---- aliases ----

  Node build_alias(const YamlEvent& event, std::uint32_t index) {
    const std::uint32_t target = anchors_[event.anchor];
    const YamlEvent& anchored = events_[target];
    const SourceRange place = alias_place(event);
    if (anchored.end > index) {
      error("Alias refers to itself",
            "The anchor that this alias means is set on a list or map around it, so the value "
            "would contain itself. Move the anchor, or write the value out.",
            place);
      return null_at(place);
    }
    if (++alias_depth_ == 1) {
      outermost_alias_ = place;
    }
    std::uint32_t begin = target;
    Node node = build(begin);
    --alias_depth_;
    end_ = alias_end(text_, event.offset);
    return node;
  }

  SourceRange alias_place(const YamlEvent& event) const {
    return positions_.range(event.offset, event.offset + 1);
  }

  static Node null_at(const SourceRange& range) {
    Node node;
    node.range = range;
    return node;
  }

  /// Aliases may cost only so much, however they are nested.
  void pay_for(const YamlEvent& event) {
    alias_nodes_ += 1;
    alias_bytes_ += event.text.size();
    if (alias_nodes_ > limits_.alias_nodes || alias_bytes_ > limits_.bytes) {
      refuse("Aliases multiply too far",
             fmt::format("Written out, the aliases of this file would hold more than {} values or "
                         "{} bytes of text. Use fewer of them.",
                         limits_.alias_nodes,
                         limits_.bytes),
             outermost_alias_);
    }
  }

  // ---- collections ----

  /// The text alone is never too deep, its reader sees to that; aliases inside aliases can be.
  Node build_collection(std::uint32_t& index) {
    if (depth_ >= limits_.depth) {
      refuse("Nested too deep",
             fmt::format("With this alias followed, lists and maps are nested more than {} deep. "
                         "This is deeper than any configuration needs.",
                         limits_.depth),
             outermost_alias_);
      skip(index);
      return {};
    }
    ++depth_;
    Node node =
        events_[index].type == YamlEventType::ListBegin ? build_list(index) : build_map(index);
    --depth_;
    return node;
  }

  Node build_list(std::uint32_t& index) {
    const YamlEvent& event = events_[index];
    const std::size_t begin = properties_end(text_, event.offset);
    const std::uint32_t end = event.end;
    Node::Items items;
    std::size_t last = begin + 1;
    for (++index; index < end && !refused_;) {
      items.push_back(build(index));
      last = std::max(last, end_);
    }
    index = end + 1;
    return collection(begin, last, std::move(items));
  }

  Node build_map(std::uint32_t& index) {
    const YamlEvent& event = events_[index];
    const std::size_t begin = properties_end(text_, event.offset);
    const std::uint32_t end = event.end;
    Node::Entries entries;
    EntryIndex seen(entries);
    std::optional<MapEntry> merged;
    const bool braces = begin < text_.size() && text_[begin] == '{';
    const MapStyle style = braces ? MapStyle::Flow : MapStyle::Block;
    std::size_t last = begin + 1;
    for (++index; index < end && !refused_;) {
      read_entry(index, style, entries, seen, merged);
      last = std::max(last, end_);
    }
    if (merged && !refused_) {
      merge(merged->value, entries, seen);
    }
    index = end + 1;
    return collection(begin, last, std::move(entries));
  }

  Node collection(std::size_t begin, std::size_t last, Node::Data data) {
    const char open = begin < text_.size() ? text_[begin] : '\n';
    // A map of one pair inside a list has no brackets: `[a: 1]`.
    const bool pair = std::holds_alternative<Node::Entries>(data) && open != '{';
    end_ = (open == '[' || open == '{') && !pair ? flow_end(text_, last) : last;
    Node node;
    node.data = std::move(data);
    node.range = positions_.range(begin, end_);
    return node;
  }

  void read_entry(std::uint32_t& index,
                  MapStyle style,
                  Node::Entries& entries,
                  EntryIndex& seen,
                  std::optional<MapEntry>& merged) {
    const YamlEvent& event = events_[index];
    std::optional<MapEntry> entry = read_key(index);
    if (!entry) {
      skip(index);
      return;
    }
    const std::size_t key_end = end_;
    if (style == MapStyle::Block && !refused_) {
      check_colon(event, key_end, entry->key_range);
    }
    entry->value = build(index);
    place_missing_value(*entry, key_end);
    const bool is_merge = entry->key == kMergeKey && !event.quoted;
    const MapEntry* first = is_merge ? (merged ? &*merged : nullptr) : seen.find(entry->key);
    if (first != nullptr) {
      diagnostics_.add({Severity::Error,
                        "Duplicate key",
                        fmt::format("`{}` is written twice in this map, and only one of them could "
                                    "count. Remove or rename one.",
                                    entry->key),
                        entry->key_range,
                        {{"first written here", first->key_range}},
                        {}});
    } else if (is_merge) {
      merged = std::move(entry);
    } else {
      entries.push_back(std::move(*entry));
    }
  }

  /// The key at `index`, which is moved past it; nothing after an error.
  std::optional<MapEntry> read_key(std::uint32_t& index) {
    const std::uint32_t at = index;
    const YamlEvent& event = events_[at];
    MapEntry entry;
    if (event.type == YamlEventType::Scalar) {
      Node key = build(index);
      entry.key = std::move(key.raw);
      entry.key_range = key.range;
      if (refused_) {
        return std::nullopt;
      }
      if (!entry.key.empty() || event.quoted) {
        return entry;
      }
      error("Key is missing",
            "A `:` stands here without a key before it. Write the key, or put the text in quotes "
            "if the colon belongs to it.",
            entry.key_range);
      return std::nullopt;
    }
    skip(index);
    error("Key is not a text",
          "A list, a map or an alias stands where a key of a map belongs. Write the key as text; "
          "a value that begins with a brace belongs in quotes.",
          positions_.range(event.offset, event.offset + 1));
    return std::nullopt;
  }

  /// The parser places a value that is not there at the next thing that is.
  void place_missing_value(MapEntry& entry, std::size_t key_end) {
    if (std::holds_alternative<Null>(entry.value.data) && entry.value.raw.empty()) {
      end_ = key_end;
      entry.value.range = entry.key_range;
    }
  }

  /// The parser takes a last line without a colon for a key without a value.
  void check_colon(const YamlEvent& key, std::size_t key_end, const SourceRange& key_range) {
    const std::size_t before = text_.find_last_not_of(" \t", key.offset == 0 ? 0 : key.offset - 1);
    const std::size_t after = text_.find_first_not_of(" \t", key_end);
    const bool explicit_key = before < key.offset && text_[before] == '?';
    if (!explicit_key && (after == std::string_view::npos || text_[after] != ':')) {
      error("Colon is missing",
            "A key of the map around it belongs here, but no `:` follows. Write `key: value`, or "
            "indent the line deeper if it continues the value above.",
            key_range);
    }
  }

  // ---- merge keys ----

  void merge(Node& value, Node::Entries& entries, EntryIndex& seen) {
    if (Node::Entries* others = std::get_if<Node::Entries>(&value.data)) {
      for (MapEntry& other : *others) {
        if (seen.find(other.key) == nullptr) {
          entries.push_back(std::move(other));
        }
      }
      return;
    }
    Node::Items* list = std::get_if<Node::Items>(&value.data);
    const bool maps = list != nullptr && std::all_of(list->begin(), list->end(), [](const Node& n) {
                        return n.entries() != nullptr;
                      });
    if (!maps) {
      error("Bad merge key",
            "`<<` takes a map, or a list of maps, usually aliases: `<<: *base`. Quote the key if "
            "it is meant as text.",
            value.range);
      return;
    }
    for (Node& item : *list) {
      merge(item, entries, seen);
    }
  }

  void error(std::string summary, std::string detail, SourceRange range) {
    diagnostics_.error(std::move(summary), std::move(detail), std::move(range));
  }

  void refuse(std::string summary, std::string detail, SourceRange range) {
    if (!refused_) {
      error(std::move(summary), std::move(detail), std::move(range));
    }
    refused_ = true;
  }

  const std::vector<YamlEvent>& events_;
  const std::vector<std::uint32_t>& anchors_;
  std::string_view text_;
  const TextPositions& positions_;
  const DocumentLimits& limits_;
  Diagnostics& diagnostics_;
  std::size_t end_ = 0;  ///< offset after the node that was built last
  bool refused_ = false;
  std::size_t depth_ = 0;
  std::size_t alias_depth_ = 0;
  std::size_t alias_nodes_ = 0;
  std::size_t alias_bytes_ = 0;
  SourceRange outermost_alias_;
};

}  // namespace

std::optional<Node> build_tree(const YamlEvents& events,
                               std::string_view parsed,
                               const TextPositions& positions,
                               const DocumentLimits& limits,
                               Diagnostics& diagnostics) {
  return TreeBuilder(events, parsed, positions, limits, diagnostics).run();
}

}  // namespace aim::core
