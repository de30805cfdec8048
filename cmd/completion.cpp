#include "cmd/completion.hpp"

#include <algorithm>
#include <optional>

namespace aim::cmd {

namespace {

using Also = Offer::Also;

/// The options and positional arguments that `before` has led to.
struct Place {
  const Command* command = nullptr;
  std::vector<Option> options;
  const Option* awaiting = nullptr;  ///< its value comes next
  std::size_t positional = 0;        ///< that were written
  std::vector<std::string> words;    ///< of the command's name
  bool options_ended = false;
};

std::vector<std::string> words_of(std::string_view name) {
  const std::size_t space = name.find(' ');
  return space == std::string_view::npos
             ? std::vector<std::string>{std::string(name)}
             : std::vector<std::string>{std::string(name.substr(0, space)),
                                        std::string(name.substr(space + 1))};
}

const Option* find_option(const std::vector<Option>& options, std::string_view word) {
  if (word.size() < 2 || word.front() != '-') {
    return nullptr;
  }
  const std::string_view name = word.substr(word[1] == '-' ? 2 : 1);
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
    return name == option.name ||
           (word.size() == 2 && option.short_name != '\0' && word[1] == option.short_name);
  });
  return found == options.end() ? nullptr : &*found;
}

/// Takes the words of the command's name as long as they begin one.
void take_name(std::span<const Command> commands, const std::string& word, Place& place) {
  place.words.push_back(word);
  for (const Command& command : commands) {
    if (words_of(command.name) == place.words) {
      place.command = &command;
      place.options.insert(place.options.end(), command.options.begin(), command.options.end());
    }
  }
}

bool begins_command(std::span<const Command> commands, const Place& place) {
  return std::any_of(commands.begin(), commands.end(), [&](const Command& command) {
    const std::vector<std::string> name = words_of(command.name);
    return name.size() > place.words.size() &&
           std::equal(place.words.begin(), place.words.end(), name.begin());
  });
}

Place place_after(std::span<const Command> commands,
                  std::span<const Option> global,
                  const std::vector<std::string>& before) {
  Place place;
  place.options.assign(global.begin(), global.end());
  // Pointers into `options` are used only once it does not grow any more.
  std::optional<std::string> open;
  for (const std::string& word : before) {
    if (open) {
      open.reset();
    } else if (!place.options_ended && word == "--") {
      place.options_ended = true;
    } else if (!place.options_ended && word.size() > 1 && word.starts_with('-')) {
      const Option* option = find_option(place.options, word);
      if (option != nullptr && !option->value.empty()) {
        open = word;
      }
    } else if (place.command == nullptr && begins_command(commands, place)) {
      take_name(commands, word, place);
    } else {
      ++place.positional;
    }
  }
  place.awaiting = open ? find_option(place.options, *open) : nullptr;
  return place;
}

void add_choices(std::string_view value, Offer& offer) {
  while (!value.empty()) {
    const std::size_t bar = std::min(value.find('|'), value.size());
    offer.candidates.push_back({std::string(value.substr(0, bar)), {}});
    value.remove_prefix(std::min(bar + 1, value.size()));
  }
}

/// What a value or argument is, from the word that help shows for it.
void offer_value(std::string_view shown,
                 std::string_view option,
                 const Place& place,
                 Offer& offer) {
  const std::string_view command = place.command ? place.command->name : std::string_view();
  const bool address = shown == "ADDRESS" || shown == "ADDRESS|MODEL";
  if (shown.find('|') != std::string_view::npos && !address) {
    add_choices(shown, offer);
  } else if (shown == "FILE" || shown == "PLAN") {
    offer.also = Also::Files;
  } else if (shown == "DIR") {
    offer.also = Also::Folders;
  } else if (address) {
    const bool runs = command == "logs" || command == "test" || command == "stop" ||
                      command == "start" || command == "restart";
    offer.also = runs ? Also::Containers : Also::Addresses;
  } else if (shown == "NAME=VALUE") {
    offer.also = Also::Variables;
  } else if (shown == "NAME" && (option == "workspace" || command.starts_with("workspace "))) {
    offer.also = Also::Workspaces;
  } else if (shown == "NAME" && command == "output") {
    offer.also = Also::Outputs;
  }
}

void offer_options(const Place& place, Offer& offer) {
  for (const Option& option : place.options) {
    offer.candidates.push_back({"--" + std::string(option.name), std::string(option.help)});
  }
}

void offer_commands(std::span<const Command> commands, const Place& place, Offer& offer) {
  for (const Command& command : commands) {
    const std::vector<std::string> name = words_of(command.name);
    if (name.size() <= place.words.size() ||
        !std::equal(place.words.begin(), place.words.end(), name.begin())) {
      continue;
    }
    const std::string& next = name[place.words.size()];
    const bool group = name.size() > place.words.size() + 1;
    const bool known = std::any_of(offer.candidates.begin(),
                                   offer.candidates.end(),
                                   [&](const Candidate& one) { return one.text == next; });
    if (!known) {
      offer.candidates.push_back({next, group ? "" : std::string(command.summary)});
    }
  }
}

}  // namespace

Offer offer_for(std::span<const Command> commands,
                std::span<const Option> global,
                const std::vector<std::string>& before,
                const std::string& current) {
  Offer offer;
  const Place place = place_after(commands, global, before);
  if (place.awaiting != nullptr) {
    offer_value(place.awaiting->value, place.awaiting->name, place, offer);
    return offer;
  }
  if (!place.options_ended && current.starts_with('-')) {
    const std::size_t equals = current.find('=');
    const Option* option = find_option(place.options, current.substr(0, equals));
    if (equals == std::string::npos) {
      offer_options(place, offer);
    } else if (option != nullptr) {
      offer_value(option->value, option->name, place, offer);
      for (Candidate& candidate : offer.candidates) {
        candidate.text.insert(0, current.substr(0, equals + 1));
      }
    }
    return offer;
  }
  if (place.command == nullptr || (place.positional == 0 && begins_command(commands, place))) {
    offer_commands(commands, place, offer);
  }
  if (place.command != nullptr && !place.command->positional.empty()) {
    const auto& positional = place.command->positional;
    const bool more = place.positional < positional.size() || positional.back().many;
    if (more) {
      const std::size_t at = std::min(place.positional, positional.size() - 1);
      offer_value(positional[at].name, {}, place, offer);
    }
  }
  return offer;
}

}  // namespace aim::cmd
