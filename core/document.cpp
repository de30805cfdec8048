#include "core/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "core/document_scan.hpp"
#include "core/document_text.hpp"
#include "core/document_tree.hpp"

namespace aim::core {

namespace {

/// Leaves the parser from inside an event, after the reason was added to the diagnostics.
struct StopReading {};

constexpr std::string_view kStandardTag = "tag:yaml.org,2002:";

/// What yaml-cpp 0.7 says, and what helps somebody who does not know its words.
struct Explanation {
  std::string_view message;
  std::string_view explanation;
};

constexpr std::array<Explanation, 12> kExplanations = {{
    {"illegal map value",
     "A `:` stands where no key can end. Text that holds a colon and a space belongs in quotes; a "
     "map begins on a line of its own."},
    {"illegal map key", "A key stands where none can be. A map begins on a line of its own."},
    {"illegal block entry",
     "A list item stands where none can be. Items begin on a line of their own, all in one "
     "column."},
    {"end of map not found",
     "This does not belong to the map before it. Check that keys of one map are in one column, and "
     "that nothing follows a closed quote or bracket."},
    {"end of sequence not found",
     "This does not belong to the list before it. Check that the items of one list are in one "
     "column."},
    {"end of map flow not found",
     "Inside { } a comma or the closing brace is missing before this."},
    {"end of sequence flow not found",
     "Inside [ ] a comma or the closing bracket is missing before this."},
    {"illegal flow end", "This bracket closes nothing."},
    {"unknown token", "A value cannot begin with this character; put the value in quotes."},
    {"the referenced anchor is not defined", "No anchor of this name is set above this alias."},
    {"alias not found after *",
     "A value that begins with `*` is an alias, and this one has no name. Put text in quotes."},
    {"cannot assign multiple anchors to the same node", "A value can have one anchor only."},
}};

/// Collects the events of one document.
class EventCollector : public YAML::EventHandler {
 public:
  EventCollector(std::string_view text,
                 const TextPositions& positions,
                 const DocumentLimits& limits,
                 Diagnostics& diagnostics)
      : text_(text), positions_(positions), limits_(limits), diagnostics_(diagnostics) {}

  YamlEvents take() { return std::move(result_); }

  /// Whether a document began at all.
  [[nodiscard]] bool started() const { return started_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) {
      refuse_second_document(offset_of(mark));
    }
    started_ = true;
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(YamlEventType::Scalar, mark, anchor).text = std::string(null_word(offset_of(mark)));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(YamlEventType::Alias, mark, 0).anchor = static_cast<std::uint32_t>(anchor);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    YamlEvent& event = add(YamlEventType::Scalar, mark, anchor);
    event.text = value;
    event.quoted = tag == "!";
    event.tag = tag_of(tag, mark, {"str", "int", "float", "bool", "null"});
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    add(YamlEventType::ListBegin, mark, anchor).tag = tag_of(tag, mark, {"seq"});
    open(mark);
  }

  void OnSequenceEnd() override { close(YamlEventType::ListEnd); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    add(YamlEventType::MapBegin, mark, anchor).tag = tag_of(tag, mark, {"map"});
    open(mark);
  }

  void OnMapEnd() override { close(YamlEventType::MapEnd); }

 private:
  static std::size_t offset_of(const YAML::Mark& mark) {
    return static_cast<std::size_t>(std::max(mark.pos, 0));
  }

  YamlEvent& add(YamlEventType type, const YAML::Mark& mark, YAML::anchor_t anchor) {
    // Keys and ends are events too, hence the factor.
    if (result_.events.size() >= 2 * limits_.nodes) {
      refuse("Document is too large",
             fmt::format("A file may hold {} values; this one holds more. Split it into several "
                         "files.",
                         limits_.nodes),
             offset_of(mark));
    }
    if (anchor != 0) {
      result_.anchors.resize(std::max<std::size_t>(result_.anchors.size(), anchor + 1));
      result_.anchors[anchor] = static_cast<std::uint32_t>(result_.events.size());
    }
    YamlEvent& event = result_.events.emplace_back();
    event.type = type;
    event.offset = static_cast<std::uint32_t>(offset_of(mark));
    event.anchor = static_cast<std::uint32_t>(anchor);
    return event;
  }

  void open(const YAML::Mark& mark) {
    open_.push_back(static_cast<std::uint32_t>(result_.events.size() - 1));
    if (open_.size() > limits_.depth) {
      refuse("Nested too deep",
             fmt::format("Lists and maps may be nested {} deep, and here the next one begins. "
                         "This is deeper than any configuration needs.",
                         limits_.depth),
             offset_of(mark));
    }
  }

  void close(YamlEventType type) {
    result_.events[open_.back()].end = static_cast<std::uint32_t>(result_.events.size());
    open_.pop_back();
    result_.events.emplace_back().type = type;
  }

  /// How a null was written; empty when it is just not there.
  std::string_view null_word(std::size_t offset) const {
    const std::string_view rest = text_.substr(std::min(offset, text_.size()));
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      if (rest.starts_with(word)) {
        return word;
      }
    }
    return {};
  }

  YamlTag tag_of(std::string_view tag,
                 const YAML::Mark& mark,
                 std::initializer_list<std::string_view> known) {
    if (tag.empty() || tag == "?" || tag == "!") {
      return YamlTag::None;
    }
    if (tag.starts_with(kStandardTag)) {
      const std::string_view name = tag.substr(kStandardTag.size());
      if (std::find(known.begin(), known.end(), name) != known.end()) {
        return name == "str" ? YamlTag::Text : YamlTag::Standard;
      }
    }
    const std::size_t offset = offset_of(mark);
    diagnostics_.error("Unsupported tag",
                       "This value carries a YAML tag that aim does not know. Remove it; text that "
                       "begins with `!` belongs in quotes.",
                       positions_.range(offset, offset + 1));
    return YamlTag::None;
  }

  void refuse_second_document(std::size_t offset) {
    const std::string_view rest = text_.substr(std::min(offset, text_.size()));
    if (rest.starts_with("---")) {
      refuse("More than one document",
             "`---` begins a second YAML document, and a file holds one. Move what follows into a "
             "file of its own, whose name ends with .aim.yaml.",
             offset);
    }
    refuse("Malformed YAML",
           "The document ends before this. Check that keys of one map are in one column, and that "
           "nothing follows a closed quote or bracket.",
           offset);
  }

  [[noreturn]] void refuse(std::string summary, std::string detail, std::size_t offset) {
    diagnostics_.error(std::move(summary), std::move(detail), positions_.range(offset, offset + 1));
    throw StopReading();
  }

  std::string_view text_;
  const TextPositions& positions_;
  const DocumentLimits& limits_;
  Diagnostics& diagnostics_;
  YamlEvents result_;
  std::vector<std::uint32_t> open_;
  bool started_ = false;
};

std::string explain(const std::string& message) {
  for (const Explanation& known : kExplanations) {
    if (known.message == message) {
      return std::string(known.explanation);
    }
  }
  return fmt::format("The YAML parser says: {}.", message);
}

/// The events of the only document of `text`, or nothing after an error.
std::optional<YamlEvents> read_events(std::string_view text,
                                      const TextPositions& positions,
                                      const DocumentLimits& limits,
                                      Diagnostics& diagnostics) {
  EventCollector collector(text, positions, limits, diagnostics);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    // A second document makes the collector refuse. There is no third call: the parser may return
    // for ever without moving.
    if (parser.HandleNextDocument(collector)) {
      static_cast<void>(parser.HandleNextDocument(collector));
    }
  } catch (const YAML::Exception& failed) {
    const std::size_t offset =
        failed.mark.is_null() ? 0 : static_cast<std::size_t>(std::max(failed.mark.pos, 0));
    const bool tab = failed.msg == YAML::ErrorMsg::TAB_IN_INDENTATION;
    diagnostics.error(tab ? kTabSummary : "Malformed YAML",
                      tab ? kTabDetail : explain(failed.msg),
                      positions.range(offset, offset + 1));
    return std::nullopt;
  } catch (const StopReading&) {
    return std::nullopt;
  }
  return collector.take();
}

Node empty_map(const TextPositions& positions) {
  Node node;
  node.data = Node::Entries();
  node.range = positions.range(0, 0);
  return node;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  if (const Entries* map = entries()) {
    for (const MapEntry& entry : *map) {
      if (entry.key == key) {
        return &entry.value;
      }
    }
  }
  return nullptr;
}

std::optional<Node> read_document(const std::string& file_name,
                                  std::string_view text,
                                  Diagnostics& diagnostics,
                                  const DocumentLimits& limits) {
  text = without_bom(text);
  const TextPositions positions(file_name, text);
  if (text.size() > limits.bytes) {
    diagnostics.error("Document is too large",
                      fmt::format("The file has {} bytes, and at most {} are read. Split it into "
                                  "several files.",
                                  text.size(),
                                  limits.bytes),
                      positions.range(0, 1));
    return std::nullopt;
  }
  if (check_text(text, positions, diagnostics) == TextCheck::Refused) {
    return std::nullopt;
  }
  const std::optional<ScannedText> scanned = scan_structure(text, positions, limits, diagnostics);
  if (!scanned) {
    return std::nullopt;
  }
  const std::string_view parsed = scanned->repaired.empty() ? text : scanned->repaired;
  const std::optional<YamlEvents> events = read_events(parsed, positions, limits, diagnostics);
  if (!events) {
    return std::nullopt;
  }
  if (events->events.empty()) {
    return empty_map(positions);
  }
  std::optional<Node> root = build_tree(*events, parsed, positions, limits, diagnostics);
  if (root && std::holds_alternative<Null>(root->data)) {
    return empty_map(positions);
  }
  return root;
}

}  // namespace aim::core
