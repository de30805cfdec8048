#include "recipes/backend_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "recipes/fields.hpp"
#include "recipes/recipe.hpp"

namespace aim::recipes {

using core::Diagnostics;
using core::Node;
using core::SourceFiles;

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return result;
}

std::map<std::string, std::string, std::less<>> text_map(Fields& fields,
                                                         std::string_view key,
                                                         Diagnostics& diagnostics) {
  std::map<std::string, std::string, std::less<>> result;
  for (const core::MapEntry& entry : fields.map(key)) {
    const std::string* text = std::get_if<std::string>(&entry.value.data);
    if (text == nullptr) {
      diagnostics.error(
          "Wrong type",
          fmt::format(
              "{} of `{}` must be text, but it is {}.", entry.key, key, described(entry.value)),
          entry.value.range);
      continue;
    }
    result.emplace(entry.key, *text);
  }
  return result;
}

BackendImage read_image(const Node& node, Diagnostics& diagnostics) {
  Fields fields(node, "An image", diagnostics);
  BackendImage image;
  image.image = fields.required_text("image");
  image.families = fields.texts("families");
  fields.finish();
  return image;
}

void read_images(Fields& fields, BackendData& backend, Diagnostics& diagnostics) {
  const Node* node = fields.take("images");
  if (node == nullptr) {
    return;
  }
  Fields images(*node, "`images`", diagnostics);
  for (const char* vendor : {"cuda", "rocm", "cpu"}) {
    const Node* one = images.take(vendor);
    if (one == nullptr) {
      continue;
    }
    if (const Node::Items* items = one->items()) {
      for (const Node& item : *items) {
        backend.images[vendor].push_back(read_image(item, diagnostics));
      }
    } else {
      backend.images[vendor].push_back(read_image(*one, diagnostics));
    }
  }
  images.finish();
}

void read_commands(Fields& fields, BackendData& backend, Diagnostics& diagnostics) {
  for (const Node& item : fields.list("commands")) {
    Fields one(item, "A command", diagnostics);
    CommandForm form;
    form.repositories = one.texts("repositories");
    if (const std::optional<std::string> below = one.text("below")) {
      form.below = parse_version(*below);
    }
    form.path = one.truth("path").value_or(false);
    form.words = one.texts("words");
    one.finish();
    backend.commands.push_back(std::move(form));
  }
}

std::optional<Node> read_file(const std::filesystem::path& file,
                              Diagnostics& diagnostics,
                              SourceFiles& sources) {
  const core::Result<std::string> text = read_text(file.string());
  if (!text) {
    diagnostics.error("Data of backends cannot be read", text.error().message + ".");
    return std::nullopt;
  }
  sources.add(file.string(), *text);
  return core::read_document(file.string(), *text, diagnostics);
}

}  // namespace

std::string_view BackendData::flag(std::string_view neutral_name) const {
  const auto found = neutral.find(neutral_name);
  return found == neutral.end() ? std::string_view() : std::string_view(found->second);
}

std::string BackendData::image_for(std::string_view vendor, std::string_view family) const {
  const auto found = images.find(std::string(vendor));
  if (found == images.end()) {
    return {};
  }
  for (const BackendImage& image : found->second) {
    if (image.families.empty() ||
        std::find(image.families.begin(), image.families.end(), family) != image.families.end()) {
      return image.image;
    }
  }
  return {};
}

std::vector<std::string> BackendData::command_for(std::string_view image,
                                                  std::string_view model) const {
  const std::string_view repository = image_repository(image);
  const ImageVersion version = image_version(image);
  for (const CommandForm& form : commands) {
    const bool named =
        form.repositories.empty() ||
        std::any_of(
            form.repositories.begin(), form.repositories.end(), [&](const std::string& one) {
              return repository == one || repository.ends_with("/" + one);
            });
    const bool old =
        !form.below || (version.kind == ImageVersion::Kind::Known && version.version < *form.below);
    if (!named || !old || (form.path && !model.starts_with('/'))) {
      continue;
    }
    std::vector<std::string> words;
    for (const std::string& word : form.words) {
      words.push_back(word == "{model}" ? std::string(model) : word);
    }
    return words;
  }
  return {};
}

const BackendData* BackendLibrary::find(std::string_view name) const {
  const auto found = std::find_if(
      backends.begin(), backends.end(), [&](const BackendData& one) { return one.name == name; });
  return found == backends.end() ? nullptr : &*found;
}

const Accelerator* BackendLibrary::accelerator(std::string_view name) const {
  const std::string wanted = lower(name);
  const auto is_edge = [&](std::size_t at) {
    return at >= wanted.size() || std::isalnum(static_cast<unsigned char>(wanted[at])) == 0;
  };
  const Accelerator* best = nullptr;
  for (const Accelerator& one : accelerators) {
    const std::string own = lower(one.name);
    if (own == wanted) {
      return &one;
    }
    std::string spaced = own;
    std::replace(spaced.begin(), spaced.end(), '-', ' ');
    for (const std::string& form : {own, spaced}) {
      const std::size_t at = wanted.find(form);
      const bool whole =
          at != std::string::npos && (at == 0 || is_edge(at - 1)) && is_edge(at + form.size());
      if (whole && (best == nullptr || one.name.size() > best->name.size())) {
        best = &one;
      }
    }
  }
  return best;
}

std::string_view image_vendor(std::string_view vendor) {
  return vendor == "amd" ? "rocm" : vendor == "nvidia" ? "cuda" : "cpu";
}

std::optional<BackendData> read_backend(const Node& document, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.items().size();
  Fields fields(document, "The data of a backend", diagnostics);
  BackendData backend;
  backend.name = fields.required_text("backend");
  backend.title = fields.required_text("title");
  backend.port = static_cast<std::uint16_t>(fields.integer("port", 1).value_or(8000));
  read_images(fields, backend, diagnostics);
  read_commands(fields, backend, diagnostics);
  backend.neutral = text_map(fields, "neutral", diagnostics);
  backend.gpu_memory = fields.number("gpu_memory");
  backend.activations_outside = fields.truth("activations_outside").value_or(false);
  backend.translations = text_map(fields, "translations", diagnostics);
  backend.spellings = text_map(fields, "spellings", diagnostics);
  if (const Node* node = fields.take("grammar")) {
    Fields grammar(*node, "`grammar`", diagnostics);
    backend.flags.underscores = grammar.truth("underscores").value_or(false);
    backend.flags.prefixes = grammar.truth("prefixes").value_or(false);
    grammar.finish();
  }
  fields.finish();
  return diagnostics.items().size() == before ? std::optional(std::move(backend)) : std::nullopt;
}

std::vector<Accelerator> read_accelerators(const Node& document, Diagnostics& diagnostics) {
  Fields fields(document, "The list of accelerators", diagnostics);
  std::vector<Accelerator> result;
  for (const core::MapEntry& entry : fields.map("accelerators")) {
    Fields one(entry.value, fmt::format("The accelerator {}", entry.key), diagnostics);
    Accelerator accelerator;
    accelerator.name = entry.key;
    accelerator.vendor = one.required_text("vendor");
    accelerator.family = one.required_text("family");
    accelerator.memory_bytes = one.integer("memory_mib", 1).value_or(0) << 20;
    static_cast<void>(one.truth("reported"));
    for (const std::string& word : one.texts("precisions")) {
      if (const std::optional<Precision> precision = precision_from(word)) {
        accelerator.precisions.push_back(*precision);
      }
    }
    one.finish();
    result.push_back(std::move(accelerator));
  }
  fields.finish();
  return result;
}

BackendLibrary read_backends(const std::filesystem::path& directory,
                             Diagnostics& diagnostics,
                             SourceFiles& sources) {
  BackendLibrary library;
  for (const std::string& name : recipe_backends()) {
    const std::optional<Node> own = read_file(directory / (name + ".yaml"), diagnostics, sources);
    std::optional<BackendData> backend = own ? read_backend(*own, diagnostics) : std::nullopt;
    if (!backend) {
      continue;
    }
    const std::optional<Node> flags =
        read_file(directory / (name + "-flags.yaml"), diagnostics, sources);
    std::optional<FlagTable> table = flags ? read_flag_table(*flags, diagnostics) : std::nullopt;
    if (table) {
      table->underscores = backend->flags.underscores;
      table->prefixes = backend->flags.prefixes;
      backend->flags = std::move(*table);
    }
    library.backends.push_back(std::move(*backend));
  }
  if (const std::optional<Node> list =
          read_file(directory / "accelerators.yaml", diagnostics, sources)) {
    library.accelerators = read_accelerators(*list, diagnostics);
  }
  return library;
}

}  // namespace aim::recipes
