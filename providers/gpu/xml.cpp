#include "providers/gpu/xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace aim::providers::xml {

using core::ErrorCode;
using core::make_error;

namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostTags = 200'000;
constexpr std::string_view kSpace = " \t\r\n";

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos
             ? std::string()
             : std::string(text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin));
}

std::string without_entities(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
  std::string plain;
  while (!text.empty()) {
    const auto* entity = std::find_if(kEntities.begin(), kEntities.end(), [&](const auto& one) {
      return text.starts_with(one.first);
    });
    plain += entity == kEntities.end() ? text.front() : entity->second;
    text.remove_prefix(entity == kEntities.end() ? 1 : entity->first.size());
  }
  return plain;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  core::Result<Element> run() {
    while (!rest_.empty()) {
      const std::size_t tag = std::min(rest_.find('<'), rest_.size());
      if (!open_.empty()) {
        open_.back().text += rest_.substr(0, tag);
      }
      rest_.remove_prefix(tag);
      if (rest_.empty()) {
        break;
      }
      if (std::optional<std::string> fault = take_tag()) {
        return make_error(ErrorCode::Protocol, std::move(*fault));
      }
      if (root_) {
        return std::move(*root_);
      }
    }
    return make_error(ErrorCode::Protocol, "the document has no root element that ends");
  }

 private:
  /// What stands before `end`; the rest begins behind it.
  std::optional<std::string_view> take_until(std::string_view end) {
    const std::size_t place = rest_.find(end);
    if (place == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view taken = rest_.substr(0, place);
    rest_.remove_prefix(place + end.size());
    return taken;
  }

  std::optional<std::string> take_tag() {
    const bool comment = rest_.starts_with("<!--");
    const bool declaration = rest_.starts_with("<!") || rest_.starts_with("<?");
    const auto tag = take_until(comment ? "-->" : ">");
    if (!tag) {
      return "a tag does not end";
    }
    if (declaration) {
      return std::nullopt;
    }
    if (++tags_ > kMostTags) {
      return "the document has too many tags";
    }
    if (tag->starts_with("</")) {
      return close(trimmed(tag->substr(2)));
    }
    const bool is_empty = tag->ends_with('/');
    const std::string_view inside = tag->substr(1, tag->size() - 1 - (is_empty ? 1 : 0));
    Element element;
    element.name = inside.substr(0, std::min(inside.find_first_of(kSpace), inside.size()));
    if (open_.size() >= kDeepest) {
      return "the document is too deep";
    }
    const std::string name = element.name;
    open_.push_back(std::move(element));
    return is_empty ? close(name) : std::nullopt;
  }

  std::optional<std::string> close(const std::string& name) {
    if (open_.empty() || open_.back().name != name) {
      return fmt::format("</{}> closes what is not open", name);
    }
    Element element = std::move(open_.back());
    open_.pop_back();
    element.text = trimmed(without_entities(element.text));
    if (open_.empty()) {
      root_ = std::move(element);
    } else {
      open_.back().children.push_back(std::move(element));
    }
    return std::nullopt;
  }

  std::string_view rest_;
  std::vector<Element> open_;
  std::optional<Element> root_;
  std::size_t tags_ = 0;
};

}  // namespace

const Element* Element::child(std::string_view child_name) const {
  const auto found = std::find_if(children.begin(), children.end(), [&](const Element& element) {
    return element.name == child_name;
  });
  return found == children.end() ? nullptr : &*found;
}

std::string Element::text_at(std::initializer_list<std::string_view> way) const {
  const Element* element = this;
  for (const std::string_view step : way) {
    element = element->child(step);
    if (element == nullptr) {
      return {};
    }
  }
  return element->text;
}

core::Result<Element> parse(std::string_view document) { return Reader(document).run(); }

}  // namespace aim::providers::xml
