#include <fmt/format.h>

#include <boost/json.hpp>

#include <algorithm>
#include <tuple>

#include "cmd/command_list.hpp"
#include "cmd/project.hpp"
#include "cmd/recipe_data.hpp"
#include "cmd/view/table.hpp"
#include "recipes/validate.hpp"

namespace aim::cmd {

namespace json = boost::json;

using core::Diagnostics;
using core::SourceFiles;
using recipes::Candidate;
using recipes::Recipe;
using recipes::RecipeData;

namespace {

std::string enabled_counts(const std::map<int, recipes::Layout>& layouts) {
  std::vector<int> counts;
  for (const auto& [gpus, layout] : layouts) {
    if (layout.enabled) {
      counts.push_back(gpus);
    }
  }
  return fmt::format("{}", fmt::join(counts, ","));
}

json::object summary(const Recipe& recipe) {
  json::object layouts;
  for (const auto& [backend, all] : recipe.serves) {
    json::array& counts = layouts[backend].emplace_array();
    for (const auto& [gpus, layout] : all) {
      if (layout.enabled) {
        counts.emplace_back(gpus);
      }
    }
  }
  return {{"recipe_id", recipe.id},
          {"model_id", recipe.model_id},
          {"huggingface_id", recipe.huggingface_id},
          {"hardware", recipe.hardware},
          {"precision", std::string(to_string(recipe.precision))},
          {"gpus", std::move(layouts)},
          {"verified", recipe.verified.has_value()},
          {"file", recipe.range.file}};
}

bool by_model(const Recipe& a, const Recipe& b) {
  return std::tie(a.model_id, a.hardware, a.id) < std::tie(b.model_id, b.hardware, b.id);
}

ExitCode run_list(const Arguments& arguments, App& app) {
  Diagnostics diagnostics;
  SourceFiles sources;
  const std::optional<RecipeData> data =
      load_recipes(project_directory(arguments, app), app, diagnostics, sources);
  if (!data) {
    return ExitCode::Error;
  }
  std::vector<Recipe> found =
      arguments.positional().empty()
          ? data->catalog.all(diagnostics, sources)
          : data->catalog.for_model(arguments.positional().front(), diagnostics, sources);
  std::sort(found.begin(), found.end(), by_model);
  if (!diagnostics.empty()) {
    app.view().diagnostics(diagnostics, sources);
  }
  if (arguments.has("json")) {
    json::array list;
    for (const Recipe& recipe : found) {
      list.emplace_back(summary(recipe));
    }
    app.view().json_document(list);
  } else {
    view::Table table{{"RECIPE", "BACKEND", "GPUS", "VERIFIED"}};
    for (const Recipe& recipe : found) {
      for (const auto& [backend, layouts] : recipe.serves) {
        table.push_back(
            {recipe.id, backend, enabled_counts(layouts), recipe.verified ? "yes" : "-"});
      }
    }
    app.view().text(view::render_table(table));
  }
  return diagnostics.has_errors() ? ExitCode::Error : ExitCode::Done;
}

/// Every layout of the recipe on as many of its own accelerators as it needs.
std::vector<Candidate> layouts_of(const Recipe& recipe,
                                  const RecipeData& data,
                                  Diagnostics& diagnostics,
                                  SourceFiles& sources) {
  recipes::Wish wish;
  wish.model = recipe.huggingface_id;
  constexpr int kEnough = 1024;
  std::vector<recipes::GpuGroup> gpus;
  if (const recipes::Accelerator* one = data.backends.accelerator(recipe.hardware)) {
    gpus.push_back({one->name, one->vendor, one->memory_bytes, kEnough});
  }
  recipes::SelectionInput input =
      selection_input(data, std::move(wish), "", std::move(gpus), diagnostics, sources);
  input.recipes = {recipe};
  std::vector<Candidate> made = make_candidates(input);
  std::erase_if(made, [](const Candidate& one) { return one.general; });
  return made;
}

json::object layout_json(const Candidate& one, const std::vector<std::string>& command) {
  json::object object{{"backend", one.backend},
                      {"gpus", one.gpus},
                      {"verified", one.verified},
                      {"image", one.image},
                      {"command", json::value_from(command)},
                      {"env", core::to_json(one.env)}};
  if (one.fit) {
    object["fit"] = fit_sum(*one.fit);
    object["fits"] = one.fit->fits();
  }
  return object;
}

std::vector<std::string> command_of(const Candidate& one, const recipes::BackendData& backend) {
  recipes::ServeValues values;
  values.model = one.served;
  values.tensor_parallel = one.tensor_parallel;
  values.pipeline_parallel = one.pipeline_parallel;
  values.data_parallel = one.data_parallel;
  values.context_length = one.context_length;
  values.gpu_memory = one.gpu_memory;
  return serve_command(backend, one.image, values, one.args);
}

std::string layout_text(const Candidate& one, const std::vector<std::string>& command) {
  std::string text = fmt::format("\n{} on {} GPU{}{}\n",
                                 one.backend,
                                 one.gpus,
                                 one.gpus == 1 ? "" : "s",
                                 one.verified ? ", verified" : "");
  text += one.image.empty() ? "" : fmt::format("  image    {}\n", one.image);
  for (const auto& [name, value] : one.env) {
    text += fmt::format("  env      {}={}\n", name, *value.get<std::string>());
  }
  std::string line = "  command ";
  for (const std::string& word : command) {
    constexpr std::size_t kColumns = 78;
    if (line.size() + 1 + word.size() > kColumns && line.find_first_not_of(' ') < line.size()) {
      text += line + "\n";
      line = "          ";
    }
    line += " " + word;
  }
  text += line + "\n";
  if (one.fit) {
    text += fmt::format("  fit      {}\n", fit_sum(*one.fit));
  }
  return text;
}

ExitCode run_show(const Arguments& arguments, App& app) {
  Diagnostics diagnostics;
  SourceFiles sources;
  const std::optional<RecipeData> data =
      load_recipes(project_directory(arguments, app), app, diagnostics, sources);
  if (!data) {
    return ExitCode::Error;
  }
  const std::string& id = arguments.positional().front();
  const std::optional<Recipe> recipe = data->catalog.by_id(id, diagnostics, sources);
  if (!recipe) {
    if (diagnostics.has_errors()) {
      app.view().diagnostics(diagnostics, sources);
      return ExitCode::Error;
    }
    const std::string near = core::did_you_mean(id, data->catalog.ids());
    app.view().error(core::make_error(
        core::ErrorCode::NotFound,
        fmt::format("there is no recipe \"{}\"{}{}", id, near.empty() ? "" : ". ", near)));
    return ExitCode::Error;
  }
  json::array layouts;
  std::string text = fmt::format(
      "{}\n  file     {}\n  model    {}\n  weights  {} ({})\n"
      "  for      {}\n",
      recipe->id,
      recipe->range.file,
      recipe->model_id,
      recipe->served(),
      to_string(recipe->precision),
      recipe->hardware);
  if (recipe->verified) {
    text += fmt::format("  verified {}, {}: {}\n",
                        recipe->verified->by,
                        recipe->verified->date,
                        recipe->verified->source);
  }
  text += recipe->notes.empty() ? "" : fmt::format("  notes    {}\n", recipe->notes);
  for (const Candidate& one : layouts_of(*recipe, *data, diagnostics, sources)) {
    const std::vector<std::string> command = command_of(one, *data->backends.find(one.backend));
    layouts.emplace_back(layout_json(one, command));
    text += layout_text(one, command);
  }
  if (arguments.has("json")) {
    json::object object = summary(*recipe);
    object["layouts"] = std::move(layouts);
    object["notes"] = recipe->notes;
    app.view().json_document(object);
  } else {
    app.view().text(text);
  }
  return ExitCode::Done;
}

/// Only the files that were named.
ExitCode validate_files(const std::vector<std::string>& files,
                        const RecipeData& data,
                        Diagnostics& diagnostics,
                        SourceFiles& sources,
                        App& app) {
  for (const std::string& file : files) {
    if (const auto recipe = data.catalog.of_file(file, diagnostics, sources)) {
      validate_recipe(*recipe, data, diagnostics, sources);
    }
  }
  if (!diagnostics.empty()) {
    app.view().diagnostics(diagnostics, sources);
  }
  if (diagnostics.has_errors()) {
    return ExitCode::Error;
  }
  app.view().message(files.size() == 1 ? fmt::format("{} is valid.", files.front())
                                       : fmt::format("All {} files are valid.", files.size()));
  return ExitCode::Done;
}

ExitCode run_validate(const Arguments& arguments, App& app) {
  Diagnostics diagnostics;
  SourceFiles sources;
  const std::optional<RecipeData> data =
      load_recipes(project_directory(arguments, app), app, diagnostics, sources);
  if (!data) {
    return ExitCode::Error;
  }
  if (!arguments.positional().empty()) {
    return validate_files(arguments.positional(), *data, diagnostics, sources, app);
  }
  const recipes::ValidationCount count = validate_recipes(*data, diagnostics, sources);
  if (!diagnostics.empty()) {
    app.view().diagnostics(diagnostics, sources);
  }
  if (diagnostics.has_errors()) {
    return ExitCode::Error;
  }
  app.view().message(
      fmt::format("{} recipes with {} layouts, and the facts of {} models, are valid.",
                  count.recipes,
                  count.layouts,
                  count.models));
  return ExitCode::Done;
}

}  // namespace

Command recipes_list_command() {
  return {"recipes list",
          "the recipes there are",
          "Lists the recipes of ./recipes, $XDG_CONFIG_HOME/aim/recipes and those that come with "
          "aim; with MODEL those of a model.",
          {},
          {{"MODEL", false, false}},
          run_list};
}

Command recipes_show_command() {
  return {"recipes show",
          "one recipe in full",
          "Shows a recipe: where it is from, who verified it, and for each backend and number of "
          "GPUs the image, the command and the memory it takes.",
          {},
          {{"RECIPE", true, false}},
          run_show};
}

Command recipes_validate_command() {
  return {"recipes validate",
          "check recipes",
          "Checks every recipe, or those in the files that are named, against the others, the "
          "flags of its backend and what is known of its model and accelerator. Exit code 1 when "
          "there is an error.",
          {},
          {{"FILE", false, true}},
          run_validate};
}

}  // namespace aim::cmd
