#include <fmt/format.h>

#include <algorithm>

#include "planner/evaluate.hpp"
#include "planner/interpolation.hpp"

// References to other resources: to one, to one of a set, to all of a set.
namespace aim::planner {

using core::Address;
using core::List;
using core::Map;
using core::Reference;
using core::Secret;
using core::SourceRange;
using core::Template;
using core::Value;

namespace {

std::string with_blank(std::string text) { return text.empty() ? text : text + " "; }

/// What cannot be a key, in words.
std::string described_key(const Value& value) {
  return value.is<Secret>() ? "sensitive"
         : value.is_null()  ? "null"
         : value.is<List>() ? "a list"
                            : "a map";
}

}  // namespace

Value Interpolator::resource(const Reference& reference, const SourceRange& range) {
  const std::string written =
      fmt::format("${{{}.{}}}", reference.address.str(), reference.attribute);
  if (scope_.resources == nullptr) {
    return not_here(written, range);
  }
  const Standing standing =
      check_address(reference.address, *scope_.resources, range, written, diagnostics_);
  if (standing == Standing::Set) {
    report_set(reference.address,
               *scope_.resources,
               range,
               written,
               "." + reference.attribute,
               diagnostics_);
  }
  if (!has_attribute(reference.address, reference.attribute, written, range) ||
      standing == Standing::Set) {
    return Template{};
  }
  references_.push_back({reference, range});
  return Template{{reference}};
}

Value Interpolator::instance(const InstanceReference& reference, const SourceRange& range) {
  if (std::holds_alternative<AllInstances>(reference.index)) {
    return all_instances(reference, range);
  }
  const Value index =
      std::visit(core::overloaded{[&](const EachReference& of) { return each(of, range); },
                                  [&](const VariableReference& of) { return variable(of, range); },
                                  [](AllInstances) { return Value(); }},
                 reference.index);
  if (is_broken(index)) {
    return index;
  }
  const std::string start = fmt::format("{}.{}", core::to_string(reference.kind), reference.name);
  if (index.is_null() || index.is<List>() || index.is<Map>() || index.is<Secret>()) {
    return failed(
        "Key is not text",
        fmt::format("What stands between the brackets of `{}[...]` must be a key, which is "
                    "text, but it is {}.",
                    start,
                    described_key(index)),
        range);
  }
  return resource({Address{reference.kind, reference.name, as_text(index)}, reference.attribute},
                  range);
}

/// A map from key to what the reference to that instance gives.
Value Interpolator::all_instances(const InstanceReference& reference, const SourceRange& range) {
  const Address address{reference.kind, reference.name, std::nullopt};
  const std::string written = fmt::format("${{{}[*].{}}}", address.str(), reference.attribute);
  if (scope_.resources == nullptr) {
    return not_here(written, range);
  }
  const Standing standing = check_address(address, *scope_.resources, range, written, diagnostics_);
  if (standing == Standing::Known) {
    return failed("Resource has no instances",
                  fmt::format("`{}` refers to one of several resources, but {} has no `for_each`: "
                              "there is only one. Leave the brackets out.",
                              written,
                              address.str()),
                  range);
  }
  if (!has_attribute(address, reference.attribute, written, range) || standing != Standing::Set) {
    return Template{};
  }
  Map all;
  for (const Address& one : instances_of(address, *scope_.resources)) {
    const Reference single{one, reference.attribute};
    references_.push_back({single, range});
    all.emplace(*one.key, Template{{single}});
  }
  return all;
}

bool Interpolator::has_attribute(const Address& address,
                                 const std::string& attribute,
                                 const std::string& written,
                                 const SourceRange& range) {
  const std::vector<std::string> names = attribute_names(address.kind);
  if (std::binary_search(names.begin(), names.end(), attribute)) {
    return true;
  }
  diagnostics_.error("Unknown attribute",
                     fmt::format("`{}` refers to \"{}\", which is no attribute of {}. {}"
                                 "docs/reference/{}.md lists what can be referred to.",
                                 written,
                                 attribute,
                                 address.str(),
                                 with_blank(core::did_you_mean(attribute, names)),
                                 core::to_string(address.kind)),
                     range);
  return false;
}

}  // namespace aim::planner
