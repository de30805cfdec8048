#include "recipes/validate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "recipes/fields.hpp"

namespace aim::recipes {

using core::Diagnostics;
using core::SourceFiles;

namespace {

std::optional<core::SourceRange> place_of(const Recipe& recipe, core::Path path) {
  const auto place = core::position_of(recipe.positions, std::move(path));
  return place ? place : std::optional(recipe.range);
}

std::string gpus_text(int count) { return count == 1 ? "1 GPU" : fmt::format("{} GPUs", count); }

class Validator {
 public:
  Validator(const Recipe& recipe,
            const RecipeData& data,
            Diagnostics& diagnostics,
            SourceFiles& sources)
      : recipe_(recipe), data_(data), diagnostics_(diagnostics) {
    facts_ = data.models.find(recipe.huggingface_id, diagnostics, sources);
    if (!facts_) {
      facts_ = data.models.find(recipe.model_id, diagnostics, sources);
    }
  }

  void run() {
    check_names();
    for (const auto& [name, layouts] : recipe_.serves) {
      const BackendData* backend = data_.backends.find(name);
      if (backend == nullptr) {
        continue;
      }
      check_image(*backend);
      for (const auto& [gpus, layout] : layouts) {
        check_arguments(*backend, layout);
        check_layout(*backend, layout);
      }
      for (const auto& [feature, args] : recipe_.features) {
        check_map(*backend, args, {std::string("features"), feature});
      }
    }
  }

 private:
  const Recipe& recipe_;
  const RecipeData& data_;
  Diagnostics& diagnostics_;
  std::optional<ModelFacts> facts_;

  void check_names() {
    if (recipe_.hardware != "any" && accelerator() == nullptr) {
      std::vector<std::string> names;
      for (const Accelerator& one : data_.backends.accelerators) {
        names.push_back(one.name);
      }
      const std::string near = core::did_you_mean(recipe_.hardware, names);
      diagnostics_.warning("Unknown accelerator",
                           fmt::format("Nothing is known of {}, so that its memory is not checked."
                                       "{}{}",
                                       in_quotes(recipe_.hardware),
                                       near.empty() ? "" : " ",
                                       near),
                           place_of(recipe_, {std::string("hardware")}));
    }
    if (!facts_) {
      diagnostics_.warning("Unknown model",
                           fmt::format("Nothing is known of {}, so that its size is not checked.",
                                       in_quotes(recipe_.model_id)),
                           place_of(recipe_, {std::string("model_id")}));
      return;
    }
    const auto checkpoint = facts_->checkpoints.find(recipe_.huggingface_id);
    if (checkpoint != facts_->checkpoints.end() &&
        bits(checkpoint->second.precision) != bits(recipe_.precision)) {
      diagnostics_.error("Wrong precision",
                         fmt::format("The weights of {} are {}, and the recipe says {}.",
                                     recipe_.huggingface_id,
                                     to_string(checkpoint->second.precision),
                                     to_string(recipe_.precision)),
                         place_of(recipe_, {std::string("precision")}));
    }
  }

  const Accelerator* accelerator() const { return data_.backends.accelerator(recipe_.hardware); }

  std::string image_of(const BackendData& backend) const {
    const Accelerator* here = accelerator();
    const std::string key(image_vendor(here ? here->vendor : ""));
    if (const auto own = recipe_.images.find(key); own != recipe_.images.end()) {
      return own->second;
    }
    if (here == nullptr && !recipe_.images.empty()) {
      return recipe_.images.begin()->second;
    }
    return backend.image_for(here ? key : "cuda", here ? here->family : "");
  }

  void check_image(const BackendData& backend) {
    for (const auto& [vendor, image] : recipe_.images) {
      const std::string_view repository = image_repository(image);
      for (const BackendData& other : data_.backends.backends) {
        const bool named =
            std::any_of(other.commands.begin(), other.commands.end(), [&](const CommandForm& form) {
              return std::find(form.repositories.begin(), form.repositories.end(), repository) !=
                     form.repositories.end();
            });
        if (named && other.name != backend.name) {
          diagnostics_.error("Image of another backend",
                             fmt::format("{} is an image of {}, and the recipe is for {}.",
                                         image,
                                         other.title,
                                         backend.title),
                             place_of(recipe_, {std::string("image"), vendor}));
        }
      }
    }
    const std::optional<Version> least = parse_version(recipe_.min_version);
    const ImageVersion version = image_version(image_of(backend));
    if (least && version.kind == ImageVersion::Kind::Known && version.version < *least) {
      diagnostics_.error("Image too old",
                         fmt::format("The recipe needs {} {}, and its image is {}.",
                                     backend.title,
                                     recipe_.min_version,
                                     image_of(backend)),
                         place_of(recipe_, {std::string("min_version")}));
    }
  }

  void check_arguments(const BackendData& backend, const Layout& layout) {
    check_map(backend,
              layout.args,
              {backend.name + "_serve", fmt::format("{}_gpu", layout.gpus), std::string("args")});
  }

  void check_map(const BackendData& backend, const core::Map& args, const core::Path& path) {
    ArgumentCheck check;
    check.backend = &backend;
    check.image = image_version(image_of(backend));
    check.origin = ArgsOrigin::Recipe;
    check.place = [&](const std::string& flag) {
      core::Path full = path;
      full.emplace_back(flag);
      return place_of(recipe_, std::move(full));
    };
    static_cast<void>(checked_arguments(args, check, diagnostics_));
  }

  void check_layout(const BackendData& backend, const Layout& layout) {
    if (!layout.enabled) {
      return;
    }
    SelectionInput input;
    input.backends = &data_.backends;
    Recipe only = recipe_;
    only.serves = {{backend.name, {{layout.gpus, layout}}}};
    input.recipes = {only};
    const Accelerator* here = accelerator();
    if (here != nullptr) {
      input.gpus = {{here->name, here->vendor, here->memory_bytes, layout.gpus}};
    }
    const std::vector<Candidate> made = make_candidates(input);
    const Candidate& one = made.front();
    if (layout.gpus > 0) {
      check_sizes(backend, layout, one);
    }
    if (facts_ && here != nullptr && layout.gpus > 0) {
      check_fit(input, layout);
    }
  }

  void check_sizes(const BackendData& backend, const Layout& layout, const Candidate& one) {
    const int used = one.tensor_parallel * one.pipeline_parallel * one.data_parallel;
    if (used != layout.gpus && !backend.flag("tensor_parallel").empty()) {
      diagnostics_.error(
          "Layout uses another number of GPUs",
          fmt::format("The layout for {} spreads the model over {}: tensor {} x pipeline {} x data "
                      "{}.",
                      gpus_text(layout.gpus),
                      used,
                      one.tensor_parallel,
                      one.pipeline_parallel,
                      one.data_parallel),
          layout.range);
    }
    if (facts_ && facts_->attention_heads && one.tensor_parallel > 0 &&
        *facts_->attention_heads % one.tensor_parallel != 0) {
      diagnostics_.error(
          "Heads do not divide",
          fmt::format("{} has {} attention heads, which {} GPUs cannot share evenly.",
                      facts_->model_id,
                      *facts_->attention_heads,
                      one.tensor_parallel),
          layout.range);
    }
  }

  void check_fit(SelectionInput& input, const Layout& layout) {
    input.facts = facts_;
    input.wish.model = facts_->model_id;
    const std::vector<Candidate> made = make_candidates(input);
    const Candidate& one = made.front();
    if (one.fit && one.fit->heads_divide && !one.fit->fits()) {
      diagnostics_.error("Layout cannot fit",
                         fmt::format("{} in {} on {} of {}: {}.",
                                     recipe_.served(),
                                     to_string(recipe_.precision),
                                     gpus_text(layout.gpus),
                                     recipe_.hardware,
                                     fit_refusal(*one.fit)),
                         layout.range);
    }
  }
};

}  // namespace

void validate_recipe(const Recipe& recipe,
                     const RecipeData& data,
                     Diagnostics& diagnostics,
                     SourceFiles& sources) {
  Validator(recipe, data, diagnostics, sources).run();
}

ValidationCount validate_recipes(const RecipeData& data,
                                 Diagnostics& diagnostics,
                                 SourceFiles& sources) {
  ValidationCount count;
  for (const Catalog::Duplicate& duplicate : data.catalog.duplicates()) {
    diagnostics.error("Two recipes of one id",
                      fmt::format("{} and {} both have the id {}; the latter is never used. Rename "
                                  "one.",
                                  duplicate.first,
                                  duplicate.second,
                                  duplicate.id));
  }
  for (const Recipe& recipe : data.catalog.all(diagnostics, sources)) {
    ++count.recipes;
    for (const auto& [backend, layouts] : recipe.serves) {
      count.layouts += layouts.size();
    }
    validate_recipe(recipe, data, diagnostics, sources);
  }
  count.models = data.models.all(diagnostics, sources).size();
  return count;
}

}  // namespace aim::recipes
