#include "cmd/completion.hpp"

namespace aim::cmd {

namespace {

constexpr const char* kBash = R"(# bash completion for aim; written by `aim completion bash`
_aim() {
  local IFS=$'\n' answer
  answer=($("$1" __complete bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
  COMPREPLY=("${answer[@]:1}")
  case "${answer[0]}" in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
  esac
  if [ "${#COMPREPLY[@]}" -eq 1 ] && [ "${COMPREPLY[0]: -1}" = = ]; then
    compopt -o nospace
  fi
}
complete -F _aim aim
)";

constexpr const char* kZsh = R"(#compdef aim
# zsh completion for aim; written by `aim completion zsh`
_aim() {
  local -a answer
  answer=("${(@f)$("${words[1]}" __complete zsh "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  local also=$answer[1]
  shift answer
  case $also in
    files) _files ;;
    folders) _files -/ ;;
    *)
      compset -P '--*='
      (( $#answer )) && _describe -V aim answer
      ;;
  esac
}
if [ "$funcstack[1]" = _aim ]; then
  _aim
else
  compdef _aim aim
fi
)";

constexpr const char* kFish = R"(# fish completion for aim; written by `aim completion fish`
function __aim_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case '*'
            for line in $answer[2..-1]
                echo $line
            end
    end
end
complete -c aim -f -a '(__aim_complete)'
)";

}  // namespace

const char* completion_script(std::string_view shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : shell == "fish" ? kFish : nullptr;
}

}  // namespace aim::cmd
